namespace ArrowCid.Tests.Models;

/// <summary>
/// A janitor says what counts of a segment of facts again in its own lane, and takes the segment away, killed at any
/// step; who reads the facts begins before the segment, or with everything that is there. And a drop, which may go only
/// when no record that it voids can rise again.
/// </summary>
public class FactCompactionModelTests
{
    private const string Missing = "a fact that was acknowledged is missing";
    private const string Risen = "a block that was dropped is there again";

    [Fact]
    public void Who_reads_on_and_who_begins_anew_know_every_fact_wherever_the_janitor_is_killed() =>
        new FactCompactionModel().Explore().Holds(60, "J: says it again", "J: RETIRED", "J: unlinks", "J: killed",
            "J: busy", "J: SEALED again", "R: hole, lists anew", "R: segment lost, lists anew", "R: reads the segment",
            "R: reads the copy", "R: refused, waits");

    [Fact]
    public void A_segment_that_is_retired_before_its_facts_are_said_again_loses_them() =>
        new FactCompactionModel { SaysFirst = false }.Explore()
            .Breaks(Missing, "J: RETIRED", "R: lists", "R: is at the end of its listing");

    [Fact]
    public void Who_passes_a_hole_misses_the_fact_because_what_was_moved_is_not_told_again() =>
        new FactCompactionModel { ListsAfterHole = false }.Explore()
            .Breaks(Missing, "J: says it again", "J: RETIRED", "R: passes the hole");

    [Fact]
    public void A_segment_with_its_lanes_last_number_leaves_a_hole_that_nobody_sees() =>
        new FactCompactionModel { LastNumberStays = false }.Explore()
            .Breaks(Missing, "J: says it again", "J: RETIRED", "R: nothing more, so it is at the end");

    [Fact]
    public void A_listing_that_does_not_begin_anew_when_a_segment_went_misses_the_fact() =>
        new FactCompactionModel { ListsAfterLoss = false }.Explore()
            .Breaks(Missing, "R: lists", "J: says it again", "J: RETIRED", "R: the segment is gone",
                "R: is at the end of its listing");

    [Fact]
    public void A_drop_goes_only_when_no_record_that_it_voids_can_rise() =>
        new DropGoesModel().Explore().Holds(10, "J: unlinks the block", "J: flushes the names", "J: the drop goes",
            "J: the drop stays", "power is lost");

    [Fact]
    public void A_drop_that_goes_while_a_record_is_left_lets_the_block_rise() =>
        new DropGoesModel { LooksForRecords = false }.Explore().Breaks(Risen, "J: the drop goes");

    [Fact]
    public void A_drop_that_goes_before_the_names_are_flushed_lets_the_block_rise_with_the_power() =>
        new DropGoesModel { FlushesNames = false }.Explore()
            .Breaks(Risen, "J: unlinks the block", "J: the drop goes", "power is lost");
}

/// <summary>Segment: 0 SEALED, 1 RETIRED, 2 gone. Reader: 0 before the segment, 1 has begun a listing, 9 done.</summary>
internal readonly record struct FactCompaction(
    byte Segment, bool IsLocked, bool IsSaid, byte Janitor, byte Reader, bool Knows, bool HasLease, bool SawSegment,
    bool SawCopy);

/// <summary>Storage/FORMAT.md, compaction of facts.</summary>
internal sealed class FactCompactionModel : Model<FactCompaction>
{
    private const byte Done = 9;

    public bool SaysFirst { get; init; } = true;

    public bool ListsAfterHole { get; init; } = true;

    public bool ListsAfterLoss { get; init; } = true;

    /// <summary>A later number of the lane stands in a segment that stays.</summary>
    public bool LastNumberStays { get; init; } = true;

    public override FactCompaction Start => default;

    public override IEnumerable<(string Step, FactCompaction Next)> Steps(FactCompaction s) => [.. Janitor(s), .. Reader(s)];

    private IEnumerable<(string Step, FactCompaction Next)> Janitor(FactCompaction s)
    {
        (byte say, byte retire) = SaysFirst ? ((byte)1, (byte)2) : ((byte)2, (byte)1);
        if (s.Janitor == Done) yield break;
        if (s.Janitor == 0 && s.HasLease) yield return ("J: busy", s);
        if (s.Janitor == 0 && !s.HasLease) yield return ("J: write lock", s with { Janitor = 1, IsLocked = true });
        if (s.Janitor == say)
            yield return ("J: says it again", s with { Janitor = (byte)(say + 1), IsSaid = true });
        if (s.Janitor == retire)
            yield return ("J: RETIRED", s with { Janitor = (byte)(retire + 1), Segment = 1 });
        if (s.Janitor == 3) yield return ("J: unlinks", s with { Janitor = Done, Segment = 2, IsLocked = false });
        if (s.Janitor > 0) yield return ("J: killed", s with { Janitor = 0, IsLocked = false });
        // Whoever tidies up gives back what a dead janitor had taken.
        if (s is { Janitor: 0, Segment: 1 }) yield return ("J: SEALED again", s with { Segment = 0 });
    }

