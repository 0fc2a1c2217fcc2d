using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// The columns of a canonical block that has neither children, dictionaries nor views: most of them. The numbers of its
/// metadata are judged at once, on a private copy; the arrays are made as they are asked for.
/// </summary>
internal sealed class FlatColumns : ColumnSource
{
    private readonly FlatShape _shape;
    private readonly ReadOnlyMemory<byte> _body;
    private readonly int _rows;

    // A null count a column, then offset and length of each buffer.
    private readonly int[] _numbers;

    private FlatColumns(FlatShape shape, ReadOnlyMemory<byte> body, int rows, int[] numbers) =>
        (_shape, _body, _rows, _numbers) = (shape, body, rows, numbers);

    /// <summary>Reads a block of a known schema.</summary>
    /// <returns>Null where the block is not of this plain form, or breaks a rule: <see cref="ArrowReader"/> reads the
    /// one and says what is wrong with the other.</returns>
    public static RecordBatch? TryRead(ReadOnlyMemory<byte> block, BlockSchema known)
    {
        ReadOnlySpan<byte> bytes = block.Span;
        if (known.Flat is not { } shape || !bytes.StartsWith(known.Message)) return null;
        int start = known.Message.Length + shape.Template.Length;
        if (bytes.Length < start + BlockFormat.EndOfStreamBytes) return null;
        ReadOnlySpan<byte> metadata = bytes.Slice(known.Message.Length, shape.Template.Length);
        int bodyLength = bytes.Length - start - BlockFormat.EndOfStreamBytes;
        long rows = shape.Template.Rows(metadata);
        if (!shape.Template.Fits(metadata) || shape.Template.BodyLength(metadata) != bodyLength ||
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[(start + bodyLength)..]) != BlockFormat.EndOfStream ||
            rows is < 0 or > int.MaxValue)
        {
            return null;
        }

        var numbers = new int[shape.Columns.Length + (2 * shape.BufferCount)];
        if (!TakeNodes(shape.Template.Nodes(metadata), rows, numbers) ||
            !TakeBuffers(shape.Template.Buffers(metadata), bodyLength, numbers.AsSpan(shape.Columns.Length)) ||
            !AreLongEnough(shape, rows, numbers))
        {
            return null;
        }

        var columns = new FlatColumns(shape, block.Slice(start, bodyLength), (int)rows, numbers);
        return new RecordBatch(known.Schema, (int)rows, columns);
    }

    /// <inheritdoc/>
    public override ArrowArray Make(int index)
    {
        FlatColumn column = _shape.Columns[index];
        var buffers = new ReadOnlyMemory<byte>[column.Layout.BufferCount()];
        TakeBuffers(column, buffers);
        return new ArrowArray(column.Type, _rows, buffers, null,
            nullCount: column.Layout.HasValidity() ? _numbers[index] : -1);
    }

    /// <inheritdoc/>
    public override void WriteTo(int index, CDataExport export, CArrayPlace place)
    {
        FlatColumn column = _shape.Columns[index];
        Span<ReadOnlyMemory<byte>> buffers = [default, default, default];
        buffers = buffers[..column.Layout.BufferCount()];
        TakeBuffers(column, buffers);
        bool hasValidity = column.Layout.HasValidity();
        long nulls = column.Layout == BufferLayout.Null ? _rows : buffers[0].IsEmpty ? 0 : _numbers[index];
        _ = export.Write(place, new CArrayForm(_rows, nulls, 0, hasValidity, false, 0), buffers);
    }

    private void TakeBuffers(in FlatColumn column, Span<ReadOnlyMemory<byte>> buffers)
    {
        for (int i = 0; i < buffers.Length; i++)
        {
            int at = _shape.Columns.Length + (2 * (column.FirstBuffer + i));
            if (_numbers[at + 1] != 0) buffers[i] = _body.Slice(_numbers[at], _numbers[at + 1]);
        }
    }

    private static bool TakeNodes(ReadOnlySpan<byte> nodes, long rows, Span<int> nulls)
    {
        for (int i = 0; i < nodes.Length / BatchTemplate.PairBytes; i++)
        {
            long length = BatchTemplate.Number(nodes, 2 * i), count = BatchTemplate.Number(nodes, (2 * i) + 1);
            if (length != rows || count < -1 || count > length) return false;
            nulls[i] = (int)count;
        }

        return true;
    }

    private static bool TakeBuffers(ReadOnlySpan<byte> buffers, int bodyLength, Span<int> extents)
    {
        for (int i = 0; i < extents.Length; i += 2)
        {
            long start = BatchTemplate.Number(buffers, i), length = BatchTemplate.Number(buffers, i + 1);
            if (length == 0) continue;
            if (start < 0 || length < 0 || start > bodyLength || length > bodyLength - start) return false;
            (extents[i], extents[i + 1]) = ((int)start, (int)length);
        }

        return true;
    }

    /// <summary>What <see cref="ArrowArray"/>'s constructor asks of its buffers.</summary>
    private static bool AreLongEnough(FlatShape shape, long rows, ReadOnlySpan<int> numbers)
    {
        foreach (FlatColumn column in shape.Columns)
        {
            int at = shape.Columns.Length + (2 * column.FirstBuffer) + 1;
            if (column.Layout == BufferLayout.Null) continue;
            long validity = numbers[at], values = numbers[at + 2];
            if (validity != 0 && validity < (rows + 7) >> 3) return false;
            bool isEnough = column.Layout switch
            {
                BufferLayout.Bits => values >= (rows + 7) >> 3,
                BufferLayout.Fixed => values >= rows * column.Width,
                _ => values >= (rows + 1) * column.Width || (rows == 0 && values == 0),
            };
            if (!isEnough) return false;
        }

        return true;
    }
}
