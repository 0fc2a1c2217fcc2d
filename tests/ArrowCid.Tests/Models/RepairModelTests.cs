namespace ArrowCid.Tests.Models;

/// <summary>
/// The stored copy of block X is damaged. A writer puts the right bytes, another process repairs X from a copy, a reader
/// holds a lease on the damaged bytes, and a janitor compacts, drops, quarantines and rebuilds the index. Each may be
/// killed at every step. What is acknowledged must be found whole.
/// </summary>
public class RepairModelTests
{
    private const string Damaged = "an acknowledged block is damaged";
    private const string Gone = "an acknowledged block is gone";

    [Fact]
    public void Put_that_is_acknowledged_is_whole_wherever_others_are_killed() =>
        new RepairModel().Explore().Holds(2000, "P: compares, damaged", "P: entry moves", "P: killed",
            "A: adopts P's copy", "Q: entry moves", "Q: removed, leaves it", "Q: killed", "J: copies the damaged bytes",
            "J: entry has moved on", "J: lease refused", "J: frees the old segment", "D: entry has moved on",
            "X: dropped", "B: index rebuilt", "R: reads the old bytes");

    [Fact]
    public void Put_that_does_not_compare_acknowledges_damaged_bytes() =>
        new RepairModel { PutCompares = false }.Explore().Breaks(Damaged, "P: known, acknowledged");

    [Fact]
    public void Entry_that_moves_before_the_copy_is_whole_leads_nowhere() =>
        new RepairModel { CopyFirst = false }.Explore()
            .Breaks("an entry leads to no whole record", "P: compares, damaged", "P: entry moves");

    [Fact]
    public void Compaction_that_does_not_compare_entries_brings_the_damaged_bytes_back() =>
        new RepairModel { CompactionCompares = false }.Explore()
            .Breaks(Damaged, "J: copies the damaged bytes", "P: acknowledged", "J: entry moves");

    [Fact]
    public void Quarantine_that_does_not_compare_entries_removes_the_good_copys_entry() =>
        new RepairModel { QuarantineCompares = false }.Explore()
            .Breaks(Gone, "D: damage recorded", "P: acknowledged", "D: entry removed");

    [Fact]
    public void Segment_that_is_freed_under_a_lease_takes_its_bytes_away() =>
        new RepairModel { LeaseHolds = false }.Explore()
            .Breaks("a lease lost its bytes", "R: leases the old bytes", "J: frees the old segment");

    [Fact]
    public void Repair_beside_a_drop_brings_a_removed_block_back() =>
        new RepairModel { RepairExcludesDrops = false }.Explore()
            .Breaks("a removed block is back", "Q: not removed", "X: dropped", "Q: copy");

    [Fact]
    public void Rebuild_that_does_not_hash_finds_the_damaged_copy() =>
        new RepairModel { RebuildHashes = false }.Explore().Breaks(Damaged, "P: acknowledged", "B: index rebuilt");
}

/// <summary>Entry: 0 none, 1 the damaged copy, 2 P's, 3 Q's, 4 where the janitor moved the damaged bytes. Lock: 0 free,
/// else who is the janitor: 1 Q, 2 the drop, 3 the compaction.</summary>
internal readonly record struct Repair(byte Entry, bool IsOldGone, bool HasCopyP, bool HasCopyQ, byte P, byte Q, byte R,
    byte J, byte D, byte X, byte B, byte Lock, bool IsDropped, bool IsOwed, bool IsBack);

internal sealed class RepairModel : Model<Repair>
{
    private const byte Done = 9;
    private const byte Dead = 20;
    private const byte Adopted = 21;

    public bool PutCompares { get; init; } = true;

    public bool CopyFirst { get; init; } = true;

    public bool CompactionCompares { get; init; } = true;

    public bool QuarantineCompares { get; init; } = true;

    public bool LeaseHolds { get; init; } = true;

    public bool RepairExcludesDrops { get; init; } = true;

    public bool RebuildHashes { get; init; } = true;

    public override Repair Start => new() { Entry = 1 };

    public override IEnumerable<(string Step, Repair Next)> Steps(Repair s) =>
        [.. Put(s), .. RepairFromCopy(s), .. Read(s), .. Compact(s), .. Others(s)];

    private IEnumerable<(string Step, Repair Next)> Put(Repair s)
    {
        if (s.P == 0 && IsWhole(s.Entry)) yield return ("P: compares, whole", s with { P = 3 });
        else if (s.P == 0 && s.Entry == 0) yield return ("P: not known", s with { P = 1 });
        else if (s.P == 0 && PutCompares) yield return ("P: compares, damaged", s with { P = 1 });
        else if (s.P == 0) yield return ("P: known, acknowledged", s with { P = Done, IsOwed = true });
        bool isCopied = s.HasCopyP || !CopyFirst;
        if (s.P == 1 && !isCopied) yield return ("P: copy", s with { HasCopyP = true });
        if (s.P == 1 && isCopied) yield return ("P: entry moves", s with { Entry = 2, P = 2 });
        if (s.P == 2) yield return ("P: copy is whole", s with { HasCopyP = true, P = 3 });
        if (s.P == 3) yield return ("P: acknowledged", s with { P = Done, IsOwed = true, IsDropped = false });
        if (s.P is > 0 and < Done) yield return ("P: killed", s with { P = Dead });
        if (s.P == Dead && s.HasCopyP && s.Entry != 2) yield return ("A: adopts P's copy", s with { Entry = 2, P = Adopted });
    }

