namespace ArrowCid.Tests.Models;

/// <summary>
/// R against E: a janitor moves block X forward and recycles its segment in place, killed at any step and repeated by
/// the next; a reader looks X up, again and again, and an idle tick of its process unmaps what nobody reads.
/// </summary>
public class ReclaimModelTests
{
    private const string Changed = "bytes change under a reader";
    private const string Missed = "a block that is there is missed";
    private const string Unmapped = "a reader touches what is unmapped";

    [Fact]
    public void A_reader_keeps_its_bytes_and_misses_nothing_wherever_the_janitor_is_killed() =>
        new ReclaimModel().Explore().Holds(190, "R: lease refused", "R: looks again", "R: reads in place", "J: killed",
            "J: other bytes", "T: unmaps", "R: read by pread", "R: found where it moved", "J: busy");

    [Fact]
    public void A_reader_without_a_lease_sees_its_bytes_change() =>
        new ReclaimModel { TakesLease = false }.Explore()
            .Breaks(Changed, "R: maps", "J: RETIRED", "J: other bytes", "R: reads in place");

    [Fact]
    public void A_write_lock_on_the_leases_own_description_is_not_refused() =>
        new ReclaimModel { FreshDescription = false }.Explore()
            .Breaks(Changed, "R: maps", "J: RETIRED", "J: other bytes", "R: reads in place");

    [Fact]
    public void A_lease_that_goes_before_its_mapping_lets_a_janitor_under_it() =>
        new ReclaimModel { UnmapsFirst = false }.Explore()
            .Breaks("a mapping is there without its lock", "R: maps", "T: nobody reads", "T: closes");

    [Fact]
    public void A_count_after_the_first_touch_lets_the_tick_unmap_in_between() =>
        new ReclaimModel { CountsBeforeTouching = false }.Explore()
            .Breaks(Unmapped, "R: maps", "T: unmaps", "R: reads the header");

    [Fact]
    public void A_count_that_is_not_refused_while_closing_lets_the_tick_unmap_in_between() =>
        new ReclaimModel { CountIsRefused = false }.Explore()
            .Breaks(Unmapped, "T: nobody reads", "R: counts", "R: reads the header");

    [Fact]
    public void A_failed_lookup_that_does_not_look_again_misses_what_moved() =>
        new ReclaimModel { LooksAgain = false }.Explore().Breaks(Missed, "J: moves X, entry by CAS", "R: MISS");

    [Fact]
    public void A_refused_lease_that_counts_as_a_miss_misses_what_a_janitor_only_tried() =>
        new ReclaimModel { RefusedIsMiss = true, Moves = false }.Explore()
            .Breaks(Missed, "J: write lock", "R: lease refused", "R: MISS");

    [Fact]
    public void Bytes_that_are_recycled_under_a_pread_are_called_corrupt_without_the_table_word() =>
        new ReclaimModel { JudgesByTableWord = false }.Explore()
            .Breaks("a whole block is called corrupt", "J: other bytes", "R: lease refused", "R: CORRUPT");

    // The lease is what counts: behind it the header's nonce and digest refuse a recycled segment as well.
    [Fact]
    public void The_table_word_behind_the_lease_only_spares_the_header() =>
        new ReclaimModel { ReadsTableWordAgain = false }.Explore()
            .Holds(175, "R: reads in place", "R: the header is another's", "J: other bytes");

    [Fact]
    public void Neither_the_table_word_nor_the_header_behind_the_lease_hands_out_other_bytes() =>
        new ReclaimModel { ReadsTableWordAgain = false, ChecksHeader = false }.Explore()
            .Breaks(Changed, "J: other bytes", "R: maps", "R: reads in place");

    [Fact]
    public void An_entry_that_is_read_before_the_table_word_is_never_taken_for_stale_while_it_lives() =>
        new StaleEntryModel().Explore().Holds(30, "W1: P5", "W2: stale, P5", "W2: takes another place");

    [Fact]
    public void An_entry_that_is_read_after_the_table_word_is_taken_for_stale_while_it_lives() =>
        new StaleEntryModel { EntryFirst = false }.Explore()
            .Breaks("an acknowledged block's entry is overwritten", "W2: reads the table word", "J: generation 2",
                "W1: P5", "W2: reads the entry", "W2: stale, P5");
}

/// <summary>Entry: 1 the old place, 2 the new one. Table: 0 SEALED, 1 RETIRED, 2 OPEN of the next generation.</summary>
internal readonly record struct Reclaim(
    byte Entry, byte Table, bool IsOther, bool IsLocked, byte Janitor, byte Reader, byte Read, bool HasLease,
    bool IsMapped, bool IsClosing, byte Count, byte Tick, byte Verdict);

