using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace ArrowCid.Ipc;

/// <summary>
/// The metadata of a record batch message in canonical form (canonical-block.md, section 2), which but for its numbers
/// depends only on how many nodes and buffers there are: for columns without dictionaries and views.
/// </summary>
internal sealed class BatchTemplate
{
    /// <summary>Bytes of a node (length and null count) and of a buffer (offset and length).</summary>
    public const int PairBytes = 16;

    // What is kept is small; a schema with more columns than this makes its own.
    private const int MostKeptNodes = 256;

    private static readonly ConcurrentDictionary<(int Nodes, int Buffers), BatchTemplate> s_kept = new();

    private readonly byte[] _bytes;
    private readonly int _bodyLengthAt;
    private readonly int _rowsAt;
    private readonly int _nodesAt;
    private readonly int _nodeBytes;
    private readonly int _buffersAt;
    private readonly int _bufferBytes;

    private BatchTemplate(int nodes, int buffers)
    {
        var writer = new FlatBufferWriter();
        writer.Begin();
        int message = writer.Table([2, 1, 4, 8]);
        writer.Set16(message, 0, BlockFormat.MetadataV5);
        writer.Set8(message, 1, BlockFormat.BatchMessage);
        int batch = writer.Table([8, 4, 4]);
        writer.Link(message, 2, batch);
        int nodeVector = writer.WideVector(nodes, PairBytes);
        writer.Link(batch, 1, nodeVector);
        int bufferVector = writer.WideVector(buffers, PairBytes);
        writer.Link(batch, 2, bufferVector);
        writer.End(message);
        _bytes = writer.Written.ToArray();
        (_bodyLengthAt, _rowsAt) = (writer.Slot(message, 3), writer.Slot(batch, 0));
        (_nodesAt, _nodeBytes) = (nodeVector + 4, nodes * PairBytes);
        (_buffersAt, _bufferBytes) = (bufferVector + 4, buffers * PairBytes);
    }

    /// <summary>The message's bytes before its body.</summary>
    public int Length => _bytes.Length;

    public static BatchTemplate Of(int nodes, int buffers)
    {
        if (s_kept.TryGetValue((nodes, buffers), out BatchTemplate? known)) return known;
        var made = new BatchTemplate(nodes, buffers);
        return nodes <= MostKeptNodes ? s_kept.GetOrAdd((nodes, buffers), made) : made;
    }

    /// <summary>Whether bytes are this metadata but for the numbers.</summary>
    public bool Fits(ReadOnlySpan<byte> metadata)
    {
        ReadOnlySpan<byte> own = _bytes;
        int afterNodes = _nodesAt + _nodeBytes, afterBuffers = _buffersAt + _bufferBytes;
        // In the order in which they stand.
        return metadata.Length == own.Length &&
            metadata[.._bodyLengthAt].SequenceEqual(own[.._bodyLengthAt]) &&
            IsSame(metadata, _bodyLengthAt + sizeof(long), _rowsAt) &&
            IsSame(metadata, _rowsAt + sizeof(long), _nodesAt) &&
            IsSame(metadata, afterNodes, _buffersAt) &&
            metadata[afterBuffers..].SequenceEqual(own[afterBuffers..]);
    }

    public static long Number(ReadOnlySpan<byte> pairs, int index) =>
        BinaryPrimitives.ReadInt64LittleEndian(pairs[(index * sizeof(long))..]);

    public static void SetNumber(Span<byte> pairs, int index, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(pairs[(index * sizeof(long))..], value);

    public long BodyLength(ReadOnlySpan<byte> metadata) =>
        BinaryPrimitives.ReadInt64LittleEndian(metadata[_bodyLengthAt..]);

    public long Rows(ReadOnlySpan<byte> metadata) => BinaryPrimitives.ReadInt64LittleEndian(metadata[_rowsAt..]);

    /// <summary>The nodes' pairs of numbers: length, null count.</summary>
    public ReadOnlySpan<byte> Nodes(ReadOnlySpan<byte> metadata) => metadata.Slice(_nodesAt, _nodeBytes);

    /// <summary>The buffers' pairs of numbers: offset, length.</summary>
    public ReadOnlySpan<byte> Buffers(ReadOnlySpan<byte> metadata) => metadata.Slice(_buffersAt, _bufferBytes);

    /// <summary>Writes the metadata; the nodes' and buffers' numbers are to be filled in.</summary>
    public void Write(Span<byte> metadata, long rows, long bodyLength, out Span<byte> nodes, out Span<byte> buffers)
    {
        _bytes.CopyTo(metadata);
        BinaryPrimitives.WriteInt64LittleEndian(metadata[_bodyLengthAt..], bodyLength);
        BinaryPrimitives.WriteInt64LittleEndian(metadata[_rowsAt..], rows);
        nodes = metadata.Slice(_nodesAt, _nodeBytes);
        buffers = metadata.Slice(_buffersAt, _bufferBytes);
    }

    private bool IsSame(ReadOnlySpan<byte> metadata, int from, int to) =>
        metadata[from..to].SequenceEqual(_bytes.AsSpan(from, to - from));
}
