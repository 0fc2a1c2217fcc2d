using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// A canonical block that its producer fills in place. Its buffers begin where they will stand if no slot is null and
/// no text is shorter than was asked for; else <see cref="TryFinish"/> moves them, which is much less work than the
/// hash.
/// </summary>
internal sealed class BlockDraft
{
    private readonly FlatShape _shape;
    private readonly Place[] _places;

    private BlockDraft(CanonicalSchema schema, FlatShape shape, int rows, Place[] places, int capacity) =>
        (Schema, _shape, Rows, _places, Capacity) = (schema, shape, rows, places, capacity);

    public CanonicalSchema Schema { get; }

    public int Rows { get; }

    /// <summary>Bytes that the block takes at most.</summary>
    public int Capacity { get; }

    /// <summary>Lays a block out.</summary>
    /// <param name="schema">Columns without children, dictionaries and views.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="dataBytes">For each text or binary column, in order, the most bytes of its values.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: another kind of column.</exception>
    /// <exception cref="InvalidArrowException">The schema has no canonical form, or the block would be too
    /// large.</exception>
    public static BlockDraft Of(Schema schema, int rows, ReadOnlySpan<int> dataBytes)
    {
        var canonical = CanonicalSchema.Of(schema);
        FlatShape shape = canonical.Flat ?? throw NotFlat(schema);
        var places = new Place[shape.Columns.Length];
        long at = canonical.Message.Length + shape.Template.Length, validity = 0;
        for (int i = 0; i < places.Length; i++)
        {
            FlatColumn column = shape.Columns[i];
            long values = ValueBytes(column, rows), data = 0;
            if (column.Layout is BufferLayout.Bytes32 or BufferLayout.Bytes64)
            {
                if (dataBytes.IsEmpty) throw WrongCount(schema);
                data = dataBytes[0];
                ArgumentOutOfRangeException.ThrowIfNegative(data, nameof(dataBytes));
                dataBytes = dataBytes[1..];
            }

            places[i] = new Place(at, values, at + Padded(values), data);
            at += Padded(values) + Padded(data);
            if (column.Layout != BufferLayout.Null && canonical.Fields[i].IsNullable)
                validity += Padded(Bits.ByteCount(rows));
        }

        if (!dataBytes.IsEmpty) throw WrongCount(schema);
        long capacity = at + validity + BlockFormat.EndOfStreamBytes;
        if (capacity <= BlockFormat.MaxBlockBytes)
            return new BlockDraft(canonical, shape, rows, places, (int)Padded(capacity));
        throw new InvalidArrowException(
            $"the block would be up to {capacity} bytes, over {BlockFormat.MaxBlockBytes}; reserve fewer rows",
            code: ErrorCode.TooLarge);
    }

    /// <summary>The slots' values, bits or offsets, of a column.</summary>
    public Span<byte> Values(Span<byte> block, int column) =>
        block.Slice((int)_places[column].Values, (int)_places[column].ValueBytes);

    /// <summary>The bytes of a text or binary column's values.</summary>
    public Span<byte> Data(Span<byte> block, int column) =>
        block.Slice((int)_places[column].Data, (int)_places[column].DataBytes);

    /// <summary>
    /// Brings the block into canonical form: nothing under nulls, no validity where nothing is null, one NaN, zeros
    /// after every buffer, the metadata.
    /// </summary>
    /// <param name="block">The memory, <see cref="Capacity"/> bytes.</param>
    /// <param name="validities">A bit a slot for each column; null where no slot is null.</param>
    /// <returns>The block's length in bytes, or -1 if it breaks a rule or a null has text: then the values are
    /// unchanged, for <see cref="ToBatch"/>.</returns>
    public int TryFinish(Span<byte> block, byte[]?[] validities)
    {
        Span<int> lengths = new int[_shape.BufferCount];
        for (int i = 0; i < _places.Length; i++)
        {
            FlatColumn column = _shape.Columns[i];
            Span<int> own = lengths.Slice(column.FirstBuffer, column.Layout.BufferCount());
            if (!TryNormalise(block, i, validities[i], own)) return -1;
        }

        return Arrange(block, validities, lengths);
    }

