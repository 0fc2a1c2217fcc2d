namespace ArrowCid;

/// <summary>One segment of a compaction, with the result.</summary>
/// <param name="Name">Its file's name in the store's directory.</param>
/// <param name="Kind">What it holds: <c>data</c>, <c>facts</c>, or <c>large</c> (one large block).</param>
/// <param name="ByteLength">The file's bytes.</param>
/// <param name="BytesAlive">The bytes of it that were moved, or stay.</param>
/// <param name="Outcome">The result; on a dry run, the expected result.</param>
public sealed record CompactedSegment(string Name, string Kind, long ByteLength, long BytesAlive,
    CompactOutcome Outcome);
