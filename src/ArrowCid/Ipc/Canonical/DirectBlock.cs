using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Memory;

namespace ArrowCid.Ipc;

/// <summary>
/// A canonical block whose buffers go straight from a received body to their places, and are hashed on the way. For
/// bodies whose header shows that each buffer becomes one range of the block. What needs the values is checked as they
/// come: where they break the plan, <see cref="IsCanonical"/> turns false, the remaining buffers are stored as they
/// are, and <see cref="ToBatch"/> gives the encoder the same batch. One thread at a time.
/// </summary>
internal sealed class DirectBlock
{
    // Bytes that are copied, checked and hashed at a time: they stay in the cache meanwhile.
    private const int PieceBytes = 1 << 16;

    // A bitmap that the block does not keep is held until it is counted.
    private const int MostIgnoredBitmap = 1 << 20;

    // The memory budget of the reader counts each array; this number of arrays never exceeds it.
    private const int MostColumns = 4096;

    private readonly FlatShape _shape;
    private readonly int[] _nullCounts;
    private readonly (int Place, int Length)[] _places;
    private readonly List<Part> _parts = [];
    private readonly Sha256 _hash = new();

    // Bitmaps that the block leaves out, by column, until they are found to be all ones.
    private readonly Dictionary<int, byte[]> _ignored = [];
    private int _bodyStart;
    private bool _isAscii;

    // The next part and the bytes of it that are done; then the bytes of its next piece; then those of the body.
    private int _part, _done, _received, _taken;
    private int _hashed;

    private DirectBlock(CanonicalSchema schema, FlatShape shape, int rows, int bodyLength)
    {
        (Schema, _shape, Rows, BodyLength) = (schema, shape, rows, bodyLength);
        _nullCounts = new int[shape.Columns.Length];
        _places = new (int, int)[shape.BufferCount];
    }

    private enum PartKind
    {
        // A bitmap of the block, and one that shows no null and is left out.
        Bitmap,
        Ones,
        Values,
        Data,
    }

    public CanonicalSchema Schema { get; }

    public int Rows { get; }

    /// <summary>The number of bytes in the block.</summary>
    public int Length { get; private set; }

    /// <summary>The number of bytes in the body.</summary>
    public int BodyLength { get; }

    /// <summary>Whether what was received so far is the block's.</summary>
    public bool IsCanonical { get; private set; } = true;

    /// <summary>Plans a block from the header of a little-endian record batch message.</summary>
    /// <param name="schema">The stream's schema.</param>
    /// <param name="header">The message's flatbuffer.</param>
    /// <param name="bodyLength">The number of bytes in the body.</param>
    /// <returns>Null where the header breaks a rule, or the body may need the encoder.</returns>
    public static DirectBlock? TryPlan(Schema schema, ReadOnlySpan<byte> header, int bodyLength)
    {
        const int VersionField = 0, KindField = 1, HeaderField = 2, LengthField = 3, MetadataField = 4;
        const int RowsField = 0, CompressionField = 3;
        try
        {
            var canonical = CanonicalSchema.Of(schema);
            if (canonical.Flat is not { } shape || shape.Columns.Length > MostColumns) return null;
            var root = FlatTable.Root(header, new FlatLimits(0, header.Length));
            bool isBatch = root.Byte(KindField) == IpcMessage.BatchHeader &&
                root.Short(VersionField) is IpcMessage.V4 or IpcMessage.V5 &&
                root.Vector(MetadataField, sizeof(int)).Count == 0 && root.Long(LengthField) == bodyLength;
            if (!isBatch || !root.TryTable(HeaderField, out FlatTable batch)) return null;
            long rows = batch.Long(RowsField);
            if (rows is <= 0 or > int.MaxValue || batch.TryTable(CompressionField, out _)) return null;
            var block = new DirectBlock(canonical, shape, (int)rows, bodyLength);
            return block.TryArrange(batch) ? block : null;
        }
        catch (InvalidArrowException)
        {
            return null;
        }
    }

