namespace ArrowCid.Tests.Models;

/// <summary>
/// Two writers put the same bytes in lanes of their own, each may be killed at every step, a janitor adopts what a
/// dead one left, and a reader looks up and watches.
/// </summary>
public class PublishModelTests
{
    [Fact]
    public void Two_writers_of_one_block_and_a_kill_at_every_step_leave_it_whole() =>
        new PublishModel().Explore().Holds(420, "A: killed", "B: killed", "J: adopts A's lane", "A: known, REF",
            "B: P5 finds the other's", "R: hit");

    [Fact]
    public void An_entry_before_its_header_points_at_nothing() =>
        new PublishModel { HeaderFirst = false }.Explore()
            .Breaks("an entry points at no header", "A: P3, not known", "A: P5");

    [Fact]
    public void Announcing_before_the_entry_shows_a_block_that_no_lookup_finds() =>
        new PublishModel { EntryBeforeCommitted = false }.Explore()
            .Breaks("an announced block is not found", "A: P4", "A: P6");

    [Fact]
    public void A_tail_that_nobody_adopts_keeps_a_found_block_from_the_watchers() =>
        new PublishModel { Adopts = false }.Explore()
            .Breaks("a found block is never announced", "A: P5", "A: killed", "B: killed", "R: hit");

    [Fact]
    public void An_adopter_that_commits_without_indexing_announces_what_is_not_found() =>
        new PublishModel { AdopterIndexes = false }.Explore()
            .Breaks("an announced block is not found", "A: P4", "A: killed", "J: adopts A's lane");
}

/// <summary>Entry: 0 none, 1 A's copy, 2 B's. Record of a lane: 0 none, 1 payload, 2 REF.</summary>
internal readonly record struct Publish(
    byte Entry, byte AtA, byte RecordA, bool IsCommittedA, byte AtB, byte RecordB, bool IsCommittedB, bool IsSeen,
    bool IsAcked);

internal sealed class PublishModel : Model<Publish>
{
    private const byte Done = 9;
    private const byte Dead = 20;
    private const byte Adopted = 21;

    public bool HeaderFirst { get; init; } = true;

    public bool EntryBeforeCommitted { get; init; } = true;

    public bool Adopts { get; init; } = true;

    public bool AdopterIndexes { get; init; } = true;

    public override Publish Start => default;

    public override IEnumerable<(string Step, Publish Next)> Steps(Publish s)
    {
        var a = (At: s.AtA, Record: s.RecordA, IsCommitted: s.IsCommittedA);
        var b = (At: s.AtB, Record: s.RecordB, IsCommitted: s.IsCommittedB);
        foreach (var step in Writer(s, "A", 1, a, (t, w) =>
            t with { AtA = w.At, RecordA = w.Record, IsCommittedA = w.IsCommitted })) yield return step;
        foreach (var step in Writer(s, "B", 2, b, (t, w) =>
            t with { AtB = w.At, RecordB = w.Record, IsCommittedB = w.IsCommitted })) yield return step;
        if (!s.IsSeen && s.Entry != 0) yield return ("R: hit", s with { IsSeen = true });
    }

    private IEnumerable<(string Step, Publish Next)> Writer(
        Publish s, string name, byte own, (byte At, byte Record, bool IsCommitted) w,
        Func<Publish, (byte At, byte Record, bool IsCommitted), Publish> with)
    {
        (byte header, byte entry) = HeaderFirst ? ((byte)2, (byte)3) : ((byte)3, (byte)2);
        (byte index, byte commit) = EntryBeforeCommitted ? (entry, (byte)4) : ((byte)4, entry);
        byte After(byte at) => at == 4 ? Done : (byte)(at + 1);
        if (w.At == 0) yield return ($"{name}: P0 to P2", with(s, (1, 0, false)));
        if (w.At == 1)
            yield return s.Entry == 0 ? ($"{name}: P3, not known", with(s, (2, 0, false)))
                : ($"{name}: known, REF", with(s, (commit, 2, false)));
        if (w.At == header && w.Record == 0) yield return ($"{name}: P4", with(s, (After(header), 1, false)));
        if (w.At == index && w.Record != 2)
            yield return s.Entry == 0
                ? ($"{name}: P5", with(s with { Entry = own }, (After(index), w.Record, w.IsCommitted)))
                : ($"{name}: P5 finds the other's", with(s, (After(index), w.Record, w.IsCommitted)));
        if (w.At == commit && w.Record != 0)
        {
            byte next = w.Record == 2 ? Done : After(commit);
            yield return ($"{name}: P6", with(s with { IsAcked = true }, (next, w.Record, true)));
        }

        if (w.At is > 0 and < Dead) yield return ($"{name}: killed", with(s, (Dead, w.Record, w.IsCommitted)));
        if (w.At == Dead && Adopts)
        {
            Publish indexed = AdopterIndexes && w.Record == 1 && s.Entry == 0 ? s with { Entry = own } : s;
            yield return ($"J: adopts {name}'s lane", with(indexed, (Adopted, w.Record, w.Record != 0)));
        }
    }

    public override string? Fault(Publish s)
    {
        if (s is { Entry: 1, RecordA: not 1 } or { Entry: 2, RecordB: not 1 }) return "an entry points at no header";
        bool isAnnounced = s.IsCommittedA || s.IsCommittedB || s.IsAcked;
        return isAnnounced && s.Entry == 0 ? "an announced block is not found" : null;
    }

    public override bool IsGoal(Publish s) => !s.IsSeen || s.IsCommittedA || s.IsCommittedB;

    public override string OutOfReach => "a found block is never announced";
}
