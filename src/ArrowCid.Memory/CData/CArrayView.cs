using System.Runtime.CompilerServices;

namespace ArrowCid.Memory;

// SAFETY: the interface rests on the producer: pointers that are not NULL are valid and arrays have the stated length.
/// <summary>A foreign struct ArrowArray.</summary>
internal readonly unsafe struct CArrayView(nint address)
{
    private readonly CArray* _array = (CArray*)address;

    public bool IsReleased => _array->Release is null;

    public long Length => _array->Length;

    public long NullCount => _array->NullCount;

    public long Offset => _array->Offset;

    public long BufferCount => _array->BufferCount;

    public bool HasBuffers => _array->Buffers is not null;

    public long ChildCount => _array->ChildCount;

    public CArrayView? Dictionary => _array->Dictionary is null ? null : new CArrayView((nint)_array->Dictionary);

    /// <summary>A child, or null where there is none.</summary>
    public CArrayView? Child(long index) => _array->Children is null || _array->Children[index] is null
        ? null
        : new CArrayView((nint)_array->Children[index]);

    public bool HasBuffer(long index) => _array->Buffers[index] is not null;

    public int ReadInt32(long buffer, long index) =>
        Unsafe.ReadUnaligned<int>(_array->Buffers[buffer] + index * sizeof(int));

    public long ReadInt64(long buffer, long index) =>
        Unsafe.ReadUnaligned<long>(_array->Buffers[buffer] + index * sizeof(long));

    /// <summary>Bytes of a buffer where they lie.</summary>
    public ReadOnlyMemory<byte> Memory(long buffer, long start, int length, IViewOwner owner) =>
        new NativeView((nint)(_array->Buffers[buffer] + start), length, owner).Memory;
}
