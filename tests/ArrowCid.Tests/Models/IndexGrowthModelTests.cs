namespace ArrowCid.Tests.Models;

/// <summary>
/// The index doubles while two writers publish and a reader looks up. Idx-0 is the old one, idx-1 the new one; the
/// reader must find what was acknowledged, or what it has found before.
/// </summary>
public class IndexGrowthModelTests
{
    private const string Missed = "an acknowledged block is missed";

    [Fact]
    public void Growing_beside_publishers_loses_nothing_wherever_a_writer_or_the_janitor_is_killed() =>
        new GrowthModel().Explore().Holds(130_000, "J: CAS {1,-}", "J: killed", "A: killed", "R: again",
            "R: hit in previous", "B: tick", "J: unlinks idx-0");

    [Fact]
    public void Filling_first_and_swapping_after_loses_acknowledged_blocks() =>
        new FillFirstModel { PublisherLooksAgain = false, JanitorFillsAgain = false }.Explore()
            .Breaks(Missed, "A: P5 into idx-0", "J: fills idx-1 from the logs", "A: P6, acknowledged",
                "J: swaps", "R: MISS");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Filling_first_and_swapping_after_loses_them_however_often_the_publisher_looks_again(bool twice) =>
        new FillFirstModel { JanitorFillsAgain = twice }.Explore()
            .Breaks(Missed, "A: P6", "A: same word, acknowledged", "J: swaps", "R: MISS");

    [Fact]
    public void A_janitor_that_does_not_wait_for_the_lanes_loses_acknowledged_blocks() =>
        new GrowthModel { JanitorWaitsForLanes = false }.Explore()
            .Breaks(Missed, "J: CAS {1,0}", "J: copies A's block", "A: P5 into idx-0", "J: CAS {1,-}", "R: MISS");

    [Fact]
    public void A_lane_that_is_named_without_a_fence_is_not_waited_for() =>
        new GrowthModel { Fence = false }.Explore()
            .Breaks(Missed, "A: the lane names idx-0, not seen yet", "A: same word", "J: no locked lane names idx-0",
                "A: P5 into idx-0", "R: MISS");

    [Fact]
    public void An_owner_that_does_not_read_the_word_again_publishes_into_a_dropped_index() =>
        new GrowthModel { ReadsWordAgain = false }.Explore()
            .Breaks(Missed, "A: reads the word", "J: no locked lane names idx-0", "A: P5 into idx-0", "R: MISS");

    [Fact]
    public void A_lookup_that_does_not_read_the_word_again_misses_what_moved() =>
        new GrowthModel { LookupReadsWordAgain = false }.Explore().Breaks(Missed, "R: reads the word", "R: MISS");

    [Fact]
    public void An_owner_without_an_idle_tick_keeps_the_old_index_for_ever() =>
        new GrowthModel { IdleTick = false, Kills = false }.Explore()
            .Breaks("growth never ends", "A: locks the lane", "A: the lane names idx-0", "A: same word");
}

internal readonly record struct GrowthWriter(byte At, sbyte Word, sbyte Names, sbyte Unseen, bool IsLocked);

internal readonly record struct GrowthReader(byte At, sbyte Current, sbyte Previous, byte Wants, bool Must);

internal readonly record struct Growth(
    sbyte Current, sbyte Previous, bool IsUnlinked, byte In0, byte In1, byte Acked, byte Seen, byte Janitor,
    GrowthWriter A, GrowthWriter B, GrowthReader R);

/// <summary>store.md, Index: {n, 0} to {n+1, n}; lanes name their index; copy, {n+1, 0}, unlink.</summary>
internal sealed class GrowthModel : Model<Growth>
{
    private const sbyte None = -1;
    private const byte Idle = 9;
    private const byte Dead = 20;

    public bool JanitorWaitsForLanes { get; init; } = true;

    public bool Fence { get; init; } = true;

    public bool ReadsWordAgain { get; init; } = true;

    public bool LookupReadsWordAgain { get; init; } = true;

    public bool IdleTick { get; init; } = true;

    public bool Kills { get; init; } = true;

    // Neither lane has named an index yet.
    public override Growth Start
    {
        get
        {
            var writer = new GrowthWriter(0, None, None, None, false);
            return new Growth(0, None, false, 0, 0, 0, 0, 0, writer, writer, new GrowthReader(0, None, None, 0, false));
        }
    }

    public override IEnumerable<(string Step, Growth Next)> Steps(Growth s) =>
        [
            .. Writer(s, s.A, "A", 1, (t, w) => t with { A = w }),
            .. Writer(s, s.B, "B", 2, (t, w) => t with { B = w }),
            .. Janitor(s),
            .. Reader(s),
        ];