    /// <summary>Writes what comes before the body, or starts again.</summary>
    /// <param name="block">The first <see cref="Length"/> bytes are the block's.</param>
    public void Begin(Span<byte> block)
    {
        (_part, _done, _received, _taken, _isAscii, IsCanonical) = (0, 0, 0, 0, true, true);
        _ignored.Clear();
        Schema.Message.CopyTo(block);
        Span<byte> metadata = block[Schema.Message.Length.._bodyStart];
        int bodyLength = Length - _bodyStart - BlockFormat.EndOfStreamBytes;
        _shape.Template.Write(metadata, Rows, bodyLength, out Span<byte> nodes, out Span<byte> buffers);
        for (int i = 0; i < _nullCounts.Length; i++)
        {
            BatchTemplate.SetNumber(nodes, 2 * i, Rows);
            BatchTemplate.SetNumber(nodes, (2 * i) + 1, _nullCounts[i]);
        }

        for (int i = 0; i < _places.Length; i++)
        {
            BatchTemplate.SetNumber(buffers, 2 * i, _places[i].Place - _bodyStart);
            BatchTemplate.SetNumber(buffers, (2 * i) + 1, _places[i].Length);
        }

        _hash.Reset();
        _hashed = _hash.TryCopyStateFrom(Schema.HashState) ? Schema.Message.Length : 0;
        HashTo(block, _bodyStart);
    }

    /// <summary>Takes what was received of the body.</summary>
    /// <param name="block">As for <see cref="Begin"/>.</param>
    /// <param name="source">The bytes after those that were taken; all of them are taken.</param>
    public void Take(Span<byte> block, IBodySource source)
    {
        while (source.Left > 0)
        {
            if (_part == _parts.Count)
            {
                Pass(source, source.Left);
                return;
            }

            Part part = _parts[_part];
            int before = part.Start + _done + _received - _taken;
            if (before > 0)
            {
                Pass(source, Math.Min(before, source.Left));
                continue;
            }

            int piece = Math.Min(part.Length - _done, PieceOf(part));
            int count = Math.Min(piece - _received, source.Left);
            Span<byte> target = Target(block, part).Slice(_done, piece);
            source.Read(target.Slice(_received, count));
            _received += count;
            _taken += count;
            if (_received < piece) continue;
            int first = _done;
            _received = 0;
            _done += piece;
            bool isLast = _done == part.Length;
            if (IsCanonical) IsCanonical = Check(block, part, target, first, isLast);
            if (!isLast) continue;
            (_part, _done, _isAscii) = (_part + 1, 0, true);
        }
    }

    /// <summary>Ends a block that is canonical, once all of the body was taken.</summary>
    /// <returns>The SHA-256 of the block.</returns>
    public Digest256 End(Span<byte> block)
    {
        if (_taken != BodyLength || !IsCanonical)
            throw new InvalidOperationException("the body was not taken whole, or is not canonical");
        BinaryPrimitives.WriteUInt64LittleEndian(block[(Length - BlockFormat.EndOfStreamBytes)..],
            BlockFormat.EndOfStream);
        HashTo(block, Length);
        return _hash.Finish();
    }

    /// <summary>The batch that was received, for the encoder.</summary>
    /// <param name="schema">The stream's schema.</param>
    /// <param name="block">The memory that was filled, which must stay readable.</param>
    /// <exception cref="InvalidArrowException">The arrays break a rule.</exception>
    public RecordBatch ToBatch(Schema schema, ReadOnlyMemory<byte> block)
    {
        var columns = new ArrowArray[_shape.Columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            FlatColumn column = _shape.Columns[i];
            var buffers = new ReadOnlyMemory<byte>[column.Layout.BufferCount()];
            for (int b = 0; b < buffers.Length; b++)
            {
                (int place, int length) = _places[column.FirstBuffer + b];
                buffers[b] = block.Slice(place, length);
            }

            if (_ignored.TryGetValue(i, out byte[]? ignored)) buffers[0] = ignored;
            columns[i] = new ArrowArray(column.Type, Rows, buffers,
                nullCount: column.Layout.HasValidity() ? _nullCounts[i] : -1);
        }

        return new RecordBatch(schema, Rows, columns);
    }

