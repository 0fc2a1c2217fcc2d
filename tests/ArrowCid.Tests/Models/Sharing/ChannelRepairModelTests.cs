namespace ArrowCid.Tests.Models;

/// <summary>
/// Two of three participants miss a message that the third has. They ask on a transport that reaches all and may lose
/// what it carries to each; a participant that sees another's question does not ask the same at once.
/// </summary>
public class ChannelRepairModelTests
{
    [Fact]
    public void Each_gap_can_always_be_repaired() =>
        new ChannelRepairModel().Explore().Holds(50, "2: asks", "3: asks", "1: answers", "2: gets it", "3: gets it",
            "2: sees the question", "link: loses the answer to 2", "link: loses the question");

    [Fact]
    public void Participant_that_forgets_a_gap_because_another_asked_never_gets_the_message() =>
        new ChannelRepairModel { SeenRestartsTimer = false }.Explore()
            .Breaks("a gap stays for ever", "2: asks", "2: gets it", "3: sees the question", "link: loses the answer to 3");
}

/// <summary>Of participants 2 and 3: whether they have the message, still mean to ask, are about to see the other's
/// question, and have an answer on its way; and whether a question is on its way to 1.</summary>
internal readonly record struct ChannelRepair(byte Has, byte Means, byte WillSee, byte Answer, bool Question);

internal sealed class ChannelRepairModel : Model<ChannelRepair>
{
    public bool SeenRestartsTimer { get; init; } = true;

    public override ChannelRepair Start => new(0, 3, 0, 0, false);

    public override IEnumerable<(string Step, ChannelRepair Next)> Steps(ChannelRepair s)
    {
        if (s.Question)
        {
            yield return ("1: answers", s with { Question = false, Answer = 3 });
            yield return ("link: loses the question", s with { Question = false });
        }

        for (int i = 0; i < 2; i++)
        {
            byte bit = (byte)(1 << i), other = (byte)(3 - bit);
            bool lacks = (s.Has & bit) == 0;
            string who = i == 0 ? "2" : "3";
            // After a question the timer runs again, for longer.
            if (lacks && (s.Means & bit) != 0 && !s.Question)
                yield return ($"{who}: asks", s with { Question = true, WillSee = (byte)(s.WillSee | other) });
            if ((s.WillSee & bit) != 0)
            {
                byte left = (byte)(s.WillSee & ~bit);
                byte means = SeenRestartsTimer ? s.Means : (byte)(s.Means & ~bit);
                yield return ($"{who}: sees the question", s with { WillSee = left, Means = means });
                yield return ("link: loses the question to another", s with { WillSee = left });
            }

            if ((s.Answer & bit) == 0) continue;
            byte answers = (byte)(s.Answer & ~bit);
            yield return ($"{who}: gets it", s with { Answer = answers, Has = (byte)(s.Has | bit) });
            yield return ($"link: loses the answer to {who}", s with { Answer = answers });
        }
    }

    public override string? Fault(ChannelRepair s) => null;

    public override bool IsGoal(ChannelRepair s) => s.Has == 3;

    public override string OutOfReach => "a gap stays for ever";
}
