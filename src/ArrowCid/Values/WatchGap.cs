namespace ArrowCid;

/// <summary>
/// Records that a watcher was not told of. Unless they are <see cref="GapReason.Damaged"/>, everything that is there
/// is announced again after it, and then what comes.
/// </summary>
public sealed record WatchGap
{
    /// <summary>Why.</summary>
    public required GapReason Reason { get; init; }

    /// <summary>The lane, or -1 for the whole store.</summary>
    public required int Lane { get; init; }

    /// <summary>The number in the lane of the first record that is missing.</summary>
    public required ulong First { get; init; }

    /// <summary>That of the last one.</summary>
    public required ulong Last { get; init; }

    /// <summary>What gets the records back, where they are damaged; else null.</summary>
    public Remedy? Remedy => Reason == GapReason.Damaged ? new Remedy(RemedyKind.RepairRecords) : null;

    /// <summary>The gap in words.</summary>
    /// <returns>A sentence without a full stop.</returns>
    public override string ToString() => Reason switch
    {
        GapReason.OtherStore => "the cursor is of another store; the stored blocks are listed again",
        GapReason.PastEnd => $"lane {Lane}: records {First} to {Last} were lost after the cursor was taken; " +
            "the stored blocks are listed again",
        GapReason.Rewritten => $"lane {Lane}: record {Last} is not the one that the cursor had passed; " +
            "the stored blocks are listed again",
        GapReason.Damaged => $"lane {Lane}: records {First} to {Last} are damaged",
        _ => $"lane {Lane}: records {First} to {Last} are gone; the stored blocks are listed again",
    };
}
