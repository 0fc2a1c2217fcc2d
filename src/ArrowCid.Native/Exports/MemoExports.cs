using System.Runtime.InteropServices;
using ArrowCid.Registry;

namespace ArrowCid.Native;

/// <summary>Results of calls: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class MemoExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_memo_get")]
    public static int Get(long store, byte* call, long length, ResultOut* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Argument.NotNull(target, "out");
            Span<byte> block = Argument.Array(call, length, nameof(call));
            if (MemoTable.Find(opened, MemoTable.CidOf(block)) is not { } result) return NativeError.Nothing;
            ResultOut.Write(result, target);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_memo_begin")]
    public static int Begin(long store, byte* call, long length, long timeout, long* work, ResultOut* target,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Argument.NotNull(work, nameof(work));
            Argument.NotNull(target, "out");
            Argument.NotNull(target, "out");
            var key = CallKey.Decode(Argument.Array(call, length, nameof(call)));
            if (timeout is < -1 or > int.MaxValue) throw NativeError.Invalid($"'timeout_ms' is {timeout}");
            (StoredResult? result, MemoWork? made) =
                MemoTable.Begin(opened, key, TimeSpan.FromMilliseconds(timeout));
            if (made is null)
            {
                *work = 0;
                ResultOut.Write(result!, target);
                return NativeError.Ok;
            }

            try
            {
                *work = Handles.Open(made);
                return NativeError.Ok;
            }
            catch
            {
                made.Dispose();
                throw;
            }
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_memo_set")]
    public static int Set(long work, CidBytes* value, long life, CidBytes* created, long count, byte* form,
        ErrorOut* error)
    {
        try
        {
            using MemoWork made = Handles.Close<MemoWork>(work);
            Cid result = Argument.Cid(value, nameof(value));
            Span<CidBytes> given = Argument.Array(created, count, nameof(created));
            var own = new Cid[given.Length];
            for (int i = 0; i < own.Length; i++) own[i] = given[i].Read();
            if (life < -1) throw NativeError.Invalid($"'life_ms' is {life}");
            TimeSpan? kept = life < 0 ? null
                : life > TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.MaxValue
                : TimeSpan.FromMilliseconds(life);
            made.Set(result, kept, own, Utf8Text.ReadOrNull(form, nameof(form)) is { } text
                ? [KeyValuePair.Create(MemoWork.FormTag, text)]
                : null);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_memo_release")]
    public static int Release(long work, ErrorOut* error)
    {
        try
        {
            Handles.Close<MemoWork>(work).Dispose();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_memo_remove")]
    public static int Remove(long store, byte* call, long length, int dryRun, long* removed, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            var wanted = CallKey.Decode(Argument.Array(call, length, nameof(call)));
            if (dryRun is not (0 or 1)) throw NativeError.Invalid($"'dry_run' is {dryRun}, not 0 or 1");
            Cid[] calls = MemoTable.Matching(opened, wanted);
            if (dryRun == 0) opened.Registry.Results.Remove(calls);
            if (removed is not null) *removed = calls.Length;
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }
}