    private IEnumerable<(string Step, Repair Next)> RepairFromCopy(Repair s)
    {
        Repair Ended(Repair t, byte at) => t with { Q = at, Lock = t.Lock == 1 ? (byte)0 : t.Lock };
        if (s.Q == 0 && RepairExcludesDrops && s.Lock == 0) yield return ("Q: is the janitor", s with { Q = 1, Lock = 1 });
        if (s.Q == 0 && !RepairExcludesDrops) yield return ("Q: begins", s with { Q = 1 });
        if (s.Q == 1 && s.IsDropped) yield return ("Q: removed, leaves it", Ended(s, Done));
        if (s.Q == 1 && !s.IsDropped && IsWhole(s.Entry)) yield return ("Q: whole", Ended(s, Done));
        if (s.Q == 1 && !s.IsDropped && !IsWhole(s.Entry)) yield return ("Q: not removed", s with { Q = 2 });
        if (s.Q == 2) yield return ("Q: copy", s with { HasCopyQ = true, Q = 3, IsBack = s.IsDropped });
        if (s.Q == 3) yield return ("Q: entry moves", Ended(s with { Entry = 3 }, Done));
        if (s.Q is > 0 and < Done) yield return ("Q: killed", Ended(s, Dead));
    }

    private static IEnumerable<(string Step, Repair Next)> Read(Repair s)
    {
        if (s.R == 0 && s.Entry == 1) yield return ("R: leases the old bytes", s with { R = 1 });
        if (s.R == 1) yield return ("R: reads the old bytes", s with { R = Done });
    }

    /// <summary>A janitor that copies without hashing is a harder one than the real one.</summary>
    private IEnumerable<(string Step, Repair Next)> Compact(Repair s)
    {
        if (s.J == 0 && s.Lock == 0) yield return ("J: is the janitor", s with { J = 1, Lock = 3 });
        bool isAlive = s.Entry == 1 && !s.IsDropped;
        if (s.J == 1) yield return isAlive ? ("J: copies the damaged bytes", s with { J = 2 }) : ("J: dead", s with { J = 3 });
        if (s.J == 2 && (s.Entry == 1 || !CompactionCompares)) yield return ("J: entry moves", s with { Entry = 4, J = 3 });
        if (s.J == 2 && s.Entry != 1 && CompactionCompares) yield return ("J: entry has moved on", s with { J = 3 });
        if (s.J == 3 && s.R == 1 && LeaseHolds) yield return ("J: lease refused", s with { J = Done, Lock = 0 });
        if (s.J == 3 && (s.R != 1 || !LeaseHolds))
            yield return ("J: frees the old segment",
                s with { J = Done, Lock = 0, IsOldGone = true, Entry = s.Entry == 1 ? (byte)0 : s.Entry });
        if (s.J is > 0 and < Done) yield return ("J: killed", s with { J = Dead, Lock = 0 });
    }

    private IEnumerable<(string Step, Repair Next)> Others(Repair s)
    {
        if (s.D == 0 && s.Entry == 1) yield return ("D: damage recorded", s with { D = 1 });
        if (s.D == 1 && (s.Entry == 1 || !QuarantineCompares)) yield return ("D: entry removed", s with { Entry = 0, D = Done });
        if (s.D == 1 && s.Entry != 1 && QuarantineCompares) yield return ("D: entry has moved on", s with { D = Done });
        if (s.X == 0 && s.Lock == 0) yield return ("X: is the janitor", s with { X = 1, Lock = 2 });
        if (s.X == 1) yield return ("X: dropped", s with { X = Done, Lock = 0, IsDropped = true, IsOwed = false });
        // Writers at work are waited for, so that what they publish is in the new index.
        bool isQuiet = s.P is not (1 or 2) && s.Q is not (2 or 3) && s.J != 2;
        if (s.B == 0 && isQuiet) yield return ("B: index rebuilt", s with { B = Done, Entry = Found(s) });
    }

    private byte Found(Repair s) =>
        !RebuildHashes && !s.IsOldGone ? (byte)1 : s.HasCopyP ? (byte)2 : s.HasCopyQ ? (byte)3 : (byte)0;

    private static bool IsWhole(byte entry) => entry is 2 or 3;

    public override string? Fault(Repair s)
    {
        if (s.Entry == 2 && !s.HasCopyP) return "an entry leads to no whole record";
        if (s.R == 1 && s.IsOldGone) return "a lease lost its bytes";
        if (s.IsBack) return "a removed block is back";
        if (!s.IsOwed || IsWhole(s.Entry)) return null;
        return s.Entry == 0 ? "an acknowledged block is gone" : "an acknowledged block is damaged";
    }

    public override bool IsGoal(Repair s) => s.P is Done or Dead or Adopted;

    public override string OutOfReach => "a put cannot end";
}
