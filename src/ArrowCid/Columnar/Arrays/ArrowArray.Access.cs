using System.Buffers.Binary;
using System.Text;

namespace ArrowCid.Columnar;

internal sealed partial class ArrowArray
{
    /// <summary>The slots as C# values, checked against the type.</summary>
    /// <typeparam name="T">The value in memory; see <see cref="Column{T}"/>.</typeparam>
    /// <returns>The column. Valid as long as the memory behind the array.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the slots are not such
    /// values.</exception>
    public Column<T> As<T>() where T : unmanaged => new(this, "The array");

    /// <summary>
    /// A slot's bytes where they lie: text as UTF-8, binary, or the little-endian bytes of any fixed width (a
    /// decimal256). A dictionary and runs are followed to the value. Valid as long as the memory behind the array.
    /// </summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The bytes; empty for a null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the slots are not bytes.</exception>
    /// <exception cref="InvalidArrowException">An offset, view, index or run end points outside.</exception>
    public ReadOnlySpan<byte> GetBytes(int index)
    {
        int slot = index;
        return Resolve(ref slot) is { } array ? array.BytesAt(slot) : default;
    }

    /// <summary>A slot's text. A dictionary and runs are followed to the value.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The text, a copy; null for a null. Bytes that are not UTF-8 become U+FFFD.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the slots are not text.</exception>
    /// <exception cref="InvalidArrowException">An offset, view, index or run end points outside.</exception>
    public string? GetString(int index)
    {
        int slot = index;
        if (Resolve(ref slot) is not { } array) return null;
        return array.Type.IsText() ? Encoding.UTF8.GetString(array.BytesAt(slot)) : throw array.HasNo("text");
    }

    /// <summary>A slot of a boolean column. A dictionary and runs are followed to the value.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The value; false for a null.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the slots are not
    /// booleans.</exception>
    /// <exception cref="InvalidArrowException">An index or run end points outside.</exception>
    public bool GetBoolean(int index)
    {
        int slot = index;
        if (Resolve(ref slot) is not { } array) return false;
        if (array.Layout != BufferLayout.Bits) throw array.HasNo("booleans");
        return Bits.Get(array._buffers[1].Span, array.Offset + slot);
    }

    /// <summary>A slot's elements, without a copy: of every kind of list, and of a map its entries (a struct of key and
    /// value). A dictionary and runs are followed to the list.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The elements; none for a null. Valid as long as the memory behind this array.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the slots are not lists.</exception>
    /// <exception cref="InvalidArrowException">An offset, size, index or run end points outside.</exception>
    public ArrowArray GetList(int index)
    {
        int slot = index;
        ArrowArray? array = Resolve(ref slot);
        if (array is null) return EmptyList();
        if (!array.Layout.IsList()) throw array.HasNo("lists");
        (long start, long length) = array.ExtentAt(slot);
        ArrowArray items = array._children[0];
        if (start < 0 || length < 0 || start > items.Length - length)
            throw new InvalidArrowException("a list's offsets run backward or outside of its child", row: slot);
        return items.Slice((int)start, (int)length);
    }

