namespace ArrowCid.Tests.Models;

/// <summary>
/// A writer commits a transaction of one fact and two blocks and is killed at any step, or the power is lost; an owner
/// that comes after takes the lane over, and may be killed as well. One reader looks block 1 up and then block 2, the
/// other one reads the fact and then looks block 2 up; neither may see a part.
/// </summary>
public class TransactionModelTests
{
    private const string Part = "a reader sees a part of the transaction";
    private const string Half = "a part of the transaction is there for good";

    [Fact]
    public void Transaction_is_seen_whole_or_not_at_all() =>
        new TransactionModel().Explore().Holds(220, "killed", "power is lost", "W: P6", "adopter: takes over",
            "adopter: wipes the tail", "adopter: killed", "R1: finds block 1", "R2: reads the fact");

    [Fact]
    public void Transaction_is_seen_in_part_when_lookups_follow_entries_to_uncommitted_records() =>
        new TransactionModel { LookUpsAskTheWord = false }.Explore()
            .Breaks(Part, "W: P5 of block 1", "R1: finds block 1", "R1: misses block 2");

    [Fact]
    public void Transaction_is_seen_in_part_when_facts_are_read_before_its_blocks_are_committed() =>
        new TransactionModel { FactsAwaitBlocks = false }.Explore()
            .Breaks(Part, "W: F6", "R2: reads the fact", "R2: misses block 2");

    [Fact]
    public void Transaction_is_seen_in_part_when_each_block_is_committed_by_itself() =>
        new TransactionModel { OneWord = false }.Explore()
            .Breaks(Part, "W: P6 of block 1", "R1: finds block 1", "R1: misses block 2");

    [Fact]
    public void Transaction_stays_in_part_when_an_adopter_takes_what_it_finds() =>
        new TransactionModel { TakesOverWhole = false }.Explore()
            .Breaks(Half, "W: header of the fact", "killed", "adopter: takes over", "adopter: P6");

    [Fact]
    public void Transaction_is_seen_in_part_when_an_adopter_commits_record_by_record() =>
        new TransactionModel { AdoptsByOneWord = false }.Explore()
            .Breaks(Part, "adopter: takes over", "adopter: P6 of block 1", "R1: finds block 1", "R1: misses block 2");

    [Fact]
    public void Transaction_stays_in_part_after_a_power_loss_when_it_is_not_flushed_before_it_is_committed() =>
        new TransactionModel { FlushesFirst = false }.Explore()
            .Breaks(Half, "W: begins the next segment", "power is lost", "boot: takes what it finds");

    [Fact]
    public void Transaction_that_is_not_flushed_is_still_whole_while_its_segment_is_the_newest() =>
        new TransactionModel { FlushesFirst = false, BeginsNextSegment = false }.Explore()
            .Holds(140, "power is lost", "boot: walks the tail");
}

/// <summary>Records are bits: 1 the fact, 2 and 4 the blocks; those that have headers, in memory and on the
/// disk.</summary>
internal readonly record struct TransactionState(
    byte Memory, byte Disk, byte Entries, byte Committed, byte Writer, byte Adopter, byte Adopting,
    byte First, byte Second, bool IsSettled, bool IsAdopted);

internal sealed class TransactionModel : Model<TransactionState>
{
    private const byte Fact = 1, One = 2, Two = 4, Blocks = One | Two, All = Fact | Blocks;
    private const byte Dead = 20, Gone = 21;
    private const byte Seen = 1, Over = 2, Torn = 3;

    /// <summary>A look-up passes over a record of a transaction that its segment's word does not cover.</summary>
    public bool LookUpsAskTheWord { get; init; } = true;

    /// <summary>A fact of a transaction is read once its blocks are committed.</summary>
    public bool FactsAwaitBlocks { get; init; } = true;

    /// <summary>The writer moves the word past all blocks at once.</summary>
    public bool OneWord { get; init; } = true;

    /// <summary>The next owner takes over all records or none.</summary>
    public bool TakesOverWhole { get; init; } = true;

    /// <summary>The next owner moves the word past all blocks at once.</summary>
    public bool AdoptsByOneWord { get; init; } = true;

    /// <summary>All records are on the medium before one of them is found.</summary>
    public bool FlushesFirst { get; init; } = true;

    /// <summary>Later the lane begins another segment, so that a rebuild takes this one's records as it finds
    /// them.</summary>
    public bool BeginsNextSegment { get; init; } = true;

    public override TransactionState Start => default;

    public override IEnumerable<(string Step, TransactionState Next)> Steps(TransactionState s) =>
        [.. Writer(s), .. Adopter(s), .. Readers(s)];