    private bool TryArrange(FlatTable batch)
    {
        const int NodesField = 1, BuffersField = 2, VariadicField = 4;
        FlatVector nodes = batch.Vector(NodesField, BatchTemplate.PairBytes);
        FlatVector buffers = batch.Vector(BuffersField, BatchTemplate.PairBytes);
        bool fits = nodes.Count == _shape.Columns.Length && buffers.Count == _shape.BufferCount &&
            batch.Vector(VariadicField, sizeof(long)).Count == 0;
        if (!fits) return false;
        _bodyStart = Schema.Message.Length + _shape.Template.Length;
        long at = _bodyStart, end = 0;
        for (int i = 0; i < _shape.Columns.Length; i++)
        {
            FlatColumn column = _shape.Columns[i];
            long nulls = nodes.Long(i, sizeof(long));
            bool isNullable = Schema.Fields[i].IsNullable;
            if (nodes.Long(i) != Rows || nulls > Rows) return false;
            if (column.Layout == BufferLayout.Null)
            {
                if (nulls < -1 || !isNullable) return false;
                _nullCounts[i] = Rows;
                continue;
            }

            if (nulls < 0 || (nulls > 0 && !isNullable)) return false;
            _nullCounts[i] = (int)nulls;
            for (int b = 0; b < column.Layout.BufferCount(); b++)
            {
                int index = column.FirstBuffer + b;
                (long start, long length) = (buffers.Long(index), buffers.Long(index, sizeof(long)));
                // Buffers follow each other, perhaps with gaps between them.
                if (length < 0 || (length > 0 && (start < end || length > BodyLength - start))) return false;
                if (length > 0) end = start + length;
                if (!TryPlace(i, b, (int)start, length, ref at)) return false;
            }
        }

        if (at > BlockFormat.MaxBlockBytes - BlockFormat.EndOfStreamBytes) return false;
        Length = (int)at + BlockFormat.EndOfStreamBytes;
        return true;
    }

    /// <summary>Plans one buffer of a column.</summary>
    private bool TryPlace(int index, int buffer, int start, long given, ref long at)
    {
        FlatColumn column = _shape.Columns[index];
        int bitmap = Bits.ByteCount(Rows);
        (PartKind kind, long needed) = (buffer, column.Layout) switch
        {
            (0, _) => (_nullCounts[index] > 0 ? PartKind.Bitmap : PartKind.Ones, given == 0 ? 0 : bitmap),
            (1, BufferLayout.Bits) => (PartKind.Values, bitmap),
            (1, BufferLayout.Fixed) => (PartKind.Values, (long)Rows * column.Width),
            (1, _) => (PartKind.Values, ((long)Rows + 1) * column.Width),
            _ => (PartKind.Data, given),
        };
        if (needed > given || needed > BlockFormat.MaxBlockBytes) return false;
        if (kind == PartKind.Bitmap && needed == 0) return false;
        if (kind == PartKind.Ones && needed > MostIgnoredBitmap) return false;
        int length = (int)needed;
        if (length > 0) _parts.Add(new Part(kind, index, start, kind == PartKind.Ones ? -1 : (int)at, length));
        if (kind == PartKind.Ones) length = 0;
        _places[column.FirstBuffer + buffer] = ((int)at, length);
        at += length + BlockFormat.Padding(length);
        return at <= BlockFormat.MaxBlockBytes;
    }

    private void Pass(IBodySource source, int count)
    {
        source.Skip(count);
        _taken += count;
    }

    /// <summary>Bytes of a piece: whole groups of eight slots, for which a bitmap has a byte.</summary>
    private int PieceOf(Part part)
    {
        FlatColumn column = _shape.Columns[part.Column];
        if (part.Kind != PartKind.Values || column.Layout != BufferLayout.Fixed) return PieceBytes;
        long group = 8L * column.Width;
        return (int)Math.Min(part.Length, Math.Max(1, PieceBytes / group) * group);
    }

    private Span<byte> Target(Span<byte> block, Part part)
    {
        if (part.Kind != PartKind.Ones) return block.Slice(part.Place, part.Length);
        if (!_ignored.TryGetValue(part.Column, out byte[]? bits)) _ignored[part.Column] = bits = new byte[part.Length];
        return bits;
    }

