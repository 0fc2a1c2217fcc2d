namespace ArrowCid.Tests.Models;

/// <summary>
/// A pool (src/ArrowCid.Postgres/POOL.md). X needs Y, both are live, and nothing refers to X. A member gives X a name, twice if the
/// first try fails, while two collectors sweep.
/// </summary>
public class PoolSweepModelTests
{
    private const string Lost = "a name is acknowledged and a block that it needs is not live";

    [Fact]
    public void Pool_keeps_what_a_name_needs_whatever_the_collectors_do() =>
        new PoolSweepModel().Explore().Holds(200, "M: enters, the sweep is open", "M: claims Y", "M: fails, Y is missing",
            "C0: kills", "C1: is superseded", "C0: closes the sweep");

    [Fact]
    public void Pool_whose_collector_checks_in_the_statement_that_locks_loses_a_block() =>
        new PoolSweepModel { ChecksInSecondStatement = false }.Explore().Breaks(Lost, "C0: kills");

    [Fact]
    public void Pool_whose_member_does_not_read_the_sweep_flag_loses_a_block() =>
        new PoolSweepModel { ReadsFlag = false }.Explore().Breaks(Lost, "C0: kills");

    [Fact]
    public void Pool_whose_collector_does_not_wait_for_members_at_the_start_loses_a_block() =>
        new PoolSweepModel { HasFence = false }.Explore().Breaks(Lost, "C0: kills");

    [Fact]
    public void Pool_whose_sweep_is_closed_over_hollow_blocks_loses_a_block() =>
        new PoolSweepModel { KillsHollow = false }.Explore()
            .Breaks(Lost, "C0: locks", "M: is killed, and another one tries", "C0: closes the sweep", "M: commits");

    [Fact]
    public void Pool_whose_superseded_collector_goes_on_loses_a_block() =>
        new PoolSweepModel { EndsSuperseded = false }.Explore().Breaks(Lost, "C0: kills");
}

/// <param name="X">Whether X is live.</param>
/// <param name="Y">Whether Y is live.</param>
/// <param name="IsOpen">Whether the sweep is open.</param>
/// <param name="Epoch">The last epoch.</param>
/// <param name="Member">Where the member is.</param>
/// <param name="Tries">How often it has failed.</param>
/// <param name="SawOpen">Whether the sweep was open when it entered.</param>
/// <param name="First">The first collector.</param>
/// <param name="Second">The second collector.</param>
internal readonly record struct PoolSweep(bool X, bool Y, bool IsOpen, byte Epoch, byte Member, byte Tries, bool SawOpen,
    PoolSweeper First, PoolSweeper Second);

/// <param name="Step">Where the collector is.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="LocksX">Whether it has locked X.</param>
/// <param name="LocksY">Whether it has locked Y.</param>
internal readonly record struct PoolSweeper(byte Step, byte Epoch, bool LocksX, bool LocksY);

internal sealed class PoolSweepModel : Model<PoolSweep>
{
    private const byte Acknowledged = 8, Failed = 9;

    // Of the member: it is in its transaction, has claimed X, has claimed Y.
    private const byte Entered = 1, ClaimedX = 2, ClaimedY = 3;

    private const byte Done = 9;

    public bool ChecksInSecondStatement { get; init; } = true;

    public bool ReadsFlag { get; init; } = true;

    public bool HasFence { get; init; } = true;

    public bool KillsHollow { get; init; } = true;

    public bool EndsSuperseded { get; init; } = true;

    public override PoolSweep Start => new(X: true, Y: true, false, 0, 0, 0, false, default, default);

    public override IEnumerable<(string Step, PoolSweep Next)> Steps(PoolSweep s) =>
    [
        .. Member(s),
        .. Collector(s, 0, s.First).Select(each => (each.Step, each.Next with { First = each.Own })),
        .. Collector(s, 1, s.Second).Select(each => (each.Step, each.Next with { Second = each.Own })),
    ];

    public override string? Fault(PoolSweep s) => s.Member == Acknowledged && !(s.X && s.Y)
        ? "a name is acknowledged and a block that it needs is not live" : null;

