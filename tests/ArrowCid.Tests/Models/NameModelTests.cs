namespace ArrowCid.Tests.Models;

/// <summary>
/// Two writers swap one name, each from nothing to its own block, and may be killed at every step; a third process
/// opens the store and adopts free lanes.
/// </summary>
public class NameModelTests
{
    private const string TwoWinners = "two facts have one previous";

    [Fact]
    public void Two_swaps_of_one_name_have_one_winner_wherever_a_writer_is_killed() =>
        new NameModel().Explore().Holds(130, "A: P4", "A: killed", "B: locks A's lane", "B: commits A's fact",
            "Z: commits A's fact", "B: refused, the name has moved", "Z: killed", "B: waits for A's lane");

    [Fact]
    public void A_dead_writers_fact_with_the_same_previous_rises_later() =>
        new NameModel { Settles = false }.Explore()
            .Breaks(TwoWinners, "A: P4", "A: killed", "B: compares", "B: P6", "Z: commits A's fact");

    // A lane that another process is adopting is not free, and its fact not yet committed: to go on without it is the
    // same fault.
    [Fact]
    public void A_dead_writers_fact_rises_later_when_a_lane_that_another_adopts_is_not_waited_for() =>
        new NameModel { WaitsForAdopters = false }.Explore()
            .Breaks(TwoWinners, "A: P4", "A: killed", "Z: locks A's lane", "B: compares", "B: P6",
                "Z: commits A's fact");

    [Fact]
    public void A_name_lock_that_drops_before_the_lane_of_a_dead_writer_hides_its_fact() =>
        new NameModel { OneDescription = false, WaitsForAdopters = false, HasAdopter = false }.Explore()
            .Breaks(TwoWinners, "A: P4", "A: killed, the name is free", "B: nothing to adopt",
                "A: its lanes are free", "B: P6", "C: commits A's fact");

    [Fact]
    public void Who_waits_for_locked_lanes_with_a_whole_record_needs_no_common_drop_of_the_locks() =>
        new NameModel { OneDescription = false }.Explore()
            .Holds(200, "A: killed, the name is free", "A: its lanes are free", "B: waits for A's lane");

    [Fact]
    public void A_swap_that_compares_before_it_locks_overwrites_a_winner() =>
        new NameModel { ComparesUnderLock = false }.Explore()
            .Breaks(TwoWinners, "A: compares", "B: compares", "A: P6", "B: P6");

    [Fact]
    public void A_swap_that_unlocks_before_it_commits_overwrites_a_winner() =>
        new NameModel { CommitsUnderLock = false, WaitsForAdopters = false }.Explore()
            .Breaks(TwoWinners, "A: P4", "A: unlocks the name", "B: compares", "A: P6", "B: P6");
}

/// <summary>A lane: its lock (0 free, 1 A, 2 B, 3 Z), a whole record past committed, a committed one.</summary>
internal readonly record struct NameLane(byte Lock, bool HasTail, bool IsCommitted);

internal readonly record struct Names(
    byte NameLock, NameLane LaneA, NameLane LaneB, byte AtA, byte AtB, byte AtZ, byte LaneOfZ);

internal sealed class NameModel : Model<Names>
{
    private const byte Unlock = 10;
    private const byte Done = 11;
    private const byte Compared = 12;
    private const byte Dying = 19;
    private const byte Dead = 20;

    public bool Settles { get; init; } = true;

    public bool WaitsForAdopters { get; init; } = true;

    public bool OneDescription { get; init; } = true;

    public bool ComparesUnderLock { get; init; } = true;

    public bool CommitsUnderLock { get; init; } = true;

    /// <summary>Whether Z runs beside the writers; if not, somebody (C) opens the store after them.</summary>
    public bool HasAdopter { get; init; } = true;

    public override Names Start => new() { LaneA = new(1, false, false), LaneB = new(2, false, false) };

    public override IEnumerable<(string Step, Names Next)> Steps(Names s) =>
        [
            .. Writer(s, "A", "B", 1, s.AtA, s.LaneA, s.LaneB, (t, at, own, other) =>
                t with { AtA = at, LaneA = own, LaneB = other }),
            .. Writer(s, "B", "A", 2, s.AtB, s.LaneB, s.LaneA, (t, at, own, other) =>
                t with { AtB = at, LaneB = own, LaneA = other }),
            .. Adopter(s),
        ];

