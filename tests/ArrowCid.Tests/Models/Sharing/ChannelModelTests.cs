namespace ArrowCid.Tests.Models;

/// <summary>
/// A writer publishes three messages, each after the one before, over a link that loses, repeats and reorders; it may
/// crash to what it had synced. The reader asks again for what it lacks.
/// </summary>
public class ChannelModelTests
{
    [Fact]
    public void Messages_are_read_in_order_and_all_of_them_come() =>
        new ChannelModel().Explore().Holds(100, "W: publishes", "W: syncs", "W: sends 1", "W: sends 3", "W: crashes",
            "link: loses 2", "R: takes 3", "R: takes 1");

    [Fact]
    public void Reader_that_does_not_wait_for_parents_reads_an_effect_before_its_cause() =>
        new ChannelModel { WaitsForParents = false }.Explore()
            .Breaks("a message is read before one that it follows", "W: publishes", "W: publishes", "W: sends 2", "R: takes 2");

    [Fact]
    public void Writer_that_sends_before_it_syncs_forgets_what_others_have() =>
        new ChannelModel { SendsSynced = false }.Explore()
            .Breaks("a reader has what its writer never had", "W: publishes", "W: sends 1", "W: crashes", "R: takes 1");
}

/// <summary>Messages are bits; of the writer's the number is enough, since each follows the one before.</summary>
internal readonly record struct ChannelState(byte Published, byte Synced, byte InFlight, byte Stored, byte Read);

internal sealed class ChannelModel : Model<ChannelState>
{
    private const int Messages = 3;

    public bool WaitsForParents { get; init; } = true;

    public bool SendsSynced { get; init; } = true;

    public override ChannelState Start => default;

    public override IEnumerable<(string Step, ChannelState Next)> Steps(ChannelState s)
    {
        if (s.Published < Messages) yield return ("W: publishes", s with { Published = (byte)(s.Published + 1) });
        if (s.Synced < s.Published) yield return ("W: syncs", s with { Synced = s.Published });
        if (s.Synced < s.Published) yield return ("W: crashes", s with { Published = s.Synced });
        for (int i = 0; i < Messages; i++)
        {
            byte bit = (byte)(1 << i);
            bool mayBeSent = i < (SendsSynced ? s.Synced : s.Published) && (s.InFlight & bit) == 0 && (s.Stored & bit) == 0;
            if (mayBeSent) yield return ($"W: sends {i + 1}", s with { InFlight = (byte)(s.InFlight | bit) });
            if ((s.InFlight & bit) == 0) continue;
            yield return ($"link: loses {i + 1}", s with { InFlight = (byte)(s.InFlight & ~bit) });
            // It may come again: it stays in flight.
            byte stored = (byte)(s.Stored | bit);
            yield return ($"R: takes {i + 1}", s with { Stored = stored, Read = Deliver(s.Read, stored, bit) });
        }
    }

    public override string? Fault(ChannelState s)
    {
        for (int i = 1; i < Messages; i++)
        {
            if ((s.Read >> i & 1) != 0 && (s.Read >> (i - 1) & 1) == 0) return "a message is read before one that it follows";
        }

        return s.Stored >> s.Published != 0 ? "a reader has what its writer never had" : null;
    }

    public override bool IsGoal(ChannelState s) => s is { Published: Messages, Read: (1 << Messages) - 1 };

    public override string OutOfReach => "a message never comes";

    private byte Deliver(byte read, byte stored, byte taken)
    {
        if (!WaitsForParents) return (byte)(read | taken);
        for (int i = 0; i < Messages && (stored >> i & 1) != 0; i++) read |= (byte)(1 << i);
        return read;
    }
}