    private static bool IsIn(PoolSweep s) => s.Member is Entered or ClaimedX or ClaimedY;

    private IEnumerable<(string Step, PoolSweep Next)> Member(PoolSweep s)
    {
        bool xLocked = s.First.LocksX || s.Second.LocksX, yLocked = s.First.LocksY || s.Second.LocksY;
        PoolSweep failed = s with { Member = s.Tries == 0 ? (byte)0 : Failed, Tries = (byte)(s.Tries + 1) };
        if (s.Member == 0)
            yield return (s.IsOpen ? "M: enters, the sweep is open" : "M: enters, the sweep is closed",
                s with { Member = Entered, SawOpen = s.IsOpen && ReadsFlag });
        if (s.Member == Entered && !xLocked)
            yield return s.X ? ("M: claims X", s with { Member = ClaimedX }) : ("M: fails, X is missing", failed);
        if (s.Member == ClaimedX && s.SawOpen && !yLocked)
            yield return s.Y ? ("M: claims Y", s with { Member = ClaimedY }) : ("M: fails, Y is missing", failed);
        if ((s.Member == ClaimedX && !s.SawOpen) || s.Member == ClaimedY)
            yield return ("M: commits", s with { Member = Acknowledged });
        if (IsIn(s)) yield return ("M: is killed, and another one tries", failed);
    }

    private IEnumerable<(string Step, PoolSweep Next, PoolSweeper Own)> Collector(PoolSweep s, int number, PoolSweeper c)
    {
        string name = $"C{number}: ";
        // The other one's transaction holds the same lock.
        bool isFree = !HasFence || (!IsIn(s) && (number == 0 ? s.Second : s.First).Step is not (3 or 4));
        bool isNamed = s.Member == Acknowledged;
        bool isCurrent = !EndsSuperseded || (s.IsOpen && s.Epoch == c.Epoch);
        bool xShared = s.Member is ClaimedX or ClaimedY, yShared = s.Member is ClaimedY;
        bool xLocked = s.First.LocksX || s.Second.LocksX, yLocked = s.First.LocksY || s.Second.LocksY;
        byte epoch = (byte)(s.Epoch + 1);
        switch (c.Step)
        {
            case 0 when isFree:
                yield return (name + "opens the sweep", s with { IsOpen = true, Epoch = epoch },
                    c with { Step = 1, Epoch = epoch });
                break;
            case 1:
                yield return isNamed ? (name + "marks X and Y", s, c with { Step = 6 })
                    : (name + "marks nothing", s, c with { Step = 2 });
                break;
            case 2:
                // The snapshot of the statement that locks.
                yield return isCurrent
                    ? isNamed && !ChecksInSecondStatement ? (name + "sees the name", s, c with { Step = 6 })
                    : (name + "looks for candidates", s, c with { Step = 3 })
                    : (name + "is superseded", s, c with { Step = Done });
                break;
            case 3:
                // What is locked is left out.
                yield return (name + "locks", s,
                    c with { Step = 4, LocksX = s.X && !xShared && !xLocked, LocksY = s.Y && !yShared && !yLocked });
                break;
            case 4:
                bool spares = ChecksInSecondStatement && isNamed;
                bool sparesY = spares && s.SawOpen;
                yield return (name + "kills",
                    s with { X = s.X && (!c.LocksX || spares), Y = s.Y && (!c.LocksY || sparesY) },
                    c with { Step = 5, LocksX = false, LocksY = false });
                break;
            case 5 when KillsHollow && s.X && !s.Y && !xShared && !xLocked && isCurrent && !isNamed:
                yield return (name + "kills X, which is hollow", s with { X = false }, c);
                break;
            case 5:
                yield return (name + "has killed", s, c with { Step = 6 });
                break;
            case 6 when isFree:
                bool closes = s.Epoch == c.Epoch && !(KillsHollow && s.X && !s.Y);
                yield return (name + (closes ? "closes the sweep" : "leaves the sweep open"),
                    s with { IsOpen = s.IsOpen && !closes }, c with { Step = Done });
                break;
        }
    }
}
