using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>The counterparts of nim-sds's tests of SDS-R, in both dialects where both have it.</summary>
public sealed class SdsRepairTests
{
    private const long Min = 30_000, Max = 300_000;

    public static TheoryData<SdsDialect> Dialects => [.. Enum.GetValues<SdsDialect>()];

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Request_delay_is_within_its_bounds_and_the_same_each_time(SdsDialect dialect)
    {
        HashSet<long> delays = [];
        for (int i = 0; i < 200; i++)
        {
            long delay = RepairSchedule.RequestDelay(dialect, $"participant-{i}", $"message-{i % 7}", Min, Max);
            Assert.InRange(delay, Min, Max - 1);
            Assert.Equal(delay, RepairSchedule.RequestDelay(dialect, $"participant-{i}", $"message-{i % 7}", Min, Max));
            delays.Add(delay);
        }

        Assert.True(delays.Count > 190);
        Assert.Equal(Min, RepairSchedule.RequestDelay(dialect, "a", "m", Min, Min));
        Assert.Equal(Min, RepairSchedule.RequestDelay(dialect, "a", "m", Min, Min - 1));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Request_delay_doubles_with_each_round_up_to_an_hour(SdsDialect dialect)
    {
        long first = RepairSchedule.RequestDelay(dialect, "a", "m", Min, Max);
        Assert.Equal(2 * first, RepairSchedule.RequestDelay(dialect, "a", "m", Min, Max, 1));
        Assert.Equal(RepairSchedule.MaxRequestDelay, RepairSchedule.RequestDelay(dialect, "a", "m", Min, Max, 60));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Answer_delay_is_nothing_for_the_sender_and_within_its_bounds_for_others(SdsDialect dialect)
    {
        Assert.Equal(0, RepairSchedule.AnswerDelay(dialect, "alice", "alice", "m1", Max));
        Assert.True(RepairSchedule.AnswerDelay(dialect, "bob", "alice", "m1", Max) > 0);
        Assert.Equal(0, RepairSchedule.AnswerDelay(dialect, "bob", "alice", "m1", 0));
        for (int i = 0; i < 500; i++)
        {
            Assert.InRange(RepairSchedule.AnswerDelay(dialect, $"p{i}", $"s{i % 11}", $"m{i}", Max), 0, Max - 1);
            Assert.Equal(0, RepairSchedule.AnswerDelay(dialect, $"p{i}", $"p{i}", $"m{i}", Max));
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Sender_is_in_the_group_that_answers_and_groups_are_about_equal(SdsDialect dialect)
    {
        Assert.All(Enumerable.Range(1, 10), groups => Assert.True(RepairSchedule.Answers(dialect, "a", "a", "m", groups)));
        Assert.All(new[] { 1, 0, -1 }, groups => Assert.True(RepairSchedule.Answers(dialect, "b", "a", "m", groups)));
        int inside = Enumerable.Range(0, 1_000).Count(i => RepairSchedule.Answers(dialect, $"p{i}", "a", "m", 10));
        Assert.InRange(inside, 50, 200);
    }

    [Fact]
    public void Missing_dependency_is_asked_for_until_it_arrives_or_is_marked_met()
    {
        var node = new SdsNode();
        node.Receive("m3", 3, "m1", "m2");
        Assert.Equal(["m1", "m2"], node.State.Requests.Keys.Order());
        node.Receive("m1", 1);
        Assert.Equal(["m2"], node.State.Requests.Keys);
        node.Participant.MarkMet(["m2"], SdsNode.Channel);
        Assert.Empty(node.State.Requests);
        Assert.Equal(["m1", "m3"], node.Delivered);
    }

    /// <summary>Difference: a request that was sent is not forgotten, but sent again later.</summary>
    [Fact]
    public void Due_request_goes_with_the_next_message_and_again_later()
    {
        var node = new SdsNode(change: options => options with { SyncInterval = TimeSpan.FromHours(1) });
        node.Receive("m2", 2, "m1");
        Assert.Empty(SdsCodec.Read(node.Wrap("early"), SdsDialect.Nim).RepairRequests);
        node.Advance(301);
        SdsHistoryEntry request = Assert.Single(SdsCodec.Read(node.Wrap("due"), SdsDialect.Nim).RepairRequests);
        Assert.Equal(("m1", "bob"), (request.MessageId, request.SenderId));
        Assert.Empty(SdsCodec.Read(node.Wrap("next"), SdsDialect.Nim).RepairRequests);
        Assert.Single(node.State.Requests);
        node.Advance(2 * 301);
        Assert.Single(SdsCodec.Read(node.Wrap("again"), SdsDialect.Nim).RepairRequests);
    }

    [Fact]
    public void Three_requests_go_with_a_message_and_the_most_overdue_first()
    {
        var node = new SdsNode(change: options => options with { SyncInterval = TimeSpan.FromHours(1) });
        string[] missing = ["d1", "d2", "d3", "d4", "d5"];
        node.Receive("m", 9, missing);
        string[] due = [.. missing.OrderBy(id => node.State.Requests[id].DueAt)];
        node.Advance(301);
        Assert.Equal(due[..3], SdsCodec.Read(node.Wrap("first"), SdsDialect.Nim).RepairRequests.Select(entry => entry.MessageId));
        Assert.Equal(due[3..], SdsCodec.Read(node.Wrap("second"), SdsDialect.Nim).RepairRequests.Select(entry => entry.MessageId));
    }

    [Fact]
    public void Request_for_what_is_here_is_answered_with_its_bytes_when_it_is_due()
    {
        var node = new SdsNode("carol");
        node.Receive(SdsNode.Message("m1", 1) with { SenderId = "alice" });
        node.Receive(SdsNode.Message("other", 1) with { SenderId = "alice" });
        node.Receive(SdsNode.Asking("ask", 2, "m1", "absent"));
        Assert.Equal(["m1"], node.State.Answers.Keys);
        node.Advance(8.9);
        Assert.Equal(0, node.Count(SdsEventKind.Rebroadcast));
        node.Advance(0.1); // carol answers for alice's m1 after 8,988 ms
        SdsEvent answer = Assert.Single(node.Events, e => e.Kind == SdsEventKind.Rebroadcast);
        Assert.Equal("m1", SdsCodec.Read(answer.Bytes.Span, SdsDialect.Nim).Id);
        Assert.Equal("alice", SdsCodec.Read(answer.Bytes.Span, SdsDialect.Nim).SenderId);
        node.Advance(400);
        Assert.Equal(1, node.Count(SdsEventKind.Rebroadcast));
    }

    [Fact]
    public void Request_without_a_sender_is_not_answered()
    {
        var node = new SdsNode();
        node.Receive("m1", 1);
        node.Receive(SdsNode.Message("ask", 2) with { RepairRequests = [new("m1")] });
        Assert.Empty(node.State.Answers);
    }

    [Fact]
    public void Own_message_is_in_the_history_with_its_sender_and_named_with_it()
    {
        var node = new SdsNode();
        node.Wrap("m1");
        Assert.Equal("alice", Assert.Single(node.Participant.History(SdsNode.Channel)).SenderId);
        Assert.Equal("alice", Assert.Single(SdsCodec.Read(node.Wrap("m2"), SdsDialect.Nim).CausalHistory).SenderId);
    }

    [Fact]
    public void Reset_clears_requests_and_answers()
    {
        var node = new SdsNode();
        node.Receive("m1", 1);
        node.Receive("m3", 3, "missing");
        node.Receive(SdsNode.Asking("ask", 4, "m1"));
        node.Participant.Reset();
        Assert.Empty(node.Participant.Channels);
        Assert.Empty(node.State.Requests);
        Assert.Empty(node.State.Answers);
        Assert.Equal(0, node.State.Clock);
    }

    [Fact]
    public void Requests_of_channels_are_apart()
    {
        var node = new SdsNode();
        node.Receive("m1", 1, "missing");
        Assert.Single(node.State.Requests);
        Assert.Empty(node.Participant.StateOf("other").Requests);
    }

    [Fact]
    public void Duplicate_cancels_an_answer()
    {
        var node = new SdsNode("carol");
        node.Receive(SdsNode.Message("m1", 1) with { SenderId = "alice" });
        node.Receive(SdsNode.Asking("ask", 2, "m1"));
        Assert.Single(node.State.Answers);
        node.Receive(SdsNode.Message("m1", 1) with { SenderId = "alice" });
        Assert.Empty(node.State.Answers);
        node.Advance(301);
        Assert.Equal(0, node.Count(SdsEventKind.Rebroadcast));
    }

    [Fact]
    public void Sweep_of_nothing_does_nothing()
    {
        var node = new SdsNode();
        node.Participant.OpenChannel(SdsNode.Channel);
        node.Advance(3_600);
        Assert.Empty(node.Events);
    }

    /// <summary>Difference: a request does not end with time. It ends when the message arrives or is marked met.</summary>
    [Fact]
    public void Old_request_is_still_there()
    {
        var node = new SdsNode();
        node.Receive("m2", 2, "m1");
        node.Advance(86_400);
        Assert.Single(node.State.Requests);
        Assert.Contains(node.Events, e => e.Kind == SdsEventKind.Sync
            && SdsCodec.Read(e.Bytes.Span, SdsDialect.Nim).RepairRequests.Any(entry => entry.MessageId == "m1"));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Gap_is_repaired_by_another_participant(SdsDialect dialect)
    {
        var alice = new SdsNode("alice", dialect);
        var bob = new SdsNode("bob", dialect, clock: alice.Clock);
        var carol = new SdsNode("carol", dialect, clock: alice.Clock);
        byte[] first = alice.Wrap("m1");
        carol.Participant.Unwrap(first); // bob does not get it
        byte[] second = alice.Wrap("m2");
        carol.Participant.Unwrap(second);
        Assert.Equal(SdsReceipt.Waiting, bob.Participant.Unwrap(second).Receipt);
        alice.Clock.Advance(TimeSpan.FromSeconds(301));
        byte[] asks = bob.Wrap("hello");
        alice.Participant.Unwrap(asks);
        carol.Participant.Unwrap(asks);
        alice.Participant.Sweep();
        SdsEvent answer = Assert.Single(alice.Events, e => e.Kind == SdsEventKind.Rebroadcast); // the sender, at once
        bob.Participant.Unwrap(answer.Bytes.Span);
        Assert.Equal(["m1", "m2"], bob.Delivered);
        carol.Participant.Unwrap(answer.Bytes.Span); // one answer is enough
        Assert.Empty(carol.State.Answers);
        carol.Clock.Advance(TimeSpan.FromSeconds(301));
        carol.Participant.Sweep();
        Assert.Equal(0, carol.Count(SdsEventKind.Rebroadcast));
    }

    /// <summary>Difference: the own request is put off, not forgotten: the answer to the other one may be lost.</summary>
    [Fact]
    public void Request_of_another_participant_puts_off_the_own_one()
    {
        var node = new SdsNode();
        node.Receive("m2", 2, "m1");
        long before = node.State.Requests["m1"].DueAt;
        node.Advance(10);
        node.Receive(SdsNode.Message("ask", 3) with { RepairRequests = [new("m1") { SenderId = "bob" }] });
        Assert.True(node.State.Requests["m1"].DueAt > before);
    }

    /// <summary>Difference: who is not in the group answers too, where no member of it has in twice the longest time.</summary>
    [Fact]
    public void Group_answers_first_and_all_others_where_it_does_not()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(i => $"p{i}")];
        string inside = names.First(name => RepairSchedule.Answers(SdsDialect.Nim, name, "alice", "m1", 10));
        string outside = names.First(name => !RepairSchedule.Answers(SdsDialect.Nim, name, "alice", "m1", 10));
        foreach ((string name, int expected) in new[] { (inside, 1), (outside, 0) })
        {
            var node = new SdsNode(name, change: options => options with { ResponseGroups = 10 });
            node.Receive(SdsNode.Message("m1", 1) with { SenderId = "alice" });
            node.Receive(SdsNode.Asking("ask", 2, "m1"));
            node.Advance(301);
            Assert.Equal(expected, node.Count(SdsEventKind.Rebroadcast));
            node.Advance(601);
            Assert.Equal(1, node.Count(SdsEventKind.Rebroadcast));
        }
    }

    [Fact]
    public void Many_gaps_are_asked_for_in_several_messages()
    {
        var node = new SdsNode(change: options => options with { SyncInterval = TimeSpan.FromHours(1) });
        node.Receive("m", 9, "d1", "d2", "d3", "d4", "d5");
        node.Advance(301);
        HashSet<string> asked = [];
        for (int i = 0; i < 3; i++)
        {
            IReadOnlyList<SdsHistoryEntry> requests = SdsCodec.Read(node.Wrap($"w{i}"), SdsDialect.Nim).RepairRequests;
            Assert.True(requests.Count <= 3);
            asked.UnionWith(requests.Select(entry => entry.MessageId));
        }

        Assert.Equal(5, asked.Count);
    }
}