    private IEnumerable<(string Step, TransactionState Next)> Writer(TransactionState s)
    {
        if (s.Writer >= Dead) yield break;
        if (Next(s) is { } next) yield return next;
        yield return ("killed", s with { Writer = Dead });
        // Any subset of what was not flushed is on the medium; no process and no word outlives it.
        for (byte rest = 0; rest <= All; rest++)
        {
            if ((rest & ~(s.Memory & ~s.Disk)) != 0) continue;
            byte left = (byte)(s.Disk | rest);
            yield return ("power is lost", s with
            {
                Memory = left,
                Disk = left,
                Entries = 0,
                Committed = 0,
                Writer = Gone,
                First = 0,
                Second = 0,
            });
        }
    }

    private (string, TransactionState)? Next(TransactionState s)
    {
        byte at = (byte)(s.Writer + 1);
        TransactionState t = s with { Writer = at };
        return s.Writer switch
        {
            0 => ("W: header of the fact", t with { Memory = Fact }),
            1 => ("W: header of block 1", t with { Memory = Fact | One }),
            2 => ("W: header of block 2", t with { Memory = All }),
            3 => FlushesFirst ? ("W: flushes", t with { Disk = All }) : ("W: does not flush", t),
            4 => ("W: P5 of block 1", t with { Entries = One }),
            5 => ("W: P5 of block 2", t with { Entries = Blocks }),
            6 => ("W: F6", t with { Committed = Fact }),
            7 => OneWord
                ? ("W: P6", t with { Committed = All, Writer = 9 })
                : ("W: P6 of block 1", t with { Committed = Fact | One }),
            8 => ("W: P6", t with { Committed = All }),
            9 when BeginsNextSegment => ("W: begins the next segment", t with { IsSettled = true }),
            _ => null,
        };
    }

    private IEnumerable<(string Step, TransactionState Next)> Adopter(TransactionState s)
    {
        if (s.Writer < Dead || s.IsAdopted) yield break;
        if (s.Adopter == 0)
        {
            bool isBoot = s.Writer == Gone;
            // Behind a segment that was begun later nothing is walked: records are taken where they are found.
            if (isBoot && s.IsSettled)
            {
                yield return ("boot: takes what it finds",
                    s with { Entries = (byte)(s.Memory & Blocks), Committed = s.Memory, IsAdopted = true });
                yield break;
            }

            byte found = Walk(s.Memory);
            if (TakesOverWhole && found != All) found = s.Committed;
            string step = isBoot ? "boot: walks the tail" :
                found == s.Committed ? "adopter: wipes the tail" : "adopter: takes over";
            yield return (step, s with { Adopting = found, Adopter = 1 });
            yield break;
        }

        TransactionState t = s with { Adopter = (byte)(s.Adopter + 1) };
        byte entries = (byte)(s.Entries | (s.Adopting & Blocks)), data = (byte)(s.Adopting & Blocks);
        if (s.Adopter == 1) yield return ("adopter: P5", t with { Entries = entries });
        if (s.Adopter == 2)
            yield return ("adopter: F6", t with { Committed = (byte)(s.Committed | (s.Adopting & Fact)) });
        if (s.Adopter == 3 && !AdoptsByOneWord && data == Blocks)
            yield return ("adopter: P6 of block 1", t with { Committed = (byte)(s.Committed | One) });
        else if (s.Adopter is 3 or 4)
            yield return ("adopter: P6", t with { Committed = (byte)(s.Committed | data), IsAdopted = true });
        yield return ("adopter: killed", s with { Adopter = 0, Adopting = 0 });
    }

    /// <summary>The records up to the first number that is missing.</summary>
    private static byte Walk(byte there) => (there & Fact) == 0 ? (byte)0 :
        (there & One) == 0 ? Fact : (there & Two) == 0 ? (byte)(Fact | One) : All;

    private IEnumerable<(string Step, TransactionState Next)> Readers(TransactionState s)
    {
        if (s.First == 0 && IsFound(s, One)) yield return ("R1: finds block 1", s with { First = Seen });
        if (s.First == Seen)
        {
            yield return IsFound(s, Two)
                ? ("R1: finds block 2", s with { First = Over })
                : ("R1: misses block 2", s with { First = Torn });
        }

        bool isRead = (s.Committed & Fact) != 0 && (!FactsAwaitBlocks || (s.Committed & Two) != 0);
        if (s.Second == 0 && isRead) yield return ("R2: reads the fact", s with { Second = Seen });
        if (s.Second == Seen)
        {
            yield return IsFound(s, Two)
                ? ("R2: finds block 2", s with { Second = Over })
                : ("R2: misses block 2", s with { Second = Torn });
        }
    }

    private bool IsFound(TransactionState s, byte block) =>
        (s.Entries & block) != 0 && (s.Memory & block) != 0 && (!LookUpsAskTheWord || (s.Committed & block) != 0);

    public override string? Fault(TransactionState s)
    {
        if (s.First == Torn || s.Second == Torn) return "a reader sees a part of the transaction";
        bool isWhole = (s.Committed & s.Memory) is 0 or All;
        return s.IsAdopted && !isWhole ? "a part of the transaction is there for good" : null;
    }
}
