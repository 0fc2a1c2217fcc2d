namespace ArrowCid.Storage;

/// <summary>A segment of a lane as the table has it.</summary>
internal readonly record struct SegmentPlace(int Slot, TableWord Word, ulong Order, SegmentKind Kind)
{
    /// <summary>Whether the segment may be removed only after its lane has a next data segment.</summary>
    public bool NeedsNext { get; init; }
}
