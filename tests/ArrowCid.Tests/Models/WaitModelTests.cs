namespace ArrowCid.Tests.Models;

/// <summary>
/// P7 against a reader that waits: two writers announce one record each, through store buffers where a fence is
/// missing; the reader sleeps on the word.
/// </summary>
public class WaitModelTests
{
    private const string Lost = "a reader sleeps over an announced record";

    [Fact]
    public void No_wake_up_is_lost_and_the_100_ms_are_not_needed_while_nobody_is_killed() =>
        new WaitModel().Explore().Holds(900, "W1: wakes", "R: sleeps", "W2: nobody waits", "R: the word has moved");

    [Fact]
    public void A_writer_without_its_fence_loses_a_wake_up() =>
        new WaitModel { WriterFence = false }.Explore()
            .Breaks(Lost, "W1: P6, not seen yet", "W1: nobody waits", "R: sleeps");

    [Fact]
    public void A_reader_without_its_fence_loses_a_wake_up() =>
        new WaitModel { ReaderFence = false }.Explore()
            .Breaks(Lost, "R: sets the flag, not seen yet", "R: nothing new", "W1: P6", "R: sleeps");

    [Fact]
    public void A_reader_that_does_not_look_again_behind_its_flag_loses_a_wake_up() =>
        new WaitModel { LooksAgain = false }.Explore().Breaks(Lost, "W1: P6", "W1: nobody waits", "R: sleeps");

    [Fact]
    public void A_reader_that_reads_the_word_after_it_looked_loses_a_wake_up() =>
        new WaitModel { WordBeforeFlag = false }.Explore()
            .Breaks(Lost, "R: nothing new", "W1: counts up", "R: reads the word", "R: sleeps");

    [Fact]
    public void A_flag_that_is_cleared_after_the_wake_loses_the_next_waiter() =>
        new WaitModel { ClearsFirst = false }.Explore()
            .Breaks(Lost, "W1: wakes", "R: delivers", "W1: clears the flag", "W2: nobody waits", "R: sleeps");

    // A writer may die between its clearing of the flag and its wake; the next one then sees no flag.
    [Fact]
    public void A_writer_killed_before_its_wake_leaves_a_sleeper_to_the_100_ms()
    {
        new WaitModel { FirstWriterDies = true }.Explore()
            .Breaks(Lost, "W1: clears the flag", "W1: killed", "W2: nobody waits", "R: sleeps");
        new WaitModel { FirstWriterDies = true, Backstop = true }.Explore()
            .Holds(500, "W1: killed", "R: 100 ms are over");
    }

    [Fact]
    public void A_killed_waiter_costs_no_publish_a_wake_after_the_flag_was_cleared() =>
        new WaitModel { ReaderDies = true }.Explore().Holds(1300, "R: killed", "W1: wakes");

    [Fact]
    public void A_killed_waiter_costs_every_publish_a_wake_where_waiters_are_counted() =>
        new WaitModel { ReaderDies = true, CountsWaiters = true }.Explore()
            .Breaks("a dead waiter costs a wake again", "R: killed", "W1: somebody waits", "W2: P6", "W2: counts up");

    [Fact]
    public void Who_sees_the_block_sees_its_facts() =>
        new WatchModel().Explore().Holds(38, "R: finds the block", "R: delivers the block and its facts");

    [Fact]
    public void A_watcher_that_loads_the_fact_mark_first_sees_a_block_without_its_facts() =>
        new WatchModel { DataMarkFirst = false }.Explore()
            .Breaks("a block is seen without its facts", "R: loads the fact mark", "W: P6 of the facts",
                "W: P6 of the data", "R: loads the data mark");

    [Fact]
    public void Facts_that_are_committed_after_their_block_are_not_there_for_who_finds_it() =>
        new WatchModel { FactsFirst = false }.Explore()
            .Breaks("a block is seen without its facts", "W: P5", "R: finds the block");
}

internal readonly record struct Waker(byte At, bool IsUnseen, bool IsCommitted, bool IsDelivered, bool IsLate);

internal readonly record struct Wait(
    byte Flag, bool IsFlagUnseen, byte Word, byte AtR, byte Seen, bool HasServedTheDead, bool IsCharged, Waker W1,
    Waker W2);

