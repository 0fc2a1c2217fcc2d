namespace ArrowCid.Tests.Models;

/// <summary>
/// X links to Y, and nothing refers to X. A writer gives X a name while a janitor sweeps: it drops X and Y where it
/// sees no name at F, and reclaims Y later.
/// </summary>
public class SweepModelTests
{
    private const string Hollow = "a name is acknowledged and what lies beneath is gone";

    [Fact]
    public void A_name_that_is_given_during_a_sweep_keeps_everything_beneath() =>
        new SweepModel().Explore().Holds(95, "J: sees the name", "J: drop {F, X and Y}", "P: REFs Y",
            "P: fails, Y is missing", "J: reclaims Y", "P: no sweep, acknowledged");

    [Fact]
    public void A_name_that_does_not_look_at_the_sweep_word_is_hollow() =>
        new SweepModel { LooksAtSweep = false }.Explore()
            .Breaks(Hollow, "J: F, no name", "P: no sweep, acknowledged");

    [Fact]
    public void A_name_that_looks_only_for_a_running_sweep_misses_the_one_that_is_over() =>
        new SweepModel { NoticesMoved = false }.Explore()
            .Breaks(Hollow, "J: F, no name", "P: P6", "P: no sweep, acknowledged");

    [Fact]
    public void A_name_without_its_fence_is_hollow() =>
        new SweepModel { WriterFence = false }.Explore()
            .Breaks(Hollow, "P: P6, not seen yet", "P: no sweep, acknowledged", "J: F, no name", "J: reclaims Y");

    [Fact]
    public void A_sweep_without_its_fence_makes_names_hollow() =>
        new SweepModel { JanitorFence = false }.Explore()
            .Breaks(Hollow, "J: sweep is odd, not seen yet", "J: F, no name", "P: no sweep, acknowledged",
                "J: reclaims Y");

    [Fact]
    public void A_sweep_word_that_turns_even_before_the_drop_makes_names_hollow() =>
        new SweepModel { EvenAfterDrop = false }.Explore()
            .Breaks(Hollow, "J: F, no name", "J: sweep is even", "P: reads the sweep word", "P: P6",
                "P: no sweep, acknowledged", "J: drop {F, X and Y}", "J: reclaims Y");

    // X may still be found after its drop. The sweep word stands still then, and says nothing.
    [Fact]
    public void A_name_of_a_block_that_was_dropped_before_is_hollow_unless_the_drop_is_noticed() =>
        new SweepModel { NoticesEarlierDrop = false }.Explore()
            .Breaks(Hollow, "J: drop {F, X and Y}", "J: sweep is even", "P: reads the sweep word",
                "P: no sweep, acknowledged");
}

internal readonly record struct Sweep(
    byte Word, bool IsOddUnseen, byte Janitor, bool IsDropped, bool IsGone, byte Writer, byte Read, bool IsUnseen,
    bool IsNamed, bool HasLease, bool HasRef);

internal sealed class SweepModel : Model<Sweep>
{
    private const byte Acked = 9;
    private const byte Failed = 8;

    public bool LooksAtSweep { get; init; } = true;

    public bool NoticesMoved { get; init; } = true;

    public bool WriterFence { get; init; } = true;

    public bool JanitorFence { get; init; } = true;

    public bool EvenAfterDrop { get; init; } = true;

    /// <summary>A name of a block for which a drop stands in the lanes is treated as one beside a sweep.</summary>
    public bool NoticesEarlierDrop { get; init; } = true;

    public override Sweep Start => default;

    public override IEnumerable<(string Step, Sweep Next)> Steps(Sweep s) => [.. Janitor(s), .. Writer(s)];

    private IEnumerable<(string Step, Sweep Next)> Janitor(Sweep s)
    {
        Sweep drained = s.IsOddUnseen ? s with { Word = 1, IsOddUnseen = false } : s;
        byte even = EvenAfterDrop ? (byte)3 : (byte)2;
        byte drop = EvenAfterDrop ? (byte)2 : (byte)3;
        if (s.Janitor == 0)
            yield return JanitorFence ? ("J: sweep is odd", s with { Janitor = 1, Word = 1 })
                : ("J: sweep is odd, not seen yet", s with { Janitor = 1, IsOddUnseen = true });
        if (s.IsOddUnseen) yield return ("J: the store is seen", drained);
        if (s.Janitor == 1)
            yield return s.IsNamed ? ("J: sees the name", s with { Janitor = Acked })
                : ("J: F, no name", s with { Janitor = 2 });
        // The drop is a record with its own fence at P6.
        if (s.Janitor == drop)
            yield return ("J: drop {F, X and Y}", drained with { Janitor = (byte)(drop + 1), IsDropped = true });
        if (s.Janitor == even) yield return ("J: sweep is even", drained with { Janitor = (byte)(even + 1), Word = 2 });
        // Under the write lock, after all lanes were read: no lease, no REF after F.
        if (s is { Janitor: 4, HasLease: false, HasRef: false })
            yield return ("J: reclaims Y", s with { Janitor = Acked, IsGone = true });
    }

    private IEnumerable<(string Step, Sweep Next)> Writer(Sweep s)
    {
        Sweep drained = s.IsUnseen ? s with { IsNamed = true, IsUnseen = false } : s;
        if (s.Writer == 0) yield return ("P: reads the sweep word", s with { Writer = 1, Read = s.Word });
        if (s.Writer == 1) yield return ("P: lease on X, REF and fact", s with { Writer = 2 });
        if (s.Writer == 2)
            yield return WriterFence ? ("P: P6", s with { Writer = 3, IsNamed = true })
                : ("P: P6, not seen yet", s with { Writer = 3, IsUnseen = true });
        if (s.IsUnseen) yield return ("P: the store is seen", drained);
        if (s.Writer == 3)
        {
            bool isSwept = LooksAtSweep && (s.Word % 2 == 1 || (NoticesMoved && s.Word != s.Read));
            bool isDropped = NoticesEarlierDrop && s.Read == 2 && s.IsDropped;
            yield return isSwept || isDropped ? ("P: beside a sweep", s with { Writer = 4 })
                : ("P: no sweep, acknowledged", s with { Writer = Acked });
        }

        if (s.Writer == 4)
            yield return s.IsGone ? ("P: fails, Y is missing", s with { Writer = Failed })
                : ("P: lease on Y", drained with { Writer = 5, HasLease = true });
        if (s.Writer == 5) yield return ("P: REFs Y", s with { Writer = 6, HasRef = true });
        if (s.Writer == 6) yield return ("P: acknowledged", s with { Writer = Acked, HasLease = false });
    }

    public override string? Fault(Sweep s) => s is { Writer: Acked, IsGone: true }
        ? "a name is acknowledged and what lies beneath is gone" : null;
}