internal sealed class ReclaimModel : Model<Reclaim>
{
    private const byte Old = 1;
    private const byte New = 2;
    private const byte Missed = 1;
    private const byte Corrupt = 2;
    private const byte Touched = 3;

    public bool TakesLease { get; init; } = true;

    public bool FreshDescription { get; init; } = true;

    public bool UnmapsFirst { get; init; } = true;

    public bool CountsBeforeTouching { get; init; } = true;

    public bool CountIsRefused { get; init; } = true;

    public bool LooksAgain { get; init; } = true;

    public bool RefusedIsMiss { get; init; }

    public bool JudgesByTableWord { get; init; } = true;

    public bool ReadsTableWordAgain { get; init; } = true;

    public bool ChecksHeader { get; init; } = true;

    /// <summary>If not, the janitor only tries the lock and lets go: X stays where it is.</summary>
    public bool Moves { get; init; } = true;

    public override Reclaim Start => new() { Entry = Old };

    public override IEnumerable<(string Step, Reclaim Next)> Steps(Reclaim s) =>
        [.. Janitor(s), .. Tick(s), .. Lookup(s), .. Import(s)];

    private IEnumerable<(string Step, Reclaim Next)> Janitor(Reclaim s)
    {
        if (s.Janitor == 0)
            yield return Moves ? ("J: moves X, entry by CAS", s with { Janitor = 1, Entry = New })
                : ("J: looks at the segment", s with { Janitor = 1 });
        bool isRefused = s.HasLease && FreshDescription;
        if (s.Janitor == 1 && isRefused) yield return ("J: busy", s);
        if (s.Janitor == 1 && !isRefused) yield return ("J: write lock", s with { Janitor = 2, IsLocked = true });
        if (s.Janitor == 2 && !Moves) yield return ("J: lets go", s with { Janitor = 9, IsLocked = false });
        if (s.Janitor == 2 && Moves) yield return ("J: RETIRED", s with { Janitor = 3, Table = 1 });
        if (s.Janitor == 3) yield return ("J: other bytes", s with { Janitor = 4, IsOther = true });
        if (s.Janitor == 4) yield return ("J: OPEN, generation 2", s with { Janitor = 5, Table = 2 });
        if (s.Janitor == 5) yield return ("J: the lock is its lease", s with { Janitor = 9, IsLocked = false });
        if (s.Janitor is > 1 and < 5) yield return ("J: killed", s with { Janitor = 1, IsLocked = false });
    }

    // Another thread of the reader's process. Count and closing are one word.
    private IEnumerable<(string Step, Reclaim Next)> Tick(Reclaim s)
    {
        Reclaim closed = s with { HasLease = false };
        Reclaim unmapped = s with { IsMapped = false };
        if (s is { Tick: 0, IsMapped: true, Count: 0 })
            yield return ("T: nobody reads", s with { Tick = 1, IsClosing = true });
        if (s.Tick == 1)
            yield return UnmapsFirst ? ("T: unmaps", unmapped with { Tick = 2 })
                : ("T: closes", closed with { Tick = 2 });
        if (s.Tick == 2)
            yield return UnmapsFirst ? ("T: closes", closed with { Tick = 0, IsClosing = false })
                : ("T: unmaps", unmapped with { Tick = 0, IsClosing = false });
    }

    private IEnumerable<(string Step, Reclaim Next)> Lookup(Reclaim s)
    {
        Reclaim again = s with { Reader = 0 };
        Reclaim missed = s with { Reader = 0, Verdict = Missed };
        if (s.Reader == 0) yield return ("R: reads the entry", s with { Reader = 1, Read = s.Entry });
        if (s is { Reader: 1, Read: New }) yield return ("R: found where it moved", again);
        if (s is { Reader: 1, Read: Old })
            yield return s.Table == 0 ? ("R: the table word holds", s with { Reader = 2 })
                : ("R: stale", s with { Reader = 8 });
        if (s.Reader == 2 && s.IsMapped) yield return ("R: is mapped here", s with { Reader = 4 });
        if (s is { Reader: 2, IsMapped: false, IsClosing: false } && s.IsLocked && TakesLease)
            yield return ("R: lease refused", s with { Reader = 7 });
        if (s is { Reader: 2, IsMapped: false, IsClosing: false } && (!s.IsLocked || !TakesLease))
            yield return ("R: maps", s with
            {
                Reader = ReadsTableWordAgain ? (byte)3 : (byte)4,
                IsMapped = true,
                HasLease = TakesLease,
            });
        if (s.Reader == 3)
            yield return s.Table == 0 ? ("R: the table word still holds", s with { Reader = 4 })
                : ("R: recycled before the lease", s with { Reader = 8 });
        if (s.Reader == 7 && RefusedIsMiss) yield return ("R: MISS", missed);
        if (s.Reader == 7 && !RefusedIsMiss)
        {
            if (!s.IsOther) yield return ("R: read by pread", again);
            else if (!JudgesByTableWord) yield return ("R: CORRUPT", s with { Reader = 0, Verdict = Corrupt });
            else yield return ("R: the bytes are another's", s with { Reader = 8 });
        }

        // A lookup that failed: the entry has changed, or the miss counts.
        if (s.Reader == 8)
            yield return s.Entry != s.Read && LooksAgain ? ("R: looks again", again) : ("R: MISS", missed);
    }

