namespace ArrowCid.Ipc;

/// <summary>A message's body that is too large for one array: its buffers, each in memory of its own.</summary>
internal sealed class BodyPieces
{
    private const int BuffersOfBatch = 2, DataOfDictionary = 1;

    private readonly List<(long Start, ReadOnlyMemory<byte> Bytes)> _pieces = [];

    private BodyPieces()
    {
    }

    /// <summary>Reads the buffers that a message's header names, and passes what is between them.</summary>
    /// <param name="source">At the body's first byte; on return after its last.</param>
    /// <param name="kind">The kind of the message.</param>
    /// <param name="header">Its header.</param>
    /// <param name="length">The body's bytes.</param>
    /// <param name="offset">Where the message is, for errors.</param>
    /// <param name="reason">Why it is not read in parts by rows, for errors.</param>
    /// <exception cref="InvalidArrowException">The input ends inside the body, or one buffer alone is too
    /// large.</exception>
    public static BodyPieces Read(ByteSource source, byte kind, FlatTable header, long length, long offset,
        string reason)
    {
        var pieces = new BodyPieces();
        long start = source.Position;
        foreach ((long from, long to) in Ranges(kind, header, length))
        {
            if (to - from > Array.MaxLength)
            {
                throw new InvalidArrowException($"a buffer has {to - from} bytes, over 2^31 - 1; {reason}",
                    offset: offset, code: ErrorCode.TooLarge);
            }

            if (!source.Skip(start + from - source.Position)) throw EndsInside(source, start, length, offset);
            ReadOnlyMemory<byte> bytes = source.ReadBody((int)(to - from));
            if (bytes.Length < to - from) throw EndsInside(source, start, length, offset);
            pieces._pieces.Add((from, bytes));
        }

        return source.Skip(start + length - source.Position) ? pieces : throw EndsInside(source, start, length, offset);
    }

    /// <summary>Bytes of one buffer.</summary>
    public ReadOnlyMemory<byte> Slice(long start, int length)
    {
        int low = 0, high = _pieces.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_pieces[middle].Start <= start) low = middle;
            else high = middle - 1;
        }

        return _pieces[low].Bytes.Slice((int)(start - _pieces[low].Start), length);
    }

    /// <summary>The ranges of the buffers in order, those that overlap as one. What lies outside the body is left to
    /// the check of each buffer.</summary>
    private static List<(long From, long To)> Ranges(byte kind, FlatTable header, long length)
    {
        var ranges = new List<(long From, long To)>();
        FlatTable batch = header;
        if (kind == IpcMessage.DictionaryHeader && !header.TryTable(DataOfDictionary, out batch)) return ranges;
        FlatVector buffers = batch.Vector(BuffersOfBatch, 16);
        for (int i = 0; i < buffers.Count; i++)
        {
            long from = buffers.Long(i), bytes = buffers.Long(i, 8);
            if (from >= 0 && bytes > 0 && from <= length && bytes <= length - from) ranges.Add((from, from + bytes));
        }

        ranges.Sort();
        int kept = 0;
        for (int i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].From < ranges[kept].To)
                ranges[kept] = (ranges[kept].From, Math.Max(ranges[kept].To, ranges[i].To));
            else ranges[++kept] = ranges[i];
        }

        if (ranges.Count > 0) ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
        return ranges;
    }

    private static InvalidArrowException EndsInside(ByteSource source, long start, long length, long offset) =>
        new($"the input ends inside a message's body: {source.Position - start} of {length} bytes", offset: offset);
}
