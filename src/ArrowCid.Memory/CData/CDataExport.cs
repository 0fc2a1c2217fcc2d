using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>
/// One exported tree of C structs and what keeps their memory. Each struct has a number of its own in
/// <c>private_data</c>, under which a release finds the tree: never a pointer, so that a release through a copy of what
/// was released already finds nothing and does nothing. The memory goes with the last struct of the tree: a child that
/// the consumer moved out outlives its parent. Releases may come from any thread.
/// </summary>
internal sealed unsafe class CDataExport
{
    private const int NodeBits = 24;

    private static readonly ConcurrentDictionary<long, CDataExport> s_live = new();

    // Used for a buffer without bytes: never NULL, which some consumers do not expect, and zeros, so that it is also
    // the one offset of an array without slots.
    private static readonly byte* s_zeros = Zeros();

    // A forked child has the numbers, but not the objects that they identify: its releases find nothing.
    private static readonly int s_process = ProcessMark.Current;

    private static long s_serial;

    private readonly long _serial = Interlocked.Increment(ref s_serial) & (long.MaxValue >> NodeBits);
    private CDataArena _arena;

    // What the structs point at: a schema's texts; the memory that was pinned first, and any other.
    private object? _kept;
    private MemoryHandle _pin;
    private List<MemoryHandle>? _pins;

    // A bit a struct, set once it is released, and how many are not.
    private int[] _ended = [];
    private int _left;
    private int _nodes;

    private MemoryManager<byte>? _pinned;
    private byte* _pinnedStart;

    private CDataExport()
    {
    }

    /// <summary>Whether a struct of the tree of which one has this number is not released yet.</summary>
    public static bool IsLive(nint privateData) => Find(privateData) is not null;

    /// <summary>Writes an ArrowSchema, which keeps the node; nothing is written where this throws.</summary>
    public static void Schema(CSchemaNode node, nint target)
    {
        var export = new CDataExport { _kept = node };
        try
        {
            CSchema schema;
            export.Write(node, &schema);
            export.Begin();
            // SAFETY: the caller guarantees that the target is writable memory for an ArrowSchema.
            *(CSchema*)target = schema;
        }
        catch
        {
            export.Free();
            throw;
        }
    }

    /// <summary>Writes an ArrowArray; nothing is written where this throws.</summary>
    public static void Array(ICArraySource source, nint target)
    {
        var export = new CDataExport();
        try
        {
            CArray* array;
            source.WriteTo(export, new CArrayPlace(&array));
            export.Begin();
            // SAFETY: the caller guarantees that the target is writable memory for an ArrowArray. It is the tree's
            // first struct from now on, and the one in the arena is unused.
            *(CArray*)target = *array;
        }
        catch
        {
            export.Free();
            throw;
        }
    }

    /// <summary>Writes an ArrowDeviceArray of memory that the CPU reads; nothing is written where this
    /// throws.</summary>
    public static void DeviceArray(ICArraySource source, nint target)
    {
        var device = new CDeviceArray { DeviceId = CDeviceArray.CpuId, DeviceType = CDeviceArray.Cpu };
        Array(source, (nint)(&device.Array));
        // SAFETY: the caller guarantees that the target is writable memory for an ArrowDeviceArray.
        *(CDeviceArray*)target = device;
    }

    // SAFETY of the writers: the memory they fill is the arena's or the caller's local, and is large enough; the memory
    // they point at stays until the tree is freed, by the arena, a pin or what is kept.

    /// <summary>Writes a struct ArrowArray over memory where it lies.</summary>
    /// <param name="place">Where its address goes.</param>
    /// <param name="form">Its fields.</param>
    /// <param name="buffers">Buffers in Arrow's order.</param>
    /// <returns>Where the addresses of those below it go.</returns>
    public CArrayPlaces Write(CArrayPlace place, in CArrayForm form, ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        int count = buffers.Length + (form.HasViews ? 1 : 0);
        CArray* target = _arena.Take<CArray>(1);
        *target = new CArray
        {
            Length = form.Length,
            NullCount = form.NullCount,
            Offset = form.Offset,
            BufferCount = count,
            ChildCount = form.Children,
            Buffers = (byte**)Pointers(count),
            Children = (CArray**)Pointers(form.Children),
            Release = CDataCallbacks.Current.ReleaseArray,
            PrivateData = NextKey(),
        };
        for (int i = 0; i < buffers.Length; i++)
        {
            bool isAbsent = i == 0 && form.HasValidity && buffers[i].IsEmpty;
            target->Buffers[i] = isAbsent ? null : Pin(buffers[i]);
        }

        if (form.HasViews) target->Buffers[count - 1] = Sizes(buffers[2..]);
        place.Set(target);
        return new CArrayPlaces(target);
    }

    private void Write(CSchemaNode node, CSchema* target)
    {
        *target = new CSchema
        {
            Format = node.Format.Start,
            Name = node.Name.Start,
            Metadata = node.Metadata is null ? null : node.Metadata.Start,
            Flags = node.Flags,
            ChildCount = node.Children.Length,
            Children = (CSchema**)Pointers(node.Children.Length),
            Release = CDataCallbacks.Current.ReleaseSchema,
            PrivateData = NextKey(),
        };
        for (int i = 0; i < node.Children.Length; i++)
        {
            target->Children[i] = _arena.Take<CSchema>(1);
            Write(node.Children[i], target->Children[i]);
        }

        if (node.Dictionary is null) return;
        target->Dictionary = _arena.Take<CSchema>(1);
        Write(node.Dictionary, target->Dictionary);
    }