    private IEnumerable<(string Step, FactCompaction Next)> Reader(FactCompaction s)
    {
        FactCompaction listing = s with
        {
            Reader = 1,
            Knows = false,
            HasLease = false,
            SawSegment = s.Segment == 0,
            SawCopy = s.IsSaid,
        };
        if (s.Reader == Done) yield break;
        if (s.HasLease)
        {
            yield return ("R: reads the segment", s with { Knows = true, HasLease = false, SawSegment = false, Reader = Next(s) });
            yield break;
        }

        if (s.Reader == 0) yield return ("R: lists", listing);
        bool isWanted = s.Reader == 0 || s.SawSegment;
        if (isWanted && s is { Segment: 0, IsLocked: true }) yield return ("R: refused, waits", s);
        if (isWanted && s is { Segment: 0, IsLocked: false }) yield return ("R: leases the segment", s with { HasLease = true });
        if (s.Reader == 0 && s.Segment != 0)
        {
            if (!LastNumberStays) yield return ("R: nothing more, so it is at the end", s with { Reader = Done });
            else if (ListsAfterHole) yield return ("R: hole, lists anew", listing);
            else yield return ("R: passes the hole", s with { Reader = Done });
        }

        if (s is { Reader: 1, SawSegment: true } && s.Segment != 0)
            yield return ListsAfterLoss ? ("R: segment lost, lists anew", listing)
                : ("R: the segment is gone", s with { SawSegment = false });
        if (s is { Reader: 1, SawSegment: false })
            yield return s.SawCopy ? ("R: reads the copy", s with { Reader = Done, Knows = true })
                : ("R: is at the end of its listing", s with { Reader = Done });
    }

    private static byte Next(FactCompaction s) => s.Reader == 0 ? Done : s.Reader;

    public override string? Fault(FactCompaction s) =>
        s is { Reader: Done, Knows: false } ? "a fact that was acknowledged is missing" : null;

    public override bool IsGoal(FactCompaction s) => s is { Janitor: Done, Reader: Done };

    public override string OutOfReach => "somebody is stuck";
}

/// <summary>Whether the dropped record's segment and the drop's are there, and whether their going is flushed.</summary>
internal readonly record struct DropGoes(
    bool BlockIsGone, bool BlockIsFlushed, bool DropIsGone, bool DropIsFlushed, bool WasPowerLost);

internal sealed class DropGoesModel : Model<DropGoes>
{
    public bool LooksForRecords { get; init; } = true;

    public bool FlushesNames { get; init; } = true;

    public override DropGoes Start => default;

    public override IEnumerable<(string Step, DropGoes Next)> Steps(DropGoes s)
    {
        // A janitor may die between unlinking a segment and flushing the directory; the next one finds the slot alone.
        if (!s.BlockIsGone) yield return ("J: unlinks the block", s with { BlockIsGone = true });
        if (s is { BlockIsGone: true, BlockIsFlushed: false } or { DropIsGone: true, DropIsFlushed: false })
            yield return ("J: flushes the names", s with { BlockIsFlushed = s.BlockIsGone, DropIsFlushed = s.DropIsGone });
        if (!s.DropIsGone)
        {
            bool isLeft = LooksForRecords && (!s.BlockIsGone || (FlushesNames && !s.BlockIsFlushed));
            yield return isLeft ? ("J: the drop stays", s) : ("J: the drop goes", s with { DropIsGone = true });
        }

        if (s.WasPowerLost) yield break;
        // Of what was not flushed, each may have come to the medium or not.
        bool[] blocks = s.BlockIsGone && !s.BlockIsFlushed ? [true, false] : [s.BlockIsGone];
        bool[] drops = s.DropIsGone && !s.DropIsFlushed ? [true, false] : [s.DropIsGone];
        foreach (bool block in blocks)
        {
            foreach (bool drop in drops) yield return ("power is lost", new DropGoes(block, block, drop, drop, true));
        }
    }

    public override string? Fault(DropGoes s) =>
        s is { BlockIsGone: false, DropIsGone: true } ? "a block that was dropped is there again" : null;
}