    private IEnumerable<(string Step, Reclaim Next)> Import(Reclaim s)
    {
        (byte count, byte touch) = CountsBeforeTouching ? ((byte)4, (byte)5) : ((byte)5, (byte)4);
        byte After(byte at) => at == 4 ? (byte)5 : (byte)6;
        if (s.Reader == count)
        {
            bool isRefused = s.IsClosing || !s.IsMapped;
            yield return isRefused && CountIsRefused ? ("R: count refused", s with { Reader = 0 })
                : ("R: counts", s with { Reader = After(count), Count = 1 });
        }

        if (s.Reader == touch)
        {
            bool isRight = !s.IsOther || !ChecksHeader;
            Reclaim next = s.IsMapped ? s with { Reader = isRight ? After(touch) : (byte)8 }
                : s with { Verdict = Touched };
            if (!isRight) next = next with { Count = 0 };
            yield return (isRight || !s.IsMapped ? "R: reads the header" : "R: the header is another's", next);
        }

        if (s.Reader == 6) yield return ("R: reads in place", s with { Reader = 10 });
        if (s.Reader == 10) yield return ("R: is done", s with { Reader = 0, Count = 0 });
    }

    public override string? Fault(Reclaim s) => s switch
    {
        { Verdict: Missed } => "a block that is there is missed",
        { Verdict: Corrupt } => "a whole block is called corrupt",
        { Verdict: Touched } or { Reader: 6 or 10, IsMapped: false } => "a reader touches what is unmapped",
        { Reader: 10, IsOther: true } => "bytes change under a reader",
        { IsMapped: true, HasLease: false } when TakesLease => "a mapping is there without its lock",
        _ => null,
    };

    public override bool IsGoal(Reclaim s) => s.Janitor == 9;

    public override string OutOfReach => "the segment never comes back";
}

/// <summary>Entry: 1 of the old generation, 2 W1's block in the new one, 3 W2's block.</summary>
internal readonly record struct StaleEntry(
    byte Entry, byte Generation, byte Writer1, byte Writer2, byte ReadEntry, byte ReadGeneration);

/// <summary>store.md, Index: P5 reads the entry first, the table word second, before judging an entry stale.</summary>
internal sealed class StaleEntryModel : Model<StaleEntry>
{
    public bool EntryFirst { get; init; } = true;

    public override StaleEntry Start => new() { Entry = 1, Generation = 1 };

    public override IEnumerable<(string Step, StaleEntry Next)> Steps(StaleEntry s)
    {
        if (s.Generation == 1) yield return ("J: generation 2", s with { Generation = 2 });
        if (s is { Writer1: 0, Generation: 2, Entry: 1 }) yield return ("W1: P5", s with { Writer1 = 1, Entry = 2 });
        if (s.Writer1 == 1) yield return ("W1: P6, acknowledged", s with { Writer1 = 2 });
        byte entry = EntryFirst ? (byte)0 : (byte)1;
        byte next = (byte)(s.Writer2 + 1);
        if (s.Writer2 == entry)
            yield return ("W2: reads the entry", s with { Writer2 = next, ReadEntry = s.Entry });
        if (s.Writer2 == 1 - entry)
            yield return ("W2: reads the table word", s with { Writer2 = next, ReadGeneration = s.Generation });
        if (s.Writer2 == 2)
        {
            bool isStale = s.ReadEntry != s.ReadGeneration;
            if (!isStale) yield return ("W2: takes another place", s with { Writer2 = 9 });
            else if (s.Entry != s.ReadEntry) yield return ("W2: CAS fails", s with { Writer2 = 0 });
            else yield return ("W2: stale, P5", s with { Writer2 = 9, Entry = 3 });
        }
    }

    // Before W1's P5 the place is free for both.
    public override string? Fault(StaleEntry s) => s is { Writer1: > 0, Entry: not 2 }
        ? "an acknowledged block's entry is overwritten" : null;
}
