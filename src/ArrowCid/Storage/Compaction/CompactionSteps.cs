namespace ArrowCid.Storage;

/// <summary>
/// A compaction of which each step takes a few segments, as the janitor for that long. The segments are those that
/// could go when it began; it keeps nothing that another one would not find out again.
/// </summary>
internal sealed class CompactionSteps(StoreCoordination coordination, ControlFile control, Compactor reclaim,
    double mostAlive, bool withData, List<SegmentPlace> places)
{
    // The number of fact segments for which the remaining blocks are gathered once.
    private const int FactsAtOnce = 8;

    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    // A put that frees space for itself, or a growth of the index, ends soon.
    private static readonly TimeSpan s_janitorPatience = TimeSpan.FromSeconds(1);

    private readonly Queue<SegmentPlace> _data = new(withData
        ? places.Where(place => place.Kind != SegmentKind.Facts)
        : []);

    private readonly Queue<SegmentPlace[]> _facts =
        new(places.Where(place => place.Kind == SegmentKind.Facts).Chunk(FactsAtOnce));

    private readonly ulong _sweep = control.Map.Read(StoreLayout.SweepWord);
    private bool _isIncomplete;

    /// <summary>Looks at the next segment of data, or the next few of facts.</summary>
    /// <param name="cancel">Ends it at the next block; what was moved by then is where it was moved to.</param>
    /// <param name="report">The result for each of them.</param>
    /// <returns>False where none was left.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning up; the
    /// same segments come next.</exception>
    public bool TryStep(CancellationToken cancel, out ReclaimReport report)
    {
        report = new ReclaimReport([]);
        bool isData = _data.TryPeek(out SegmentPlace one);
        SegmentPlace[]? some = isData ? [one] : _facts.TryPeek(out SegmentPlace[]? facts) ? facts : null;
        if (some is null)
        {
            // Segments with readers are looked at again.
            if (withData && !_isIncomplete && (_sweep & 1) == 0) control.Map.Write(StoreLayout.CompactedWord, _sweep);
            return false;
        }

        using MaintenanceLockScope term = coordination.TryBecomeJanitor(s_janitorPatience) ??
            throw new ArrowCidException(ErrorCode.Busy,
                $"{control.Directory}: another process or thread is cleaning up");
        report = reclaim.Run(mostAlive, dryRun: false, patience: s_patience,
            isAsked: place => some.Any(asked => asked.Slot == place.Slot && asked.Word == place.Word),
            operation: new Operation(ProgressUnit.Segments, progress: null, cancel));
        _isIncomplete |= report.Segments.Any(each => each.Outcome is ReclaimOutcome.Held or ReclaimOutcome.NoRoom);
        if (isData) _ = _data.Dequeue();
        else _ = _facts.Dequeue();
        return true;
    }
}
