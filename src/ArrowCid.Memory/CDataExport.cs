using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
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

    // What stands for a buffer without bytes: never NULL, which some consumers do not expect, and zeros, so that it
    // is the one offset of an array without slots too.
    private static readonly byte* s_zeros = Zeros();

    // A forked child has the numbers, but not what they stand for: its releases find nothing.
    private static readonly int s_process = ProcessMark.Current;

    private static long s_serial;

    private readonly CDataArena _arena = new();
    private readonly List<MemoryHandle> _pins = [];
    private readonly long _serial = Interlocked.Increment(ref s_serial) & (long.MaxValue >> NodeBits);

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

    /// <summary>Writes an ArrowSchema; nothing is written where this throws.</summary>
    public static void Schema(CSchemaNode node, nint target)
    {
        var export = new CDataExport();
        try
        {
            CSchema schema;
            export.Write(node, &schema);
            export.Begin();
            // SAFETY: the caller says that the target is room for an ArrowSchema.
            *(CSchema*)target = schema;
        }
        catch
        {
            export.Free();
            throw;
        }
    }

    /// <summary>Writes an ArrowArray; nothing is written where this throws.</summary>
    public static void Array(CArrayNode node, nint target)
    {
        var export = new CDataExport();
        try
        {
            CArray array;
            export.Write(node, &array);
            export.Begin();
            // SAFETY: the caller says that the target is room for an ArrowArray.
            *(CArray*)target = array;
        }
        catch
        {
            export.Free();
            throw;
        }
    }

    /// <summary>Writes an ArrowDeviceArray of memory that the CPU reads; nothing is written where this
    /// throws.</summary>
    public static void DeviceArray(CArrayNode node, nint target)
    {
        var device = new CDeviceArray { DeviceId = CDeviceArray.CpuId, DeviceType = CDeviceArray.Cpu };
        Array(node, (nint)(&device.Array));
        // SAFETY: the caller says that the target is room for an ArrowDeviceArray.
        *(CDeviceArray*)target = device;
    }

    // SAFETY of the writers: what they fill is the arena's or the caller's local, and has room for what is written;
    // what they point at stays until the tree is freed, by the arena or by a pin.
    private void Write(CSchemaNode node, CSchema* target)
    {
        *target = new CSchema
        {
            Format = _arena.Copy(node.Format),
            Name = _arena.Copy(node.Name),
            Metadata = node.Metadata is null ? null : _arena.Copy(node.Metadata),
            Flags = node.Flags,
            ChildCount = node.Children.Length,
            Children = (CSchema**)Pointers(node.Children.Length),
            Release = &ReleaseSchema,
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

    private void Write(CArrayNode node, CArray* target)
    {
        int buffers = node.Buffers.Length + (node.HasViews ? 1 : 0);
        *target = new CArray
        {
            Length = node.Length,
            NullCount = node.NullCount,
            Offset = node.Offset,
            BufferCount = buffers,
            ChildCount = node.Children.Length,
            Buffers = (byte**)Pointers(buffers),
            Children = (CArray**)Pointers(node.Children.Length),
            Release = &ReleaseArray,
            PrivateData = NextKey(),
        };
        for (int i = 0; i < node.Buffers.Length; i++)
        {
            bool isAbsent = i == 0 && node.HasValidity && node.Buffers[i].IsEmpty;
            target->Buffers[i] = isAbsent ? null : Pin(node.Buffers[i]);
        }

        if (node.HasViews) target->Buffers[buffers - 1] = Sizes(node.Buffers.AsSpan(2));
        for (int i = 0; i < node.Children.Length; i++)
        {
            target->Children[i] = _arena.Take<CArray>(1);
            Write(node.Children[i], target->Children[i]);
        }

        if (node.Dictionary is null) return;
        target->Dictionary = _arena.Take<CArray>(1);
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

    /// <summary>The memory's address, which stays until the tree is freed: whoever owns the memory is asked
    /// once.</summary>
    private byte* Pin(ReadOnlyMemory<byte> memory)
    {
        if (memory.IsEmpty) return s_zeros;
        if (!MemoryMarshal.TryGetMemoryManager(memory, out MemoryManager<byte>? manager, out int start, out _))
        {
            MemoryHandle handle = memory.Pin();
            _pins.Add(handle);
            return (byte*)handle.Pointer;
        }

        if (!ReferenceEquals(manager, _pinned))
        {
            MemoryHandle handle = manager.Pin();
            _pins.Add(handle);
            _pinned = manager;
            _pinnedStart = (byte*)handle.Pointer;
        }

        return _pinnedStart + start;
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

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _left) != 0) return;
        _ = s_live.TryRemove(_serial, out _);
        Free();
    }

    private void Free()
    {
        foreach (MemoryHandle pin in _pins) pin.Dispose();
        _pins.Clear();
        _arena.Free();
    }

    // SAFETY of the callbacks: the consumer calls them with a struct that we made, or a copy of it. Only where its
    // number is one of a struct not yet released are its children looked at: those are then still in the arena.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseSchema(CSchema* schema)
    {
        if (schema is null || schema->Release is null) return;
        schema->Release = null;
        if (Find(schema->PrivateData) is not { } export || !export.TryEnd(schema->PrivateData)) return;
        for (long i = 0; i < schema->ChildCount; i++)
        {
            CSchema* child = schema->Children[i];
            if (child->Release is not null) child->Release(child);
        }

        CSchema* dictionary = schema->Dictionary;
        if (dictionary is not null && dictionary->Release is not null) dictionary->Release(dictionary);
        export.LetGo();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseArray(CArray* array)
    {
        if (array is null || array->Release is null) return;
        array->Release = null;
        if (Find(array->PrivateData) is not { } export || !export.TryEnd(array->PrivateData)) return;
        for (long i = 0; i < array->ChildCount; i++)
        {
            CArray* child = array->Children[i];
            if (child->Release is not null) child->Release(child);
        }

        CArray* dictionary = array->Dictionary;
        if (dictionary is not null && dictionary->Release is not null) dictionary->Release(dictionary);
        export.LetGo();
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