    /// <summary>The columns over a copy of the memory, for the encoder.</summary>
    public RecordBatch ToBatch(Schema schema, ReadOnlyMemory<byte> copy, byte[]?[] validities)
    {
        var columns = new ArrowArray[_places.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            FlatColumn column = _shape.Columns[i];
            Place place = _places[i];
            ReadOnlyMemory<byte>[] buffers =
            [
                validities[i],
                copy.Slice((int)place.Values, (int)place.ValueBytes),
                copy.Slice((int)place.Data, (int)place.DataBytes),
            ];
            columns[i] = new ArrowArray(column.Type, Rows, buffers[..column.Layout.BufferCount()]);
        }

        return new RecordBatch(schema, Rows, columns);
    }

    private bool TryNormalise(Span<byte> block, int index, byte[]? validity, Span<int> lengths)
    {
        FlatColumn column = _shape.Columns[index];
        bool isNullable = Schema.Fields[index].IsNullable;
        if (column.Layout == BufferLayout.Null) return isNullable || Rows == 0;
        int last = Rows & 7, valid = validity is null ? Rows : Bits.Count(validity, 0, Rows);
        if (validity is not null && last != 0) validity[^1] &= (byte)((1 << last) - 1);
        if (valid < Rows && !isNullable) return false;
        if (valid == Rows) validity = null;
        lengths[0] = validity is null ? 0 : Bits.ByteCount(Rows);
        Span<byte> values = Values(block, index);
        lengths[1] = values.Length;
        switch (column.Layout)
        {
            case BufferLayout.Bits:
                if (last != 0) values[^1] &= (byte)((1 << last) - 1);
                for (int i = 0; validity is not null && i < values.Length; i++) values[i] &= validity[i];
                return true;
            case BufferLayout.Fixed:
                if (validity is not null) SlotMask.ClearInvalid(values, validity, 0, Rows, column.Width);
                if (column.Type.IsFloat()) FloatBits.QuietNaNs(values, column.Width);
                return true;
            case BufferLayout.Bytes32:
                return TryMeasure<int>(block, index, validity, out lengths[2]);
            default:
                return TryMeasure<long>(block, index, validity, out lengths[2]);
        }
    }

    /// <summary>Judges offsets and text.</summary>
    private bool TryMeasure<T>(Span<byte> block, int index, byte[]? validity, out int bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        bytes = 0;
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(Values(block, index));
        ReadOnlySpan<byte> data = Data(block, index);
        if (offsets[0] != T.Zero || OffsetRule.FirstBackward(offsets) >= 0) return false;
        if (offsets[^1] > T.CreateChecked(data.Length)) return false;
        bytes = int.CreateTruncating(offsets[^1]);
        if (validity is not null && OffsetRule.HasBytesUnderNulls(offsets, validity)) return false;
        return !_shape.Columns[index].Type.IsText() || Ascii.IsValid(data[..bytes]) ||
            TextRule.AreValid(offsets, data);
    }

