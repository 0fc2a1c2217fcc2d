using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>
/// One column's slots over borrowed memory. It owns nothing: it is readable as long as the memory behind its buffers is
/// (a lease, a file mapping, an array). Immutable and safe for concurrent readers.
/// </summary>
/// <remarks>
/// The constructor checks structure in O(1): buffers are long enough for the slots. It does not look at values; a
/// hostile offset or index is caught where it is used, or by encoding the batch, which validates every visible value.
/// As in the Arrow C Data Interface, <see cref="Offset"/> counts for this array's buffers and, for a struct, a
/// fixed-size list and a sparse union, for its children too.
/// </remarks>
internal sealed partial class ArrowArray
{
    private readonly ReadOnlyMemory<byte>[] _buffers;
    private readonly ArrowArray[] _children;
    private int _nullCount;

    /// <summary>Makes an array over memory that the caller keeps alive.</summary>
    /// <param name="type">The type.</param>
    /// <param name="length">Slots, 0 or more.</param>
    /// <param name="buffers">Buffers in Arrow's order, the validity bitmap first where the layout has one (empty: no
    /// nulls); for views the data buffers follow.</param>
    /// <param name="children">The child arrays in the type's order.</param>
    /// <param name="dictionary">The values of a dictionary-encoded array.</param>
    /// <param name="offset">Slots of the buffers before the first.</param>
    /// <param name="nullCount">Zero bits in the bitmap, or -1 where it is not known.</param>
    /// <exception cref="InvalidArrowException">The buffers or children do not fit the type and length.</exception>
    public ArrowArray(ArrowType type, int length, ReadOnlyMemory<byte>[] buffers, ArrowArray[]? children = null,
        ArrowArray? dictionary = null, int offset = 0, int nullCount = -1)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(buffers);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(nullCount, -1);
        (Type, Layout, Length, Offset, Dictionary) = (type, type.Layout(), length, offset, dictionary);
        (_buffers, _children, _nullCount) = (buffers, children ?? [], nullCount);
        if (ArrayStructure.FindError(this) is { } flaw) throw new InvalidArrowException(flaw);
    }

    private ArrowArray(
        ArrowArray source, int offset, int length, ArrowArray[] children, ArrowArray? dictionary, int nullCount)
    {
        (Type, Layout, Length, Offset, Dictionary) = (source.Type, source.Layout, length, offset, dictionary);
        (_buffers, _children, _nullCount) = (source._buffers, children, nullCount);
    }

    /// <summary>The type.</summary>
    public ArrowType Type { get; }

    /// <summary>Slots.</summary>
    public int Length { get; }

    /// <summary>Slots of the buffers that lie before this array's first.</summary>
    public int Offset { get; }

    /// <summary>The values of a dictionary-encoded array; null for any other.</summary>
    public ArrowArray? Dictionary { get; }

    /// <summary>The child arrays, as they lie in memory (not cut to this array's slice).</summary>
    public IReadOnlyList<ArrowArray> Children => _children;

    /// <summary>
    /// Slots whose own bit is zero (all of them for the null type, none for unions and run-end encoding). Counted once.
    /// </summary>
    public int NullCount
    {
        get
        {
            if (_nullCount < 0) _nullCount = CountNulls();
            return _nullCount;
        }
    }

    internal BufferLayout Layout { get; }

    internal ReadOnlySpan<ArrowArray> ChildSpan => _children;

    internal ReadOnlySpan<ReadOnlyMemory<byte>> Buffers => _buffers;

    /// <summary>The null count that the maker claimed, or -1.</summary>
    internal int ClaimedNullCount => _nullCount;

    /// <summary>The validity bitmap's bytes, bit <see cref="Offset"/> being slot 0; empty where every slot is
    /// valid.</summary>
    internal ReadOnlySpan<byte> Validity => Layout.HasValidity() ? _buffers[0].Span : default;

    /// <summary>A part of this array, without a copy.</summary>
    /// <param name="start">The first slot, from 0.</param>
    /// <param name="length">Slots.</param>
    /// <returns>An array over the same memory.</returns>
    public ArrowArray Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length);
        if (start == 0 && length == Length) return this;
        return new ArrowArray(this, Offset + start, length, _children, Dictionary, _nullCount == 0 ? 0 : -1);
    }

    /// <summary>Whether a slot's own bit says null. A slot that points at a null of its dictionary is not counted
    /// here.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>True for a null.</returns>
    public bool IsNull(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Length);
        if (Layout == BufferLayout.Null) return true;
        ReadOnlySpan<byte> bits = Validity;
        int at = Offset + index;
        return !bits.IsEmpty && (bits[at >> 3] >> (at & 7) & 1) == 0;
    }

    /// <summary>
    /// The slots of a fixed-width column, or the indices of a dictionary column, as they lie in memory. What lies under
    /// a null is unspecified. Valid as long as the memory behind the array.
    /// </summary>
    /// <typeparam name="T">A value of exactly the type's width: <see cref="int"/> for date32, <see cref="Int128"/> for
    /// decimal128.</typeparam>
    /// <returns><see cref="Length"/> values.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another width, or not fixed
    /// width.</exception>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged
    {
        int width = Type.ByteWidth();
        int size = SizeOf.Type<T>();
        if (Layout is not (BufferLayout.Fixed or BufferLayout.Dictionary) || width != size)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"A column of {Type} has no values of {size} bytes ({typeof(T).Name})");
        }

        return Length == 0
            ? default
            : MemoryMarshal.Cast<byte, T>(_buffers[1].Span.Slice(Offset * size, Length * size));
    }

    /// <summary>The same slots over other children and another dictionary.</summary>
    internal ArrowArray With(ArrowArray[] children, ArrowArray? dictionary) =>
        new(this, Offset, Length, children, dictionary, _nullCount);

    private int CountNulls()
    {
        if (Layout == BufferLayout.Null) return Length;
        ReadOnlySpan<byte> bits = Validity;
        return bits.IsEmpty ? 0 : Length - Bits.Count(bits, Offset, Length);
    }
}