    private IEnumerable<(string Step, Names Next)> Writer(
        Names s, string name, string otherName, byte self, byte at, NameLane own, NameLane other,
        Func<Names, byte, NameLane, NameLane, Names> with)
    {
        Names locked = s with { NameLock = self };
        bool mayLock = s.NameLock == 0 && at == (ComparesUnderLock ? 0 : Compared);
        byte next = !ComparesUnderLock ? (byte)5 : Settles ? (byte)1 : (byte)4;
        if (mayLock) yield return ($"{name}: locks the name", with(locked, next, own, other));
        if (at == (ComparesUnderLock ? 4 : 0))
            yield return own.IsCommitted || other.IsCommitted
                ? ($"{name}: refused, the name has moved", with(s, ComparesUnderLock ? Unlock : Done, own, other))
                : ($"{name}: compares", with(s, ComparesUnderLock ? (byte)5 : Compared, own, other));
        if (at == 1 && other is { HasTail: true, Lock: 0 })
            yield return ($"{name}: locks {otherName}'s lane", with(s, 2, own, other with { Lock = self }));
        if (at == 1 && other is { HasTail: true, Lock: not 0 } && WaitsForAdopters)
            yield return ($"{name}: waits for {otherName}'s lane", s);
        if (at == 1 && (!other.HasTail || (other.Lock != 0 && !WaitsForAdopters)))
            yield return ($"{name}: nothing to adopt", with(s, 4, own, other));
        if (at == 2)
            yield return ($"{name}: commits {otherName}'s fact",
                with(s, 3, own, other with { HasTail = false, IsCommitted = true }));
        if (at == 3) yield return ($"{name}: unlocks {otherName}'s lane", with(s, 1, own, other with { Lock = 0 }));
        if (at == 5) yield return ($"{name}: P4", with(s, 6, own with { HasTail = true }, other));
        if (at == 6 && CommitsUnderLock)
            yield return ($"{name}: P6", with(s, Unlock, own with { HasTail = false, IsCommitted = true }, other));
        if (at == 6 && !CommitsUnderLock)
            yield return ($"{name}: unlocks the name", with(s with { NameLock = 0 }, 7, own, other));
        if (at == 7)
            yield return ($"{name}: P6", with(s, Done, own with { HasTail = false, IsCommitted = true }, other));
        if (at == Unlock) yield return ($"{name}: unlocks the name", with(s with { NameLock = 0 }, Done, own, other));
        foreach (var kill in Kill(s, name, self, at, own, other, with)) yield return kill;
    }

    private IEnumerable<(string Step, Names Next)> Kill(
        Names s, string name, byte self, byte at, NameLane own, NameLane other,
        Func<Names, byte, NameLane, NameLane, Names> with)
    {
        Names freed = s with { NameLock = s.NameLock == self ? (byte)0 : s.NameLock };
        NameLane ownFree = own with { Lock = own.Lock == self ? (byte)0 : own.Lock };
        NameLane otherFree = other with { Lock = other.Lock == self ? (byte)0 : other.Lock };
        if (at < Dying && OneDescription) yield return ($"{name}: killed", with(freed, Dead, ownFree, otherFree));
        if (at < Dying && !OneDescription)
            yield return ($"{name}: killed, the name is free", with(freed, Dying, own, other));
        if (at == Dying) yield return ($"{name}: its lanes are free", with(s, Dead, ownFree, otherFree));
    }

    private IEnumerable<(string Step, Names Next)> Adopter(Names s)
    {
        string name = HasAdopter ? "Z" : "C";
        bool mayBegin = HasAdopter || (s.AtA is Done or Dead && s.AtB is Done or Dead);
        if (s.AtZ == 0 && mayBegin && s.LaneA.Lock == 0)
            yield return ($"{name}: locks A's lane",
                s with { AtZ = 1, LaneOfZ = 1, LaneA = s.LaneA with { Lock = 3 } });
        if (s.AtZ == 0 && mayBegin && s.LaneB.Lock == 0)
            yield return ($"{name}: locks B's lane",
                s with { AtZ = 1, LaneOfZ = 2, LaneB = s.LaneB with { Lock = 3 } });
        if (s.AtZ == 0) yield break;
        NameLane lane = s.LaneOfZ == 1 ? s.LaneA : s.LaneB;
        Names Put(NameLane l, byte at) =>
            (s.LaneOfZ == 1 ? s with { LaneA = l } : s with { LaneB = l }) with { AtZ = at };
        if (s.AtZ == 1 && lane.HasTail)
            yield return ($"{name}: commits {(s.LaneOfZ == 1 ? "A" : "B")}'s fact",
                Put(lane with { HasTail = false, IsCommitted = true }, 1));
        if (s.AtZ == 1 && !lane.HasTail) yield return ($"{name}: unlocks", Put(lane with { Lock = 0 }, 0));
        yield return ($"{name}: killed", Put(lane with { Lock = 0 }, 0));
    }

    public override string? Fault(Names s) =>
        s.LaneA.IsCommitted && s.LaneB.IsCommitted ? "two facts have one previous" : null;
}
