using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Processes that have the store open, and leftovers of dead ones.</summary>
public sealed partial class CidStore
{
    /// <summary>The segments that occupy space, in order of creation, with their holders.</summary>
    /// <returns>What the store looks like at this moment, for people.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public IReadOnlyList<StoreSegment> GetSegments() =>
        [.. _blocks.Segments().Select(one => new StoreSegment(one.Name, KindName(one.Kind), StateName(one.State),
            one.Lane, one.Bytes, one.Committed, one.Created, one.Holders, one.HasUnnamedHolder))];

    /// <summary>The processes that have the store open, as far as they can be seen from here: those that have it open
    /// for writing, and of one's own user (root: of all) in this process namespace the readers too.</summary>
    /// <returns>What each maps, holds and writes, for people.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public IReadOnlyList<StoreParticipant> GetParticipants() =>
        [.. _blocks.Processes().Select(one => new StoreParticipant(one.Process, one.Name, one.UserId, one.Since,
            one.IsWriter, one.Lanes, one.IsJanitor, one.Segments))];

    /// <summary>
    /// Cleans up after processes that died: their lanes are taken over, with records written but not yet announced;
    /// unfinished files are deleted. Any later operation that meets the leftovers does the same; this does it now.
    /// </summary>
    /// <param name="dryRun">Nothing is changed; the store may be open for reading only.</param>
    /// <returns>What there was.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: others hold what is needed;
    /// <see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public IReadOnlyList<ReapedItem> Reap(bool dryRun = false) =>
        [.. _blocks.Reap(dryRun).Select(one => new ReapedItem(one.Kind, one.Name, one.Bytes))];

    private static string KindName(SegmentKind kind) => kind switch
    {
        SegmentKind.Data => "data",
        SegmentKind.Facts => "facts",
        SegmentKind.Jumbo => "large",
        _ => "unknown",
    };

    private static string StateName(SegmentState state) => state switch
    {
        SegmentState.Creating => "creating",
        SegmentState.Open => "open",
        SegmentState.Sealed => "sealed",
        SegmentState.Retired => "retired",
        _ => "unknown",
    };
}