    private IEnumerable<(string Step, Growth Next)> Writer(
        Growth s, GrowthWriter w, string name, byte block, Func<Growth, GrowthWriter, Growth> with)
    {
        if (w.At == 0) yield return ($"{name}: locks the lane", with(s, w with { At = 1, IsLocked = true }));
        if (w.At == 1) yield return ($"{name}: reads the word", with(s, w with { At = 2, Word = s.Current }));
        if (w.At == 2)
        {
            byte next = ReadsWordAgain ? (byte)3 : AfterNaming(s, block);
            yield return Fence
                ? ($"{name}: the lane names idx-{w.Word}", with(s, w with { At = next, Names = w.Word }))
                : ($"{name}: the lane names idx-{w.Word}, not seen yet",
                    with(s, w with { At = next, Unseen = w.Word }));
        }

        if (w.Unseen != None) yield return ($"{name}: the store is seen", with(s, Drained(w)));
        if (w.At == 3 && s.Current != w.Word) yield return ($"{name}: other word", with(s, w with { At = 1 }));
        if (w.At == 3 && s.Current == w.Word)
            yield return ($"{name}: same word", with(s, w with { At = AfterNaming(s, block) }));
        if (w.At == 4)
        {
            Growth put = w.Word == 0 ? s with { In0 = (byte)(s.In0 | block) } : s with { In1 = (byte)(s.In1 | block) };
            yield return ($"{name}: P5 into idx-{w.Word}", with(put, Drained(w) with { At = 5 }));
        }

        if (w.At == 5)
            yield return ($"{name}: P6, acknowledged", with(s with { Acked = (byte)(s.Acked | block) },
                w with { At = Idle }));
        if (IdleTick && w.At == Idle && s.Current != w.Word) yield return ($"{name}: tick", with(s, w with { At = 1 }));
        if (Kills && w.At is > 0 and < Dead)
            yield return ($"{name}: killed", with(s, Drained(w) with { At = Dead, IsLocked = false }));
    }

    private static byte AfterNaming(Growth s, byte block) => (s.Acked & block) != 0 ? Idle : (byte)4;

    // The stores of a killed process are seen by all, and a compare-and-swap is behind every store before it.
    private static GrowthWriter Drained(GrowthWriter w) =>
        w.Unseen == None ? w : w with { Names = w.Unseen, Unseen = None };

    private IEnumerable<(string Step, Growth Next)> Janitor(Growth s)
    {
        bool isNamed = (s.A.IsLocked && s.A.Names == 0) || (s.B.IsLocked && s.B.Names == 0);
        if (s.Janitor == 0) yield return ("J: CAS {1,0}", s with { Janitor = 1, Current = 1, Previous = 0 });
        if (s.Janitor == 1 && (!isNamed || !JanitorWaitsForLanes))
            yield return ("J: no locked lane names idx-0", s with { Janitor = 2 });
        if (s.Janitor == 2)
            yield return ("J: copies A's block", s with { Janitor = 3, In1 = (byte)(s.In1 | (s.In0 & 1)) });
        if (s.Janitor == 3)
            yield return ("J: copies B's block", s with { Janitor = 4, In1 = (byte)(s.In1 | (s.In0 & 2)) });
        if (s.Janitor == 4) yield return ("J: CAS {1,-}", s with { Janitor = 5, Previous = None });
        if (s.Janitor == 5) yield return ("J: unlinks idx-0", s with { Janitor = Idle, IsUnlinked = true });
        if (Kills && s.Janitor is > 1 and < 5) yield return ("J: killed", s with { Janitor = 1 });
    }

    private IEnumerable<(string Step, Growth Next)> Reader(Growth s)
    {
        GrowthReader r = s.R;
        if (r.At == 0)
        {
            foreach (byte block in (byte[])[1, 2])
                yield return ("R: reads the word", s with { R = Begin(s, block) });
        }

        if (r.At == 1)
        {
            int found = r.Current == 0 ? s.In0 : s.In1;
            yield return (found & r.Wants) != 0 ? ("R: hit in current", Hit(s)) : ("R: miss", At(s, 2));
        }

        if (r.At == 2)
        {
            bool isThere = r.Previous == 0 && (s.In0 & r.Wants) != 0;
            if (isThere) yield return ("R: hit in previous", Hit(s));
            // Not mapped before it was unlinked.
            if (!isThere || s.IsUnlinked) yield return ("R: miss in previous", At(s, 3));
        }

        if (r.At == 3)
        {
            bool isSame = (s.Current, s.Previous) == (r.Current, r.Previous);
            if (!isSame && LookupReadsWordAgain)
                yield return ("R: again", s with { R = r with { At = 1, Current = s.Current, Previous = s.Previous } });
            else
                yield return ("R: MISS", r.Must ? At(s, 4) : s with { R = default });
        }
    }

