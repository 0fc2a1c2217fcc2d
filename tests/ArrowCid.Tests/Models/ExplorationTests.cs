namespace ArrowCid.Tests.Models;

/// <summary>The explorer itself: it finds the faults that everybody knows, by a shortest way.</summary>
public class ExplorationTests
{
    [Fact]
    public void Two_plain_increments_lose_one() =>
        new Increments { IsOneStep = false }.Explore()
            .Breaks("an increment is lost", "1 reads", "2 reads", "1 writes", "2 writes");

    [Fact]
    public void Two_indivisible_increments_lose_none() => new Increments().Explore().Holds(4, "1 adds", "2 adds");

    [Fact]
    public void Two_locks_taken_in_opposite_order_end_at_rest() =>
        new TwoLocks { InOneOrder = false }.Explore().Breaks("nobody can go on", "1 locks x", "2 locks y");

    [Fact]
    public void Two_locks_taken_in_one_order_do_not() => new TwoLocks().Explore().Holds(8, "1 is done", "2 is done");

    [Fact]
    public void A_goal_that_a_kill_puts_out_of_reach_is_noticed()
    {
        new Killable { LockDies = false }.Explore().Breaks("the lock is kept for ever", "1 locks", "1 is killed");
        new Killable().Explore().Holds(4, "1 is killed", "2 locks");
    }

    [Fact]
    public void A_model_that_holds_because_it_does_nothing_is_refused()
    {
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => new Increments().Explore().Holds(1000));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => new Increments().Explore().Holds(1, "3 adds"));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => new Increments().Explore().Breaks("an increment is lost"));
    }

    private readonly record struct Sum(int Value, int At1, int Read1, int At2, int Read2);

    private sealed class Increments : Model<Sum>
    {
        public bool IsOneStep { get; init; } = true;

        public override Sum Start => default;

        public override IEnumerable<(string Step, Sum Next)> Steps(Sum s)
        {
            if (IsOneStep && s.At1 == 0) yield return ("1 adds", s with { At1 = 2, Value = s.Value + 1 });
            if (IsOneStep && s.At2 == 0) yield return ("2 adds", s with { At2 = 2, Value = s.Value + 1 });
            if (!IsOneStep && s.At1 == 0) yield return ("1 reads", s with { At1 = 1, Read1 = s.Value });
            if (!IsOneStep && s.At2 == 0) yield return ("2 reads", s with { At2 = 1, Read2 = s.Value });
            if (s.At1 == 1) yield return ("1 writes", s with { At1 = 2, Value = s.Read1 + 1 });
            if (s.At2 == 1) yield return ("2 writes", s with { At2 = 2, Value = s.Read2 + 1 });
        }

        public override string? Fault(Sum s) =>
            s is { At1: 2, At2: 2, Value: < 2 } ? "an increment is lost" : null;
    }

    private readonly record struct Locks(int X, int Y, int At1, int At2);

    private sealed class TwoLocks : Model<Locks>
    {
        public bool InOneOrder { get; init; } = true;

        public override Locks Start => default;

        public override IEnumerable<(string Step, Locks Next)> Steps(Locks s)
        {
            if (s is { At1: 0, X: 0 }) yield return ("1 locks x", s with { At1 = 1, X = 1 });
            if (s is { At1: 1, Y: 0 }) yield return ("1 is done", s with { At1 = 2, X = 0 });
            if (InOneOrder)
            {
                if (s is { At2: 0, X: 0 }) yield return ("2 locks x", s with { At2 = 1, X = 2 });
                if (s is { At2: 1, Y: 0 }) yield return ("2 is done", s with { At2 = 2, X = 0 });
            }
            else
            {
                if (s is { At2: 0, Y: 0 }) yield return ("2 locks y", s with { At2 = 1, Y = 2 });
                if (s is { At2: 1, X: 0 }) yield return ("2 is done", s with { At2 = 2, Y = 0 });
            }
        }

        public override string? Fault(Locks s) => null;

        public override string? FaultAtRest(Locks s) => s is { At1: 2, At2: 2 } ? null : "nobody can go on";
    }

    private readonly record struct Lock(int Holder, bool IsDead);

    private sealed class Killable : Model<Lock>
    {
        public bool LockDies { get; init; } = true;

        public override Lock Start => default;

        public override IEnumerable<(string Step, Lock Next)> Steps(Lock s)
        {
            if (s is { Holder: 0, IsDead: false }) yield return ("1 locks", s with { Holder = 1 });
            if (s is { Holder: 1, IsDead: false })
                yield return ("1 is killed", new Lock(LockDies ? 0 : 1, IsDead: true));
            if (s is { Holder: 1, IsDead: false }) yield return ("1 unlocks", new Lock(0, IsDead: true));
            if (s.Holder == 0) yield return ("2 locks", s with { Holder = 2 });
        }

        public override string? Fault(Lock s) => null;

        public override bool IsGoal(Lock s) => s.Holder == 2;

        public override string OutOfReach => "the lock is kept for ever";
    }
}