    /// <summary>Checks and completes a piece that was received, and hashes it.</summary>
    /// <returns>False where the values need the encoder.</returns>
    private bool Check(Span<byte> block, Part part, Span<byte> piece, int first, bool isLast)
    {
        FlatColumn column = _shape.Columns[part.Column];
        switch (part.Kind)
        {
            case PartKind.Ones:
                if (!isLast) return true;
                if (Bits.Count(Target(block, part), 0, Rows) != Rows) return false;
                _ = _ignored.Remove(part.Column);
                return true;
            case PartKind.Bitmap:
                // The values below need all of it, so it is hashed with them.
                if (!isLast) return true;
                ClearPast(piece);
                if (Rows - Bits.Count(Target(block, part), 0, Rows) != _nullCounts[part.Column]) return false;
                break;
            case PartKind.Data:
                _isAscii = _isAscii && (!column.Type.IsText() || Ascii.IsValid(piece));
                if (isLast && !_isAscii && !IsText(block, part)) return false;
                break;
            default:
                if (!CheckValues(block, part, piece, first, isLast)) return false;
                break;
        }

        int end = part.Place + first + piece.Length;
        if (isLast)
        {
            int padding = BlockFormat.Padding(part.Length);
            block.Slice(end, padding).Clear();
            end += padding;
        }

        HashTo(block, end);
        return true;
    }

    private bool CheckValues(Span<byte> block, Part part, Span<byte> piece, int first, bool isLast)
    {
        FlatColumn column = _shape.Columns[part.Column];
        ReadOnlySpan<byte> validity = Buffer(block, column.FirstBuffer);
        switch (column.Layout)
        {
            case BufferLayout.Bits:
                if (isLast) ClearPast(piece);
                if (validity.IsEmpty) return true;
                for (int i = 0; i < piece.Length; i++) piece[i] &= validity[first + i];
                return true;
            case BufferLayout.Fixed:
                int width = column.Width;
                if (!validity.IsEmpty)
                    SlotMask.ClearInvalid(piece, validity, first / width, piece.Length / width, width);
                if (column.Type.IsFloat()) FloatBits.QuietNaNs(piece, width);
                return true;
            case BufferLayout.Bytes32:
                return !isLast || AreOffsets<int>(block, column, validity);
            default:
                return !isLast || AreOffsets<long>(block, column, validity);
        }
    }

    /// <summary>Zeroes the bits past the last slot, in the last bytes of a bitmap.</summary>
    private void ClearPast(Span<byte> bits)
    {
        int last = Rows & 7;
        if (last != 0) bits[^1] &= (byte)((1 << last) - 1);
    }

    private bool AreOffsets<T>(Span<byte> block, in FlatColumn column, ReadOnlySpan<byte> validity)
        where T : unmanaged, IBinaryInteger<T>
    {
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(Buffer(block, column.FirstBuffer + 1));
        return offsets[0] == T.Zero && OffsetRule.FirstBackward(offsets) < 0 &&
            offsets[^1] == T.CreateChecked(_places[column.FirstBuffer + 2].Length) &&
            (validity.IsEmpty || !OffsetRule.HasBytesUnderNulls(offsets, validity));
    }

    private bool IsText(Span<byte> block, Part part)
    {
        FlatColumn column = _shape.Columns[part.Column];
        ReadOnlySpan<byte> offsets = Buffer(block, column.FirstBuffer + 1);
        ReadOnlySpan<byte> data = Buffer(block, column.FirstBuffer + 2);
        return column.Layout == BufferLayout.Bytes32
            ? TextRule.AreValid(MemoryMarshal.Cast<byte, int>(offsets), data)
            : TextRule.AreValid(MemoryMarshal.Cast<byte, long>(offsets), data);
    }

    private Span<byte> Buffer(Span<byte> block, int buffer) =>
        block.Slice(_places[buffer].Place, _places[buffer].Length);

    private void HashTo(Span<byte> block, int end)
    {
        _hash.Append(block[_hashed..end]);
        _hashed = end;
    }

    /// <summary>One buffer of the body.</summary>
    /// <param name="Kind">Its purpose.</param>
    /// <param name="Column">Its column.</param>
    /// <param name="Start">Its first byte in the body.</param>
    /// <param name="Place">Its first byte in the block.</param>
    /// <param name="Length">The bytes of it that are used.</param>
    private readonly record struct Part(PartKind Kind, int Column, int Start, int Place, int Length);
}
