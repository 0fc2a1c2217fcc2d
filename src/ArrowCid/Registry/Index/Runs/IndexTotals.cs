namespace ArrowCid.Registry;

/// <summary>What was counted of the facts that an index has taken in.</summary>
internal sealed record IndexTotals(ulong MaxTime, long Records, long Facts, long FaultCount, bool HasDrops,
    IReadOnlyList<string> Faults)
{
    public static readonly IndexTotals Zero = new(0, 0, 0, 0, false, []);
}
