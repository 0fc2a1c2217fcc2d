using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// The short way for small batches of plain columns without nulls: lengths are added up, and the block is written from
/// the columns at once. What is not so, or breaks a rule, goes the long way, which gives the same bytes or the error.
/// </summary>
internal sealed partial class BlockPlan
{
    // Up to here a block is in the cache when it is hashed; a larger one is hashed piece by piece as it is written.
    private const int MostPlainBytes = 32 * 1024;

    private RecordBatch? _plain;
    private int[] _lengths = [];

    private bool TryPlanPlain(RecordBatch batch)
    {
        if (Schema.Flat is not { } shape) return false;
        if (_lengths.Length < shape.BufferCount) _lengths = new int[shape.BufferCount];
        Array.Clear(_lengths, 0, shape.BufferCount);
        ReadOnlySpan<ArrowArray> arrays = batch.ColumnSpan;
        long body = 0;
        for (int i = 0; i < arrays.Length; i++)
        {
            FlatColumn column = shape.Columns[i];
            ArrowArray array = arrays[i];
            if (column.Layout == BufferLayout.Null)
            {
                if (!Schema.Fields[i].IsNullable && Rows > 0) return false;
                continue;
            }

            if (!array.Buffers[0].IsEmpty || array.ClaimedNullCount > 0) return false;
            long values = column.Layout switch
            {
                BufferLayout.Bits => Bits.ByteCount(Rows),
                BufferLayout.Fixed => (long)Rows * column.Width,
                _ => ((long)Rows + 1) * column.Width,
            };
            if (values > MostPlainBytes) return false;
            _lengths[column.FirstBuffer + 1] = (int)values;
            body += values + BlockFormat.Padding(values);
            if (column.Layout is not (BufferLayout.Bytes32 or BufferLayout.Bytes64)) continue;
            int data = column.Layout == BufferLayout.Bytes32 ? TextBytes<int>(array) : TextBytes<long>(array);
            if (data < 0) return false;
            _lengths[column.FirstBuffer + 2] = data;
            body += data + BlockFormat.Padding(data);
        }

        long length = Schema.Message.Length + shape.Template.Length + body + BlockFormat.EndOfStreamBytes;
        if (length > MostPlainBytes) return false;
        (Length, _plain) = ((int)length, batch);
        return true;
    }

    /// <summary>The bytes of a column's values, or -1 where they are to be judged one by one.</summary>
    private int TextBytes<T>(ArrowArray array) where T : unmanaged, IBinaryInteger<T>
    {
        if (Rows == 0) return -1;
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(array.Buffers[1].Span).Slice(array.Offset, Rows + 1);
        ReadOnlySpan<byte> data = array.Buffers[2].Span;
        T first = offsets[0], last = offsets[^1];
        if (OffsetRule.FirstBackward(offsets) >= 0 || first < T.Zero || last > T.CreateChecked(data.Length)) return -1;
        int start = int.CreateTruncating(first), length = int.CreateTruncating(last) - start;
        if (length > MostPlainBytes) return -1;
        return array.Type.IsText() && !Ascii.IsValid(data.Slice(start, length)) ? -1 : length;
    }

    private Digest256 HashPlain() => WritePlain(PlainRoom());

    private ReadOnlySpan<byte> FillPiece()
    {
        Span<byte> span = PlainRoom();
        FillPlain(span);
        return span;
    }

    private Span<byte> PlainRoom()
    {
        if (_piece.Length < Length) _piece = new byte[MostPlainBytes];
        return _piece.AsSpan(0, Length);
    }

    /// <summary>Fills the block and hashes what stands there.</summary>
    private Digest256 WritePlain(Span<byte> block)
    {
        FillPlain(block);
        Sha256 hash = StartHash();
        hash.Append(block[Schema.Message.Length..]);
        return hash.Finish();
    }

    private void FillPlain(Span<byte> block)
    {
        FlatShape shape = Schema.Flat!;
        int at = Schema.Message.Length + shape.Template.Length, start = at;
        Schema.Message.CopyTo(block);
        shape.Template.Write(block.Slice(Schema.Message.Length, shape.Template.Length), Rows,
            Length - start - BlockFormat.EndOfStreamBytes, out Span<byte> nodes, out Span<byte> buffers);
        ReadOnlySpan<ArrowArray> arrays = _plain!.ColumnSpan;
        for (int i = 0; i < arrays.Length; i++)
        {
            FlatColumn column = shape.Columns[i];
            BatchTemplate.SetNumber(nodes, 2 * i, Rows);
            BatchTemplate.SetNumber(nodes, (2 * i) + 1, column.Layout == BufferLayout.Null ? Rows : 0);
            for (int b = 0; b < column.Layout.BufferCount(); b++)
            {
                int buffer = column.FirstBuffer + b, length = _lengths[buffer];
                BatchTemplate.SetNumber(buffers, 2 * buffer, at - start);
                BatchTemplate.SetNumber(buffers, (2 * buffer) + 1, length);
                if (length == 0) continue;
                PutPlain(arrays[i], column, b, block.Slice(at, length));
                block.Slice(at + length, BlockFormat.Padding(length)).Clear();
                at += length + BlockFormat.Padding(length);
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(block[at..], BlockFormat.EndOfStream);
    }

    private void PutPlain(ArrowArray array, FlatColumn column, int buffer, Span<byte> target)
    {
        ReadOnlySpan<byte> source = array.Buffers[buffer].Span;
        if (buffer == 2)
        {
            int first = column.Layout == BufferLayout.Bytes32
                ? MemoryMarshal.Cast<byte, int>(array.Buffers[1].Span)[array.Offset]
                : (int)MemoryMarshal.Cast<byte, long>(array.Buffers[1].Span)[array.Offset];
            source.Slice(first, target.Length).CopyTo(target);
            return;
        }

        switch (column.Layout)
        {
            case BufferLayout.Bits:
                target.Clear();
                Bits.Copy(source, array.Offset, target, 0, Rows);
                break;
            case BufferLayout.Fixed:
                source.Slice(array.Offset * column.Width, target.Length).CopyTo(target);
                if (column.Type.IsFloat()) FloatBits.QuietNaNs(target, column.Width);
                break;
            case BufferLayout.Bytes32:
                Rebase(MemoryMarshal.Cast<byte, int>(source).Slice(array.Offset, Rows + 1), target);
                break;
            default:
                Rebase(MemoryMarshal.Cast<byte, long>(source).Slice(array.Offset, Rows + 1), target);
                break;
        }
    }

    private static void Rebase<T>(ReadOnlySpan<T> offsets, Span<byte> target) where T : unmanaged, IBinaryInteger<T> =>
        OffsetRule.Shift(offsets, T.Zero - offsets[0], MemoryMarshal.Cast<byte, T>(target));
}
