namespace ArrowCid.Tests.Models;

/// <summary>
/// A block with a name comes to a store by a sync that may be killed at every step, beside a collector that spares
/// nothing for being young. The steps are those of <c>Sync/SYNC.md</c>, Moving.
/// </summary>
public class SyncModelTests
{
    private const string Hollow = "a name points to a block that is not here", Back = "a removed block came back";

    [Fact]
    public void Name_never_points_to_a_block_that_is_not_here_wherever_the_sync_is_killed() =>
        new SyncModel().Explore().Holds(60, "facts are in", "the block is in", "holds", "the name is in", "lets go",
            "killed", "collector reads", "collector drops", "collector: the block stays", "nothing to hold");

    [Fact]
    public void Removed_block_stays_away() => new SyncModel { WasRemoved = true }.Explore()
        .Holds(8, "facts are in", "the block stays away", "killed");

    [Fact]
    public void Name_is_hollow_when_the_block_is_not_held() => new SyncModel { HoldsBlock = false }.Explore()
        .Breaks(Hollow, "the block is in", "finds the block", "collector drops", "the name is in");

    [Fact]
    public void Name_is_hollow_when_it_comes_before_its_block() => new SyncModel { NamesLast = false }.Explore()
        .Breaks(Hollow, "facts are in", "the name is in");

    [Fact]
    public void Removed_block_comes_back_when_the_log_of_removals_is_not_read() =>
        new SyncModel { WasRemoved = true, ReadsRemovals = false }.Explore().Breaks(Back, "facts are in", "the block is in");
}

/// <summary>The receiving store, the sync and the collector.</summary>
/// <param name="At">The sync's step.</param>
/// <param name="HasBlock">Whether the block is here.</param>
/// <param name="IsHeld">Whether a living process holds it.</param>
/// <param name="HasName">Whether the name points to it.</param>
/// <param name="Collector">0 at rest, 1 it has chosen the block.</param>
/// <param name="IsAfterFence">Whether a record of the block is after the collector's fence.</param>
/// <param name="Kills">The kills that are left.</param>
/// <param name="Left">The collections that are left.</param>
/// <param name="CameBack">Whether the block came although it was removed here.</param>
internal readonly record struct Synced(byte At, bool HasBlock, bool IsHeld, bool HasName, byte Collector, bool IsAfterFence,
    byte Kills, byte Left, bool CameBack);

internal sealed class SyncModel : Model<Synced>
{
    private const byte Facts = 1, Block = 2, Held = 3, Name = 4, Done = 5;

    public bool HoldsBlock { get; init; } = true;

    public bool NamesLast { get; init; } = true;

    public bool ReadsRemovals { get; init; } = true;

    /// <summary>Whether the block was here, and was removed after the other side put it.</summary>
    public bool WasRemoved { get; init; }

    public override Synced Start => new(0, false, false, false, 0, false, 2, 2, false);

    public override string OutOfReach => "the stores cannot come into step any more";

    public override IEnumerable<(string Step, Synced Next)> Steps(Synced s)
    {
        foreach ((string, Synced) step in Sync(s)) yield return step;
        if (s is { At: > 0 and < Done, Kills: > 0 })
            yield return ("killed", s with { At = 0, IsHeld = false, Kills = (byte)(s.Kills - 1) });
        // What was collected between comes with the next sync.
        if (s is { At: Done, HasName: false } && !WasRemoved) yield return ("syncs again", s with { At = 0 });
        if (s is { Collector: 0, Left: > 0, HasBlock: true, HasName: false, IsHeld: false })
            yield return ("collector reads", s with { Collector = 1, IsAfterFence = false, Left = (byte)(s.Left - 1) });
        if (s.Collector != 1) yield break;
        bool stays = s.IsAfterFence || s.HasName || s.IsHeld;
        yield return stays
            ? ("collector: the block stays", s with { Collector = 0, IsAfterFence = false })
            : ("collector drops", s with { Collector = 0, HasBlock = false });
    }

    public override string? Fault(Synced s) => s switch
    {
        { HasName: true, HasBlock: false } => "a name points to a block that is not here",
        { CameBack: true } => "a removed block came back",
        _ => null,
    };

    public override bool IsGoal(Synced s) => s.At == Done && (WasRemoved || s is { HasName: true, HasBlock: true });

    private IEnumerable<(string Step, Synced Next)> Sync(Synced s)
    {
        switch (s.At)
        {
            case 0: yield return ("facts are in", s with { At = Facts }); break;
            case Facts when !NamesLast: yield return ("the name is in", s with { At = Name, HasName = true }); break;
            case Facts when WasRemoved && ReadsRemovals: yield return ("the block stays away", s with { At = Done }); break;
            case Facts:
                yield return ("the block is in",
                    s with { At = Block, HasBlock = true, IsAfterFence = s.Collector == 1, CameBack = WasRemoved });
                break;
            case Block when !s.HasBlock: yield return ("nothing to hold", s with { At = Done }); break;
            case Block when HoldsBlock:
                yield return ("holds", s with { At = Held, IsHeld = true, IsAfterFence = s.Collector == 1 });
                break;
            case Block: yield return ("finds the block", s with { At = Held }); break;
            case Held: yield return ("the name is in", s with { At = Name, HasName = true }); break;
            case Name: yield return ("lets go", s with { At = Done, IsHeld = false }); break;
        }
    }
}
