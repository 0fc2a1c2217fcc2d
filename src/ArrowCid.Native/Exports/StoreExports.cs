using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Native;

/// <summary>CIDs as text, and stores: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class StoreExports
{
    private const int ReadOnly = 1, MustExist = 2, Group = 4, Copy = 8;
    private const int MostOptionBytes = 4096;

    [UnmanagedCallersOnly(EntryPoint = "managed_has_lanes")]
    public static int HasLanes()
    {
        try
        {
            return Sha256.ManyPath == Sha256ManyPath.SixteenLanes ? 1 : 0;
        }
        catch (TypeInitializationException)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_cid_format")]
    public static int Format(CidBytes* cid, byte* text, ErrorOut* error)
    {
        try
        {
            Cid read = Argument.Cid(cid);
            Argument.NotNull(text, nameof(text));
            Utf8Text.Write(read.ToString(), text, 64, null);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_cid_parse")]
    public static int Parse(byte* text, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            string written = Utf8Text.Read(text, nameof(text));
            Argument.NotNull(cid, nameof(cid));
            var parsed = Cid.Parse(written);
            *cid = CidBytes.IsOf(parsed)
                ? CidBytes.Of(parsed)
                : throw new ArrowCidException(ErrorCode.InvalidCid, $"'{written}' is another CID: {CidBytes.Form}");
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_open")]
    public static int Open(byte* directory, Options* options, long* store, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(store, nameof(store));
            CidStore opened = CidStore.Open(Utf8Text.ReadOrNull(directory, nameof(directory)), Read(options));
            try
            {
                *store = Handles.Open(opened);
            }
            catch
            {
                opened.Dispose();
                throw;
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_close")]
    public static int Close(long store, ErrorOut* error)
    {
        try
        {
            Handles.Close<CidStore>(store).Dispose();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_directory")]
    public static int Directory(long store, byte* buffer, long capacity, long* needed, ErrorOut* error)
    {
        try
        {
            Utf8Text.Write(Handles.Get<CidStore>(store).Directory, buffer, capacity, needed);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_flush")]
    public static int Flush(long store, ErrorOut* error)
    {
        try
        {
            Handles.Get<CidStore>(store).Flush();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static CidStoreOptions? Read(Options* options)
    {
        if (options is null) return null;
        Options read = *ThrowIfUnknown(options);
        if (read.Capacity < 0 || read.SegmentSize < 0 || read.TimeoutMilliseconds < 0)
            throw NativeError.Invalid("a capacity, segment size or timeout in the options is negative");
        if (read.Durability is < 0 or > 3 || read.Verify is < 0 or > 3 || read.Retention is < 0 or > 1)
            throw NativeError.Invalid("the durability, verify or retention in the options is none that there is");
        if ((read.Flags & ~(ReadOnly | MustExist | Group | Copy)) != 0)
            throw NativeError.Invalid($"the options have a flag that there is not, {read.Flags:x}");
        var plain = new CidStoreOptions();
        return new CidStoreOptions
        {
            Capacity = read.Capacity,
            SegmentSize = read.SegmentSize,
            Timeout = read.TimeoutMilliseconds == 0
                ? plain.Timeout
                : TimeSpan.FromMilliseconds(Math.Min(read.TimeoutMilliseconds, int.MaxValue)),
            Durability = read.Durability == 0 ? plain.Durability : (Durability)(read.Durability - 1),
            Verify = read.Verify == 0 ? plain.Verify : (VerifyMode)(read.Verify - 1),
            Retention = (RetentionMode)read.Retention,
            ReadOnly = (read.Flags & ReadOnly) != 0,
            CreateIfMissing = (read.Flags & MustExist) == 0,
            SharedWithGroup = (read.Flags & Group) != 0,
            CopyOnRead = (read.Flags & Copy) != 0,
        };
    }

    /// <summary>Options of a later version are taken where what is new in them is zero.</summary>
    private static Options* ThrowIfUnknown(Options* options)
    {
        long size = options->Size;
        if (size < Unsafe.SizeOf<Options>() || size > MostOptionBytes)
        {
            throw NativeError.Invalid(
                $"the options' size is {size}; set it to sizeof(arrowcid_options), here {Unsafe.SizeOf<Options>()}");
        }

        var more = new ReadOnlySpan<byte>((byte*)options + Unsafe.SizeOf<Options>(),
            (int)size - Unsafe.SizeOf<Options>());
        if (more.ContainsAnyExcept((byte)0))
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                "the options ask for something that only a later libarrowcid has");
        }

        return options;
    }
}