internal sealed class WaitModel : Model<Wait>
{
    private const byte Sleeping = 4;
    private const byte Done = 9;
    private const byte Dead = 20;

    public bool WriterFence { get; init; } = true;

    public bool ReaderFence { get; init; } = true;

    public bool LooksAgain { get; init; } = true;

    public bool WordBeforeFlag { get; init; } = true;

    public bool ClearsFirst { get; init; } = true;

    public bool CountsWaiters { get; init; }

    public bool FirstWriterDies { get; init; }

    public bool ReaderDies { get; init; }

    public bool Backstop { get; init; }

    public override Wait Start => default;

    public override IEnumerable<(string Step, Wait Next)> Steps(Wait s) =>
        [
            .. Writer(s, "W1", s.W1, (t, w) => t with { W1 = w }),
            .. Writer(s, "W2", s.W2, (t, w) => t with { W2 = w }),
            .. Reader(s),
        ];

    private IEnumerable<(string Step, Wait Next)> Writer(Wait s, string name, Waker w, Func<Wait, Waker, Wait> with)
    {
        bool isWaiter = s.Flag != 0;
        if (w.At == 0)
        {
            Waker next = w with { At = 1, IsLate = s.HasServedTheDead };
            yield return WriterFence ? ($"{name}: P6", with(s, next with { IsCommitted = true }))
                : ($"{name}: P6, not seen yet", with(s, next with { IsUnseen = true }));
        }

        if (w.IsUnseen)
            yield return ($"{name}: the store is seen", with(s, w with { IsUnseen = false, IsCommitted = true }));
        if (w.At == 1 && !isWaiter) yield return ($"{name}: nobody waits", with(s, w with { At = Done }));
        if (w.At == 1 && isWaiter)
        {
            // An exchange, or nothing where waiters count themselves; behind it all earlier stores are seen.
            Waker next = w with { At = 2, IsCommitted = true, IsUnseen = false };
            bool clears = ClearsFirst && !CountsWaiters;
            yield return (clears ? $"{name}: clears the flag" : $"{name}: somebody waits",
                with(s with { Flag = clears ? (byte)0 : s.Flag, HasServedTheDead = s.AtR == Dead }, next));
        }

        if (w.At == 2)
            yield return ($"{name}: counts up", with(s with
            {
                Word = (byte)(s.Word + 1),
                IsCharged = s.IsCharged || (w.IsLate && s.AtR == Dead),
            }, w with { At = 3 }));
        if (w.At == 3)
        {
            Wait woken = s with { AtR = s.AtR == Sleeping ? (byte)0 : s.AtR };
            yield return ($"{name}: wakes", with(woken, w with { At = ClearsFirst || CountsWaiters ? Done : (byte)4 }));
        }

        if (w.At == 4) yield return ($"{name}: clears the flag", with(s with { Flag = 0 }, w with { At = Done }));
        if (FirstWriterDies && name == "W1" && w.At is > 0 and < Done)
            yield return ($"{name}: killed", with(s, w with { At = Dead, IsCommitted = true, IsUnseen = false }));
    }

    private IEnumerable<(string Step, Wait Next)> Reader(Wait s)
    {
        (int word, int flag, int look) = (WordBeforeFlag, LooksAgain) switch
        {
            (true, true) => (0, 1, 2),
            (true, false) => (0, 2, 1),
            (false, _) => (2, 0, 1),
        };
        bool isNew = (s.W1.IsCommitted && !s.W1.IsDelivered) || (s.W2.IsCommitted && !s.W2.IsDelivered);
        if (s.AtR == word) yield return ("R: reads the word", s with { AtR = (byte)(s.AtR + 1), Seen = s.Word });
        if (s.AtR == flag)
        {
            byte next = (byte)(s.AtR + 1);
            yield return ReaderFence ? ("R: sets the flag", s with { AtR = next, Flag = 1 })
                : ("R: sets the flag, not seen yet", s with { AtR = next, IsFlagUnseen = true });
        }

        if (s.IsFlagUnseen) yield return ("R: the store is seen", s with { IsFlagUnseen = false, Flag = 1 });
        if (s.AtR == look)
        {
            yield return isNew ? ("R: delivers", Delivered(s) with { AtR = 0 })
                : ("R: nothing new", s with { AtR = (byte)(look + 1) });
        }

        // The kernel compares under its own lock: what was stored before is seen by then.
        Wait drained = s.IsFlagUnseen ? s with { IsFlagUnseen = false, Flag = 1 } : s;
        if (s.AtR == 3 && s.Word == s.Seen) yield return ("R: sleeps", drained with { AtR = Sleeping });
        if (s.AtR == 3 && s.Word != s.Seen) yield return ("R: the word has moved", drained with { AtR = 0 });
        if (s.AtR == Sleeping && Backstop) yield return ("R: 100 ms are over", s with { AtR = 0 });
        if (ReaderDies && s.AtR < Dead) yield return ("R: killed", drained with { AtR = Dead });
    }

