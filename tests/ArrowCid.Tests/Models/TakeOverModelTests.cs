namespace ArrowCid.Tests.Models;

/// <summary>
/// A writer recycles a segment under the mapping that it has of it already: threads of its own lease it, another handle
/// does, and a child is forked at any time, which shares every description of its parent's.
/// </summary>
public class TakeOverModelTests
{
    private const string Changed = "bytes change under a reader";

    [Fact]
    public void A_mapping_that_is_kept_is_rewritten_under_nobody() =>
        new TakeOverModel().Explore().Holds(50, "W: recycles", "C: ends", "W: refused", "O: leases", "R: is refused",
            "C: is forked, reading", "C: is forked");

    [Fact]
    public void A_write_lock_on_ones_own_description_says_nothing_of_ones_own_readers() =>
        new TakeOverModel { EndsUses = false }.Explore()
            .Breaks(Changed, "R: leases", "W: write lock", "W: recycles");

    [Fact]
    public void A_lock_that_is_shared_with_a_child_says_nothing_of_the_child() =>
        new TakeOverModel { HasWitness = false }.Explore()
            .Breaks(Changed, "R: leases", "C: is forked, reading", "R: is done", "W: write lock", "W: recycles");

    [Fact]
    public void A_witness_that_goes_before_the_last_use_has_ended_misses_a_child() =>
        new TakeOverModel { EndsUsesFirst = false }.Explore()
            .Breaks(Changed, "R: leases", "W: lets the witness go", "C: is forked, reading", "R: is done",
                "W: nobody uses it", "W: write lock", "W: recycles");
}

/// <summary>Child: 0 not yet, 1 lives and reads nothing, 2 reads, 3 has ended. Writer: 2 has done what comes before the
/// lock, 3 locked, 4 recycled, 9 unmapped.</summary>
internal readonly record struct TakeOver(bool IsUsed, bool IsEnded, bool LetWitnessGo, byte Child,
    bool ChildHasWitness, bool IsLeasedElsewhere, byte Writer);

internal sealed class TakeOverModel : Model<TakeOver>
{
    public bool EndsUses { get; init; } = true;

    public bool HasWitness { get; init; } = true;

    public bool EndsUsesFirst { get; init; } = true;

    public override TakeOver Start => default;

    public override IEnumerable<(string Step, TakeOver Next)> Steps(TakeOver s) =>
        [.. Reader(s), .. Child(s), .. Other(s), .. Writer(s)];

    private static IEnumerable<(string Step, TakeOver Next)> Reader(TakeOver s)
    {
        // Behind the new header nothing that is looked for lies here.
        if (s is { IsUsed: false, Writer: < 4 })
            yield return s.IsEnded ? ("R: is refused", s) : ("R: leases", s with { IsUsed = true });
        if (s.IsUsed) yield return ("R: is done", s with { IsUsed = false });
    }

    private IEnumerable<(string Step, TakeOver Next)> Child(TakeOver s)
    {
        bool hasWitness = HasWitness && !s.LetWitnessGo;
        if (s is { Child: 0, IsUsed: true })
            yield return ("C: is forked, reading", s with { Child = 2, ChildHasWitness = hasWitness });
        if (s is { Child: 0, IsUsed: false })
            yield return ("C: is forked", s with { Child = 1, ChildHasWitness = hasWitness });
        if (s.Child is 1 or 2) yield return ("C: ends", s with { Child = 3, ChildHasWitness = false });
    }

    private static IEnumerable<(string Step, TakeOver Next)> Other(TakeOver s)
    {
        if (s is { IsLeasedElsewhere: false, Writer: not 3 and not 4 })
            yield return ("O: leases", s with { IsLeasedElsewhere = true });
        if (s.IsLeasedElsewhere) yield return ("O: is done", s with { IsLeasedElsewhere = false });
    }

    private IEnumerable<(string Step, TakeOver Next)> Writer(TakeOver s)
    {
        byte next = (byte)(s.Writer + 1);
        bool mayEnd = s is { IsEnded: false, IsUsed: false } && EndsUses;
        if (mayEnd && s.Writer == (EndsUsesFirst ? 0 : 1))
            yield return ("W: nobody uses it", s with { IsEnded = true, Writer = next });
        if (!EndsUses && s.Writer == 0) yield return ("W: does not ask who uses it", s with { Writer = next });
        if (s.Writer == (EndsUsesFirst ? 1 : 0))
            yield return ("W: lets the witness go", s with { LetWitnessGo = true, Writer = next });
        if (s.Writer == 2)
        {
            bool isRefused = s.IsLeasedElsewhere || s.ChildHasWitness;
            yield return isRefused ? ("W: refused", s with { Writer = 9 }) : ("W: write lock", s with { Writer = 3 });
        }

        if (s.Writer == 3) yield return ("W: recycles", s with { Writer = 4 });
    }

    public override string? Fault(TakeOver s) =>
        s.Writer == 4 && (s.IsUsed || s.Child == 2 || s.IsLeasedElsewhere) ? "bytes change under a reader" : null;

    public override bool IsGoal(TakeOver s) => s.Writer is 4 or 9;

    public override string OutOfReach => "the segment never comes back";
}