    /// <summary>Moves the buffers to where they belong, and writes what is around them.</summary>
    private int Arrange(Span<byte> block, byte[]?[] validities, ReadOnlySpan<int> lengths)
    {
        int start = Schema.Message.Length + _shape.Template.Length;
        Span<int> offsets = new int[lengths.Length];
        int at = start;
        for (int i = 0; i < lengths.Length; i++)
        {
            offsets[i] = at;
            at += (int)Padded(lengths[i]);
        }

        // Those that move down never meet one that is still to move; then those that move up, from behind, do not.
        for (int i = 0; i < _places.Length; i++) Move(block, i, offsets, lengths, isUp: false);
        for (int i = _places.Length - 1; i >= 0; i--) Move(block, i, offsets, lengths, isUp: true);
        for (int i = 0; i < _places.Length; i++)
        {
            int first = _shape.Columns[i].FirstBuffer;
            if (_shape.Columns[i].Layout != BufferLayout.Null && lengths[first] > 0)
                validities[i].AsSpan(0, lengths[first]).CopyTo(block[offsets[first]..]);
        }

        for (int i = 0; i < lengths.Length; i++)
            block.Slice(offsets[i] + lengths[i], BlockFormat.Padding(lengths[i])).Clear();
        Schema.Message.CopyTo(block);
        Span<byte> metadata = block.Slice(Schema.Message.Length, _shape.Template.Length);
        _shape.Template.Write(metadata, Rows, at - start, out Span<byte> nodes, out Span<byte> buffers);
        for (int i = 0; i < _places.Length; i++)
        {
            BatchTemplate.SetNumber(nodes, 2 * i, Rows);
            BatchTemplate.SetNumber(nodes, (2 * i) + 1, NullCount(i, validities[i]));
        }

        for (int i = 0; i < lengths.Length; i++)
        {
            BatchTemplate.SetNumber(buffers, 2 * i, offsets[i] - start);
            BatchTemplate.SetNumber(buffers, (2 * i) + 1, lengths[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(block[at..], BlockFormat.EndOfStream);
        return at + BlockFormat.EndOfStreamBytes;
    }

    private int NullCount(int column, byte[]? validity) => _shape.Columns[column].Layout == BufferLayout.Null
        ? Rows
        : validity is null ? 0 : Rows - Bits.Count(validity, 0, Rows);

    private void Move(Span<byte> block, int column, ReadOnlySpan<int> offsets, ReadOnlySpan<int> lengths, bool isUp)
    {
        BufferLayout layout = _shape.Columns[column].Layout;
        if (layout == BufferLayout.Null) return;
        int values = _shape.Columns[column].FirstBuffer + 1;
        bool hasData = layout is BufferLayout.Bytes32 or BufferLayout.Bytes64;
        if (!isUp) MoveOne(block, (int)_places[column].Values, offsets[values], lengths[values], isUp);
        if (hasData) MoveOne(block, (int)_places[column].Data, offsets[values + 1], lengths[values + 1], isUp);
        if (isUp) MoveOne(block, (int)_places[column].Values, offsets[values], lengths[values], isUp);
    }

    private static void MoveOne(Span<byte> block, int from, int to, int length, bool isUp)
    {
        if (isUp ? to > from : to < from) block.Slice(from, length).CopyTo(block[to..]);
    }

    private static long ValueBytes(FlatColumn column, int rows) => column.Layout switch
    {
        BufferLayout.Null => 0,
        BufferLayout.Bits => Bits.ByteCount(rows),
        BufferLayout.Fixed => (long)rows * column.Width,
        _ => ((long)rows + 1) * column.Width,
    };

    private static long Padded(long length) => length + BlockFormat.Padding(length);

    private static ArrowCidException NotFlat(Schema schema)
    {
        Field field = schema.Fields.First(field => FlatShape.Of(new Schema(field)) is null);
        return new ArrowCidException(ErrorCode.Unsupported,
            $"Column '{field.Name}' is of {field.Type}; only columns without children, dictionaries and views are " +
            "filled in place: build the batch and put it.");
    }

    private static ArgumentException WrongCount(Schema schema)
    {
        int wanted = schema.Fields.Count(field => field.Type.Layout() is BufferLayout.Bytes32 or BufferLayout.Bytes64);
        return new ArgumentException(
            $"One number of bytes is to be given for each of the schema's {wanted} columns of text or binary.");
    }

    /// <summary>Where a column's values and data are filled, from the block's start.</summary>
    private readonly record struct Place(long Values, long ValueBytes, long Data, long DataBytes);
}
