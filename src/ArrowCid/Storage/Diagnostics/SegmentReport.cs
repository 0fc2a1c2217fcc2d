namespace ArrowCid.Storage;

/// <summary>A segment as the table and its file show it.</summary>
internal sealed record SegmentReport(int Slot, string Name, SegmentState State, SegmentKind Kind, int Lane, ulong Order,
    long Bytes, long Committed, DateTimeOffset? Created, IReadOnlyList<int> Holders, bool HasUnnamedHolder);