    /// <summary>
    /// The child of a struct or union by position. A struct's and a sparse union's child is cut to this array's slots;
    /// a dense union's is whole (<see cref="GetUnionSlot"/> counts in it). A child slot under a null struct is
    /// unspecified.
    /// </summary>
    /// <param name="index">The child, from 0.</param>
    /// <returns>The child, without a copy. Valid as long as the memory behind this array.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such child.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: not a struct or union.</exception>
    public ArrowArray Field(int index)
    {
        if (Layout is not (BufferLayout.Struct or BufferLayout.SparseUnion or BufferLayout.DenseUnion))
            throw HasNo("fields");
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _children.Length);
        return Layout == BufferLayout.DenseUnion ? _children[index] : _children[index].Slice(Offset, Length);
    }

    /// <summary>The first child of a struct or union with that name; see <see cref="Field(int)"/>.</summary>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>The child, without a copy. Valid as long as the memory behind this array.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: not a struct or union, or no such
    /// field.</exception>
    public ArrowArray Field(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        for (int i = 0; i < Type.Children.Count; i++)
        {
            if (Type.Children[i].Name == name) return Field(i);
        }

        throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{Type} has no field '{name}'");
    }

    /// <summary>What a union's slot selects.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The child's position (not its type code) and the slot of <see cref="Field(int)"/> of it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: not a union.</exception>
    /// <exception cref="InvalidArrowException">The type code is none of the union's, or the offset points
    /// outside.</exception>
    public (int Child, int Slot) GetUnionSlot(int index)
    {
        CheckSlot(index);
        if (Type is not UnionType union) throw HasNo("union slots");
        sbyte code = (sbyte)_buffers[0].Span[Offset + index];
        int child = union.TypeCodes.IndexOf(code);
        if (child < 0) throw new InvalidArrowException("a union's type code is none of its children's", row: index);
        if (Layout == BufferLayout.SparseUnion) return (child, index);
        int slot = Int32At(1, index);
        if ((uint)slot >= (uint)_children[child].Length)
            throw new InvalidArrowException("a union's offset points outside of its child", row: index);
        return (child, slot);
    }

    /// <summary>The run in which a slot of a run-end encoded array lies.</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <returns>The slot of the values, <c>Children[1]</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such slot.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: not run-end encoded.</exception>
    /// <exception cref="InvalidArrowException">The run ends do not rise, or stop before the slot.</exception>
    public int GetRun(int index)
    {
        CheckSlot(index);
        if (Layout != BufferLayout.RunEnds) throw HasNo("runs");
        return RunAt(index, null);
    }

    /// <summary>Whether a slot is null by its own bit, its type, its dictionary entry or its run's value; a union's
    /// slot never is (<c>canonical-block.md</c>, section 3).</summary>
    /// <param name="index">The slot, from 0.</param>
    /// <param name="path">The field, for messages.</param>
    internal bool IsLogicallyNull(int index, FieldPath? path = null) => Resolve(ref index, path) is null;

    /// <summary>Follows a dictionary and runs to the array that holds the value; null where the slot is null.</summary>
    internal ArrowArray? Resolve(ref int index, FieldPath? path = null)
    {
        ArrowArray array = this;
        while (!array.IsNull(index))
        {
            switch (array.Layout)
            {
                case BufferLayout.Dictionary:
                    index = array.EntryAt(index, path);
                    array = array.Dictionary!;
                    break;
                case BufferLayout.RunEnds:
                    index = array.RunAt(index, path);
                    array = array._children[1];
                    break;
                default:
                    return array;
            }
        }

        return null;
    }

    private int EntryAt(int index, FieldPath? path)
    {
        int limit = Dictionary?.Length ?? 0;
        int entry = Slots.Index(this, _buffers[1].Span, index, limit);
        return entry >= 0
            ? entry
            : throw new InvalidArrowException($"an index is outside its dictionary of {limit}", path, index);
    }

    private int RunAt(int index, FieldPath? path)
    {
        int run = Slots.Run(this, index);
        if (run < 0) throw new InvalidArrowException("the last run ends before the column does", path, index);
        // A search over ends that do not rise can stop anywhere; what it found must hold the slot.
        if (run > 0 && Slots.RunEnd(_children[0], run - 1) > (long)Offset + index)
            throw new InvalidArrowException("run ends do not rise", path, index);
        return run;
    }

    private ReadOnlySpan<byte> BytesAt(int index)
    {
        switch (Layout)
        {
            case BufferLayout.Bytes32 or BufferLayout.Bytes64:
                (long start, long length) = ExtentAt(index);
                ReadOnlySpan<byte> data = _buffers[2].Span;
                if (start < 0 || length < 0 || start > data.Length - length)
                    throw new InvalidArrowException("offsets run backward or outside of the data", row: index);
                return data.Slice((int)start, (int)length);
            case BufferLayout.ByteViews:
                return ViewAt(index);
            case BufferLayout.Fixed:
                int width = Type.ByteWidth();
                return _buffers[1].Span.Slice((Offset + index) * width, width);
            default:
                throw HasNo("bytes");
        }
    }

    private ReadOnlySpan<byte> ViewAt(int index)
    {
        ReadOnlySpan<byte> view = ByteView.At(_buffers[1].Span, Offset + index);
        return ByteView.Find(this, view, out ReadOnlySpan<byte> value) is { } flaw
            ? throw new InvalidArrowException(flaw, row: index)
            : value;
    }

    /// <summary>
    /// Where a slot's bytes or elements lie by its offsets and size, unchecked. What is outside of 0 … n has a negative
    /// start or length, or a start over n - length.
    /// </summary>
    internal (long Start, long Length) ExtentAt(int index)
    {
        switch (Layout)
        {
            case BufferLayout.Bytes32 or BufferLayout.List32:
                ReadOnlySpan<byte> ends = _buffers[1].Span[((Offset + index) * sizeof(int))..];
                int start = BinaryPrimitives.ReadInt32LittleEndian(ends);
                return (start, (long)BinaryPrimitives.ReadInt32LittleEndian(ends[sizeof(int)..]) - start);
            case BufferLayout.Bytes64 or BufferLayout.List64:
                // Two int64 of any value: from 0 or more, a difference that overflows still ends past 2^63.
                ReadOnlySpan<byte> wide = _buffers[1].Span[((Offset + index) * sizeof(long))..];
                long first = BinaryPrimitives.ReadInt64LittleEndian(wide);
                return (first, unchecked(BinaryPrimitives.ReadInt64LittleEndian(wide[sizeof(long)..]) - first));
            case BufferLayout.ListView32:
                return (Int32At(1, index), Int32At(2, index));
            case BufferLayout.ListView64:
                return (Int64At(1, index), Int64At(2, index));
            case BufferLayout.FixedSizeList:
                int size = ((FixedSizeListType)Type).ListSize;
                return ((long)(Offset + index) * size, size);
            default:
                throw HasNo("extents");
        }
    }

    /// <summary>The empty list used for a null: of the type that the dictionary or the runs lead to.</summary>
    private ArrowArray EmptyList()
    {
        ArrowArray? array = this;
        while (array is not null && array.Layout is BufferLayout.Dictionary or BufferLayout.RunEnds)
            array = array.Layout == BufferLayout.Dictionary ? array.Dictionary : array._children[1];
        if (array is null || !array.Layout.IsList()) throw HasNo("lists");
        return array._children[0].Slice(0, 0);
    }

    private int Int32At(int buffer, int index) =>
        BinaryPrimitives.ReadInt32LittleEndian(_buffers[buffer].Span[((Offset + index) * sizeof(int))..]);

    private long Int64At(int buffer, int index) =>
        BinaryPrimitives.ReadInt64LittleEndian(_buffers[buffer].Span[((Offset + index) * sizeof(long))..]);

    private void CheckSlot(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Length);
    }

    private ArrowCidException HasNo(string what) =>
        new(ErrorCode.SchemaMismatch, $"A column of {Type} has no {what}");
}