    private void** Pointers(int count) => count == 0 ? null : (void**)_arena.Take<nint>(count);

    private byte* Sizes(ReadOnlySpan<ReadOnlyMemory<byte>> buffers)
    {
        if (buffers.IsEmpty) return s_zeros;
        long* sizes = _arena.Take<long>(buffers.Length);
        for (int i = 0; i < buffers.Length; i++) sizes[i] = buffers[i].Length;
        return (byte*)sizes;
    }

    /// <summary>The memory's address, which stays valid until the tree is freed: each owner of memory is asked
    /// once.</summary>
    private byte* Pin(ReadOnlyMemory<byte> memory)
    {
        if (memory.IsEmpty) return s_zeros;
        if (!MemoryMarshal.TryGetMemoryManager(memory, out MemoryManager<byte>? manager, out int start, out _))
            return (byte*)Keep(memory.Pin()).Pointer;

        if (!ReferenceEquals(manager, _pinned))
        {
            _pinnedStart = (byte*)Keep(manager.Pin()).Pointer;
            _pinned = manager;
        }

        return _pinnedStart + start;
    }

    private MemoryHandle Keep(MemoryHandle pin)
    {
        // Most trees lie in one block.
        if (_pin.Pointer is null) _pin = pin;
        else (_pins ??= []).Add(pin);
        return pin;
    }

    private nint NextKey()
    {
        if (_nodes == 1 << NodeBits) throw new InvalidOperationException("more than 2^24 structs in one export");
        return (nint)(_serial << NodeBits | (long)_nodes++);
    }

    private void Begin()
    {
        (_ended, _left, _pinned) = (new int[(_nodes + 31) / 32], _nodes, null);
        if (!s_live.TryAdd(_serial, this)) throw new InvalidOperationException("2^39 exports outlived by one");
    }

    private static CDataExport? Find(nint key) =>
        ProcessMark.Current == s_process && s_live.TryGetValue(key >> NodeBits, out CDataExport? export)
            ? export
            : null;

    /// <summary>Marks a struct as released.</summary>
    /// <returns>False where it was.</returns>
    private bool TryEnd(nint key)
    {
        int node = (int)(key & ((1 << NodeBits) - 1));
        if (node >= _nodes) return false;
        int bit = 1 << (node & 31);
        return (Interlocked.Or(ref _ended[node >> 5], bit) & bit) == 0;
    }

    private void LetGo(int structs)
    {
        if (structs == 0 || Interlocked.Add(ref _left, -structs) != 0) return;
        _ = s_live.TryRemove(_serial, out _);
        Free();
    }

    private void Free()
    {
        _pin.Dispose();
        _pins?.ForEach(static pin => pin.Dispose());
        _arena.Free();
        GC.KeepAlive(_kept);
    }

    // SAFETY of the releases: the struct is one that we made, or a copy of it. Only where its number is one of a struct
    // not yet released are its children looked at: those are then still in the arena.

    /// <summary>What the release of an ArrowSchema does.</summary>
    public static void Release(CSchema* schema)
    {
        if (schema is null || schema->Release is null) return;
        schema->Release = null;
        if (Find(schema->PrivateData) is { } export) export.LetGo(export.End(schema));
    }

    /// <summary>What the release of an ArrowArray does.</summary>
    public static void Release(CArray* array)
    {
        if (array is null || array->Release is null) return;
        array->Release = null;
        if (Find(array->PrivateData) is { } export) export.LetGo(export.End(array));
    }

    /// <summary>Marks a struct and those below it that are still ours as released.</summary>
    /// <returns>How many.</returns>
    private int End(CSchema* schema)
    {
        if (!TryEnd(schema->PrivateData)) return 0;
        int ended = 1;
        for (long i = 0; i < schema->ChildCount; i++) ended += EndBelow(schema->Children[i]);
        return ended + EndBelow(schema->Dictionary);
    }

    private int EndBelow(CSchema* schema)
    {
        if (schema is null || schema->Release is null) return 0;
        if (schema->PrivateData >> NodeBits != _serial)
        {
            schema->Release(schema);
            return 0;
        }

        schema->Release = null;
        return End(schema);
    }

    /// <inheritdoc cref="End(CSchema*)"/>
    private int End(CArray* array)
    {
        if (!TryEnd(array->PrivateData)) return 0;
        int ended = 1;
        for (long i = 0; i < array->ChildCount; i++) ended += EndBelow(array->Children[i]);
        return ended + EndBelow(array->Dictionary);
    }

    private int EndBelow(CArray* array)
    {
        if (array is null || array->Release is null) return 0;
        if (array->PrivateData >> NodeBits != _serial)
        {
            array->Release(array);
            return 0;
        }

        array->Release = null;
        return End(array);
    }

    private static byte* Zeros()
    {
        const int Bytes = 64;
        // SAFETY: aligned, cleared, and never freed or written to again.
        byte* zeros = (byte*)NativeMemory.AlignedAlloc(Bytes, Bytes);
        new Span<byte>(zeros, Bytes).Clear();
        return zeros;
    }
}
