namespace ArrowCid.Tests.Models;

/// <summary>
/// Block X is old and nothing refers to it. Two writers put the same bytes again; a janitor drops X and compacts its
/// segment, killed at any step and followed by the next one. What is acknowledged after the fence must be found.
/// </summary>
public class DropModelTests
{
    private const string Gone = "an acknowledged put is gone";

    [Fact]
    public void A_put_that_is_acknowledged_beside_a_drop_stays_wherever_the_janitor_is_killed() =>
        new DropModel().Explore().Holds(2300, "P: REF", "Q: REF", "J: drop {F}", "J: alive, not dropped",
            "J: newly live, SEALED again", "J: copies X forward", "J: killed", "P: lease refused", "J: unlinks",
            "P: RETIRED, looks again");

    [Fact]
    public void A_drop_without_a_fence_kills_a_REF_that_came_past_it() =>
        new DropModel { DropNamesFence = false }.Explore()
            .Breaks(Gone, "P: lease", "J: F", "P: REF", "J: drop {F}", "J: entries to 0");

    [Fact]
    public void A_liveness_that_is_read_before_the_lock_takes_a_REF_for_dead() =>
        new DropModel { LivenessAfterRetired = false }.Explore()
            .Breaks(Gone, "J: dead", "P: REF", "J: write lock", "J: entries to 0");

    [Fact]
    public void A_put_hit_without_a_lease_is_acknowledged_after_the_segment_went() =>
        new DropModel { PutTakesLease = false }.Explore()
            .Breaks(Gone, "P: known", "J: reads all lanes", "P: REF", "J: entries to 0");

    [Fact]
    public void A_put_hit_that_does_not_read_the_table_word_behind_its_lease_finds_a_dead_janitors_segment() =>
        new DropModel { PutReadsTableWord = false }.Explore()
            .Breaks(Gone, "J: RETIRED", "J: entries to 0", "J: killed", "P: lease", "P: REF", "P: acknowledged");

    [Fact]
    public void An_entry_that_is_not_compared_when_it_goes_takes_a_newer_copy_with_it() =>
        new DropModel { EntriesGoByCompare = false }.Explore()
            .Breaks(Gone, "J: copies X forward", "J: entries to 0");

    [Fact]
    public void A_mark_that_does_not_look_up_to_F_drops_what_came_between_the_fences() =>
        new DropModel { MarksUpToFence = false }.Explore()
            .Breaks(Gone, "J: first fence", "P: REF", "J: F", "J: drop {F}", "J: entries to 0");
}

/// <summary>Entry: 0 none, 1 the old place, 2 moved, 3 P's or Q's own. Ref: 0 none, else 1 + where the janitor stood.
/// </summary>
internal readonly record struct DropPut(byte At, byte Entry, bool HasLease, byte Ref, bool HasCopy, bool IsAcked);

internal readonly record struct Drop(
    byte Entry, bool IsOldThere, bool IsRetired, bool IsLocked, byte Phase, byte Janitor, bool IsDropped,
    DropPut P, DropPut Q);

/// <summary>store.md, Put against drop, with compaction's steps 1 to 4.</summary>
internal sealed class DropModel : Model<Drop>
{
    private const byte Old = 1;
    private const byte Moved = 2;
    private const byte Own = 3;
    private const byte Done = 9;

    public bool DropNamesFence { get; init; } = true;

    public bool LivenessAfterRetired { get; init; } = true;

    public bool PutTakesLease { get; init; } = true;

    public bool PutReadsTableWord { get; init; } = true;

    public bool EntriesGoByCompare { get; init; } = true;

    public bool MarksUpToFence { get; init; } = true;

    public override Drop Start => new() { Entry = Old, IsOldThere = true };

    public override IEnumerable<(string Step, Drop Next)> Steps(Drop s) =>
        [
            .. Put(s, "P", s.P, (t, p) => t with { P = p }),
            .. Put(s, "Q", s.Q, (t, p) => t with { Q = p }),
            .. Collect(s),
            .. Compact(s),
        ];