    private static Wait Delivered(Wait s) => s with
    {
        W1 = s.W1 with { IsDelivered = s.W1.IsCommitted },
        W2 = s.W2 with { IsDelivered = s.W2.IsCommitted },
    };

    public override string? Fault(Wait s) => s.IsCharged ? "a dead waiter costs a wake again" : null;

    public override string? FaultAtRest(Wait s)
    {
        // What a dead writer did not come to wake for waits for the next one, or for the 100 ms.
        bool isNew = (s.W1 is { IsDelivered: false, At: not Dead }) || (s.W2 is { IsDelivered: false, At: not Dead });
        return s.AtR == Sleeping && isNew ? "a reader sleeps over an announced record" : null;
    }
}

internal readonly record struct Watch(
    byte AtW, bool HasFacts, bool HasEntry, bool HasData, byte AtR, bool SawFacts, bool SawData, bool IsBare);

/// <summary>store.md, Lanes: facts given with a put are committed before their block's P5.</summary>
internal sealed class WatchModel : Model<Watch>
{
    public bool DataMarkFirst { get; init; } = true;

    public bool FactsFirst { get; init; } = true;

    public override Watch Start => default;

    public override IEnumerable<(string Step, Watch Next)> Steps(Watch s)
    {
        byte facts = FactsFirst ? (byte)0 : (byte)2;
        byte entry = FactsFirst ? (byte)1 : (byte)0;
        byte data = FactsFirst ? (byte)2 : (byte)1;
        byte next = (byte)(s.AtW + 1);
        if (s.AtW == facts) yield return ("W: P6 of the facts", s with { AtW = next, HasFacts = true });
        if (s.AtW == entry) yield return ("W: P5", s with { AtW = next, HasEntry = true });
        if (s.AtW == data) yield return ("W: P6 of the data", s with { AtW = next, HasData = true });
        if (s.AtW < 3) yield return ("W: killed", s with { AtW = 9 });
        // An adopter commits in the order of the numbers.
        if (s.AtW == 9 && s.HasEntry)
            yield return ("J: adopts", s with { AtW = 10, HasFacts = true, HasData = true });
        if (s.AtR == 0 && s.HasEntry) yield return ("R: finds the block", s with { AtR = 9, IsBare = !s.HasFacts });
        byte dataMark = DataMarkFirst ? (byte)0 : (byte)1;
        if (s.AtR == dataMark) yield return ("R: loads the data mark", Loaded(s with { SawData = s.HasData }));
        if (s.AtR == 1 - dataMark) yield return ("R: loads the fact mark", Loaded(s with { SawFacts = s.HasFacts }));
        if (s.AtR == 2 && s is { SawData: true, SawFacts: true })
            yield return ("R: delivers the block and its facts", s with { AtR = 9 });
        if (s.AtR == 2 && !s.SawData) yield return ("R: looks later", s with { AtR = 0, SawFacts = false });
    }

    private static Watch Loaded(Watch s) =>
        s with { AtR = (byte)(s.AtR + 1), IsBare = s.AtR == 1 && s is { SawData: true, SawFacts: false } };

    public override string? Fault(Watch s) => s.IsBare ? "a block is seen without its facts" : null;
}
