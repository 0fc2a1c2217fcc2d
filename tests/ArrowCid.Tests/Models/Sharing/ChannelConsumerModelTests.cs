namespace ArrowCid.Tests.Models;

/// <summary>Two processes share a durable consumer. Each looks for a message that is not acknowledged, leases it,
/// handles it, acknowledges it and ends the lease; either may be killed at any step, which ends its lease.</summary>
public class ChannelConsumerModelTests
{
    [Fact]
    public void Message_is_handled_until_it_is_acknowledged_and_not_after() =>
        new ChannelConsumerModel().Explore().Holds(40, "A: looks", "B: leases", "A: looks again", "A: handles",
            "B: acknowledges", "A: is killed", "B: finds it acknowledged");

    [Fact]
    public void Process_that_does_not_look_again_under_its_lease_handles_what_is_acknowledged() =>
        new ChannelConsumerModel { LooksAgain = false }.Explore().Breaks("an acknowledged message is handled again",
            "A: handles", "B: looks", "A: acknowledges", "B: leases", "B: handles");

    [Fact]
    public void Message_that_counts_as_acknowledged_once_it_is_leased_is_lost_with_its_process() =>
        new ChannelConsumerModel { AcksLate = false }.Explore()
            .Breaks("a message is never handled", "A: leases", "A: is killed");
}

/// <summary>Steps of a process: 0 looks, 1 has found it, 2 leased it, 3 looked again, 4 handled it, 5 acknowledged it,
/// 6 is dead.</summary>
internal readonly record struct ConsumerProcesses(byte A, byte B, bool IsAcked, bool IsHandled, bool IsHandledLate);

internal sealed class ChannelConsumerModel : Model<ConsumerProcesses>
{
    private const byte Looks = 0, Found = 1, Leased = 2, Sure = 3, Handled = 4, Acked = 5, Dead = 6;

    public bool LooksAgain { get; init; } = true;

    public bool AcksLate { get; init; } = true;

    public override ConsumerProcesses Start => default;

    public override IEnumerable<(string Step, ConsumerProcesses Next)> Steps(ConsumerProcesses s)
    {
        foreach ((string step, byte at, ConsumerProcesses next) in Of(s, s.A, s.B)) yield return ($"A: {step}", next with { A = at });
        foreach ((string step, byte at, ConsumerProcesses next) in Of(s, s.B, s.A)) yield return ($"B: {step}", next with { B = at });
        // A process that died is started again, once the other has died too or not.
        if (s.A is not (Dead or Acked)) yield return ("A: is killed", s with { A = Dead });
        if (s.A == Dead) yield return ("A: starts again", s with { A = Looks });
    }

    public override string? Fault(ConsumerProcesses s) => s.IsHandledLate ? "an acknowledged message is handled again" : null;

    public override bool IsGoal(ConsumerProcesses s) => s is { IsAcked: true, IsHandled: true };

    public override string OutOfReach => "a message is never handled";

    private IEnumerable<(string Step, byte At, ConsumerProcesses Next)> Of(ConsumerProcesses s, byte own, byte other)
    {
        bool isFree = other is not (Leased or Sure or Handled);
        switch (own)
        {
            case Looks when !s.IsAcked: yield return ("looks", Found, s); break;
            case Found when isFree:
                yield return ("leases", LooksAgain ? Leased : Sure, AcksLate ? s : s with { IsAcked = true });
                break;
            case Leased when s.IsAcked && AcksLate: yield return ("finds it acknowledged", Acked, s); break;
            case Leased: yield return ("looks again", Sure, s); break;
            case Sure:
                yield return ("handles", Handled, s with { IsHandled = true, IsHandledLate = s.IsHandledLate || (s.IsAcked && AcksLate) });
                break;
            case Handled: yield return ("acknowledges", Acked, s with { IsAcked = true }); break;
        }
    }
}