    private IEnumerable<(string Step, Drop Next)> Put(Drop s, string name, DropPut p, Func<Drop, DropPut, Drop> with)
    {
        if (p.At == 0)
            yield return s.Entry == 0 ? ($"{name}: not known", with(s, p with { At = 6 }))
                : ($"{name}: known", with(s, p with { At = 1, Entry = s.Entry }));
        if (p.At == 1 && (p.Entry != Old || !PutTakesLease))
            yield return ($"{name}: the place will do", with(s, p with { At = 3 }));
        if (p.At == 1 && p.Entry == Old && PutTakesLease)
        {
            if (!s.IsOldThere) yield return ($"{name}: no such file, looks again", with(s, p with { At = 0 }));
            else if (s.IsLocked) yield return ($"{name}: lease refused", with(s, p with { At = 6 }));
            else yield return ($"{name}: lease", with(s, p with { At = 2, HasLease = true }));
        }

        if (p.At == 2 && s.IsRetired && PutReadsTableWord)
            yield return ($"{name}: RETIRED, looks again",
                with(s, p with { At = s.Entry == Old ? (byte)6 : (byte)0, HasLease = false }));
        if (p.At == 2 && !(s.IsRetired && PutReadsTableWord))
            yield return ($"{name}: the table word holds", with(s, p with { At = 3 }));
        if (p.At == 3) yield return ($"{name}: REF", with(s, p with { At = 4, Ref = (byte)(1 + s.Phase) }));
        if (p.At == 4)
            yield return ($"{name}: acknowledged", with(s, p with { At = Done, HasLease = false, IsAcked = true }));
        if (p.At == 6)
            yield return ($"{name}: writes anew", with(s with { Entry = Own },
                p with { At = 4, HasCopy = true, Ref = (byte)(1 + s.Phase) }));
    }

    private static bool IsKept(DropPut p, int phase) => p.Ref > phase;

    // The copy at the old place is alive by the rule: not dropped, or a REF came after F.
    private bool IsAlive(Drop s) => !s.IsDropped || IsKept(s.P, LastKilled) || IsKept(s.Q, LastKilled);

    // Without F a drop counts from where it stands in the log.
    private int LastKilled => DropNamesFence ? 2 : 3;

    private IEnumerable<(string Step, Drop Next)> Collect(Drop s)
    {
        if (s.Phase == 0) yield return ("J: first fence", s with { Phase = 1 });
        if (s.Phase == 1)
        {
            bool isMarked = MarksUpToFence && (IsKept(s.P, 1) || IsKept(s.Q, 1));
            yield return isMarked ? ("J: alive, not dropped", s with { Phase = 4 }) : ("J: F", s with { Phase = 2 });
        }

        if (s.Phase == 2)
            yield return ("J: drop {F}", s with { Phase = 3, IsDropped = true });
    }

    private IEnumerable<(string Step, Drop Next)> Compact(Drop s)
    {
        if (s.Phase < 3 || s.Janitor == Done) yield break;
        bool isLeased = s.P.HasLease || s.Q.HasLease;
        bool hasCopied = s.Entry != Old;
        if (s.Janitor == 0)
            yield return IsAlive(s) && !hasCopied
                ? ("J: copies X forward", s with { Janitor = 1, Entry = Moved })
                : ("J: dead", s with { Janitor = 1 });
        if (s.Janitor == 1 && !isLeased) yield return ("J: write lock", s with { Janitor = 2, IsLocked = true });
        if (s.Janitor == 2) yield return ("J: RETIRED", s with { Janitor = 3, IsRetired = true });
        if (s.Janitor == 3 && LivenessAfterRetired && IsAlive(s) && !hasCopied)
            yield return ("J: newly live, SEALED again",
                s with { Janitor = 0, IsRetired = false, IsLocked = false });
        else if (s.Janitor == 3)
            yield return ("J: reads all lanes", s with { Janitor = 4 });
        if (s.Janitor == 4)
        {
            bool goes = s.Entry == Old || !EntriesGoByCompare;
            yield return ("J: entries to 0", s with { Janitor = 5, Entry = goes ? (byte)0 : s.Entry });
        }

        if (s.Janitor == 5)
            yield return ("J: unlinks", s with { Janitor = Done, IsOldThere = false, IsLocked = false });
        // The next janitor repeats: from the write lock where it finds the segment RETIRED.
        if (s.Janitor > 0)
            yield return ("J: killed", s with { Janitor = s.IsRetired ? (byte)1 : (byte)0, IsLocked = false });
    }

    public override string? Fault(Drop s)
    {
        // Before the first fence an acknowledged block that nothing refers to may be collected.
        bool mustBeThere = IsOwed(s.P) || IsOwed(s.Q);
        bool isThere = s.Entry is Moved or Own || (s.Entry == Old && s.IsOldThere);
        return mustBeThere && !isThere ? "an acknowledged put is gone" : null;
    }

    private static bool IsOwed(DropPut p) => p is { IsAcked: true, Ref: > 1 };

    public override bool IsGoal(Drop s) => s.Janitor == Done && s.P.IsAcked && s.Q.IsAcked;

    public override string OutOfReach => "somebody is stuck";
}