    private static GrowthReader Begin(Growth s, byte block) =>
        new(1, s.Current, s.Previous, block, ((s.Acked | s.Seen) & block) != 0);

    private static Growth Hit(Growth s) => s with { R = default, Seen = (byte)(s.Seen | s.R.Wants) };

    private static Growth At(Growth s, byte at) => s with { R = s.R with { At = at } };

    public override string? Fault(Growth s) => s.R.At == 4 ? "an acknowledged block is missed" : null;

    public override bool IsGoal(Growth s) => s.Janitor == Idle;

    public override string OutOfReach => "growth never ends";
}

internal readonly record struct FillFirst(
    sbyte Word, byte In0, byte In1, byte Committed, byte Acked, byte Janitor,
    byte AtA, sbyte WordA, byte AtB, sbyte WordB, byte AtR, sbyte WordR, byte Wants, bool Must);

/// <summary>What store.md refuses: one index word, the new index filled from the logs, then the swap.</summary>
internal sealed class FillFirstModel : Model<FillFirst>
{
    public bool PublisherLooksAgain { get; init; } = true;

    public bool JanitorFillsAgain { get; init; } = true;

    public override FillFirst Start => default;

    public override IEnumerable<(string Step, FillFirst Next)> Steps(FillFirst s) =>
        [
            .. Writer(s, "A", 1, s.AtA, s.WordA, (t, at, word) => t with { AtA = at, WordA = word }),
            .. Writer(s, "B", 2, s.AtB, s.WordB, (t, at, word) => t with { AtB = at, WordB = word }),
            .. JanitorAndReader(s),
        ];

    private IEnumerable<(string Step, FillFirst Next)> Writer(FillFirst s, string name, byte block, byte at, sbyte word,
        Func<FillFirst, byte, sbyte, FillFirst> with)
    {
        FillFirst put = word == 0 ? s with { In0 = (byte)(s.In0 | block) } : s with { In1 = (byte)(s.In1 | block) };
        FillFirst committed = s with { Committed = (byte)(s.Committed | block) };
        FillFirst acked = committed with { Acked = (byte)(s.Acked | block) };
        if (at == 0) yield return ($"{name}: reads the word", with(s, 1, s.Word));
        if (at == 1) yield return ($"{name}: P5 into idx-{word}", with(put, 2, word));
        if (at == 2 && !PublisherLooksAgain) yield return ($"{name}: P6, acknowledged", with(acked, 9, word));
        if (at == 2 && PublisherLooksAgain) yield return ($"{name}: P6", with(committed, 3, word));
        if (at == 3 && s.Word != word) yield return ($"{name}: other word", with(s, 4, s.Word));
        if (at == 3 && s.Word == word) yield return ($"{name}: same word, acknowledged", with(acked, 9, word));
        if (at == 4) yield return ($"{name}: P5 into idx-{word}", with(put, 3, word));
    }

    private IEnumerable<(string Step, FillFirst Next)> JanitorAndReader(FillFirst s)
    {
        FillFirst filled = s with { In1 = (byte)(s.In1 | s.Committed) };
        if (s.Janitor == 0) yield return ("J: fills idx-1 from the logs", filled with { Janitor = 1 });
        if (s.Janitor == 1)
            yield return ("J: swaps", s with { Word = 1, Janitor = JanitorFillsAgain ? (byte)2 : (byte)9 });
        if (s.Janitor == 2) yield return ("J: fills it again", filled with { Janitor = 9 });
        if (s.AtR == 0)
        {
            foreach (byte block in (byte[])[1, 2])
                yield return ("R: reads the word",
                    s with { AtR = 1, WordR = s.Word, Wants = block, Must = (s.Acked & block) != 0 });
        }

        if (s.AtR == 1)
        {
            bool isHit = ((s.WordR == 0 ? s.In0 : s.In1) & s.Wants) != 0;
            yield return isHit ? ("R: hit", s with { AtR = 0 }) : ("R: miss", s with { AtR = 2 });
        }

        if (s.AtR == 2)
        {
            yield return s.Word != s.WordR ? ("R: again", s with { AtR = 1, WordR = s.Word })
                : ("R: MISS", s with { AtR = s.Must ? (byte)3 : (byte)0 });
        }
    }

    public override string? Fault(FillFirst s) => s.AtR == 3 ? "an acknowledged block is missed" : null;
}
