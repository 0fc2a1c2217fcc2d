namespace ArrowCid;

/// <summary>
/// Records that a watcher was not told of. Unless they are <see cref="GapReason.Damaged"/>, everything that is there
/// is announced again after it, and then what comes.
/// </summary>
/// <param name="Reason">Why.</param>
/// <param name="Lane">The lane, or -1 for the whole store.</param>
/// <param name="First">The number in the lane of the first record that is missing.</param>
/// <param name="Last">That of the last one.</param>
public sealed record WatchGap(GapReason Reason, int Lane, ulong First, ulong Last)
{
    /// <summary>The gap in words.</summary>
    /// <returns>A sentence without a full stop.</returns>
    public override string ToString() => Reason switch
    {
        GapReason.OtherStore => "the cursor is of another store; what is here is listed anew",
        GapReason.PastEnd => $"lane {Lane}: records {First} to {Last} were lost after the cursor was taken; " +
            "what is here is listed anew",
        GapReason.Rewritten => $"lane {Lane}: record {Last} is not the one that the cursor had passed; " +
            "what is here is listed anew",
        GapReason.Damaged => $"lane {Lane}: records {First} to {Last} are damaged; run 'arrowcid verify'",
        _ => $"lane {Lane}: records {First} to {Last} are gone; what is here is listed anew",
    };
}
