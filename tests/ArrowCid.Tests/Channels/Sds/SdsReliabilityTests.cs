using System.Text;
using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>The counterparts of nim-sds's tests of its core, its buffers and its channels. Where ours differs the summary
/// says so.</summary>
public sealed class SdsReliabilityTests
{
    private static readonly byte[] s_noise = SdsNode.Filter([.. Enumerable.Range(0, 500).Select(i => $"noise-{i}")]);

    [Fact]
    public void Participant_has_the_defaults_of_nim_sds()
    {
        var options = new SdsOptions { Dialect = SdsDialect.Nim };
        Assert.Equal((10_000, 0.001, 1_000, 10), (options.FilterCapacity, options.FilterErrorRate, options.History,
            options.CausalHistoryOrDefault));
        Assert.Equal((60.0, 30.0, 30_000L, 300_000L), (options.ResendInterval.TotalSeconds, options.SyncInterval.TotalSeconds,
            options.RepairMinMs, options.RepairMaxMs));
        Assert.Equal("alice", new SdsParticipant("alice", options).Id);
    }

    [Theory]
    [InlineData(SdsDialect.Nim, 0)]
    [InlineData(SdsDialect.Rfc, 0)]
    [InlineData(SdsDialect.Nim, 20)]
    [InlineData(SdsDialect.Rfc, 20)]
    public void Wrapped_message_is_unwrapped_by_another_participant(SdsDialect dialect, int before)
    {
        var alice = new SdsNode("alice", dialect);
        var bob = new SdsNode("bob", dialect, clock: alice.Clock);
        for (int i = 0; i < before; i++) bob.Participant.Unwrap(alice.Wrap($"before-{i}"));
        byte[] wrapped = alice.Participant.Wrap([1, 2, 3], "test-msg-1", SdsNode.Channel);
        for (int i = 0; i < before; i++) Assert.True(SdsNode.FilterHolds(wrapped, $"before-{i}", dialect));
        SdsReceived received = bob.Participant.Unwrap(wrapped);
        Assert.Equal([1, 2, 3], received.Message.Content.ToArray());
        Assert.Equal((SdsNode.Channel, "alice", SdsReceipt.Delivered),
            (received.Message.ChannelId, received.Message.SenderId, received.Receipt));
        Assert.Empty(received.Missing);
    }

    [Fact]
    public void Clock_rises_with_each_message_also_with_older_ones()
    {
        var node = new SdsNode();
        node.Receive("msg2", 5);
        long first = node.State.Clock;
        node.Receive("msg1", 1);
        Assert.True(node.State.Clock > first);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_wait_for_dependencies_until_they_are_marked_met(bool filterHoldsThem)
    {
        var node = new SdsNode();
        byte[] filter = filterHoldsThem ? SdsNode.Filter("msg1", "msg2") : [];
        SdsReceived third = node.Receive(SdsNode.Message("msg3", 3, "msg1", "msg2") with { Filter = filter });
        Assert.Equal(["msg1", "msg2"], third.Missing.Select(entry => entry.MessageId));
        SdsReceived second = node.Receive(SdsNode.Message("msg2", 2, "msg1") with { Filter = filter });
        Assert.Equal(["msg1"], second.Missing.Select(entry => entry.MessageId));
        Assert.Empty(node.Delivered);
        node.Participant.MarkMet(["msg1"], SdsNode.Channel);
        Assert.Empty(node.Participant.Waiting(SdsNode.Channel));
        Assert.Equal(["msg2", "msg3"], node.Delivered);
        Assert.Equal(2, node.Count(SdsEventKind.Missing));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Causal_history_acknowledges(bool withFilter)
    {
        var node = new SdsNode();
        node.Wrap("msg1");
        node.Wrap("other");
        node.Receive(SdsNode.Message("msg2", 2, "msg1") with { Filter = withFilter ? s_noise : default });
        Assert.Equal(["msg2"], node.Delivered);
        SdsEvent acknowledged = Assert.Single(node.Events, e => e.Kind == SdsEventKind.Acknowledged);
        Assert.Equal(("msg1", "bob"), (acknowledged.MessageId, acknowledged.ParticipantId));
    }

    /// <summary>Difference: a filter makes it possible alone, unless an option says how many participants' filters count.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void Filter_acknowledges_where_the_option_says_so(int threshold, bool withNoise)
    {
        var node = new SdsNode(change: options => options with { PossibleAcknowledgments = threshold });
        node.Wrap("msg1");
        node.Wrap("other");
        byte[] filter = withNoise
            ? SdsNode.Filter([.. Enumerable.Range(0, 500).Select(i => $"noise-{i}"), "msg1"]) : SdsNode.Filter("msg1");
        node.Receive(SdsNode.Message("msg2", 2) with { Filter = filter });
        node.Receive(SdsNode.Message("msg3", 3) with { Filter = filter });
        SdsEvent found = Assert.Single(node.Events,
            e => e.Kind is SdsEventKind.Acknowledged or SdsEventKind.PossiblyAcknowledged);
        Assert.Equal(("msg1", "bob"), (found.MessageId, found.ParticipantId));
        Assert.Equal(threshold == 0 ? SdsEventKind.PossiblyAcknowledged : SdsEventKind.Acknowledged, found.Kind);
    }

    [Fact]
    public void Two_filters_acknowledge_where_two_are_asked_for()
    {
        var node = new SdsNode(change: options => options with { PossibleAcknowledgments = 2 });
        node.Wrap("msg1");
        foreach (string sender in new[] { "bob", "bob", "carol" })
        {
            Assert.Equal(0, node.Count(SdsEventKind.Acknowledged));
            node.Receive(SdsNode.Message($"m{node.Events.Count}", 2) with { Filter = SdsNode.Filter("msg1"), SenderId = sender });
        }

        Assert.Equal(1, node.Count(SdsEventKind.Acknowledged));
    }

    [Fact]
    public void Possibly_acknowledged_message_is_not_resent_and_does_not_fail()
    {
        var node = new SdsNode(change: options => options with { MaxResends = 2 });
        node.Wrap("msg1");
        node.Receive(SdsNode.Message("m2", 2) with { Filter = SdsNode.Filter("msg1") });
        for (int i = 0; i < 4; i++) node.Advance(61);
        Assert.Equal(0, node.Count(SdsEventKind.Resend) + node.Count(SdsEventKind.Failed));
        Assert.Empty(node.Participant.Unacknowledged(SdsNode.Channel));
    }

    [Fact]
    public void Wrapped_filter_holds_own_and_delivered_messages()
    {
        var node = new SdsNode();
        node.Wrap("own");
        node.Receive("delivered", 1);
        byte[] wrapped = node.Wrap("mine");
        Assert.True(SdsNode.FilterHolds(wrapped, "own"));
        Assert.True(SdsNode.FilterHolds(wrapped, "delivered"));
        Assert.False(SdsNode.FilterHolds(wrapped, "mine"));
        Assert.False(SdsNode.FilterHolds(wrapped, "absent"));
    }

    [Fact]
    public void Retrieval_hints_are_asked_for_and_passed_on()
    {
        var node = new SdsNode(change: options => options with
        {
            RetrievalHint = (_, id) => id == "msg1" ? Encoding.UTF8.GetBytes("hint:" + id) : default,
        });
        node.Wrap("msg1");
        node.Wrap("msg2");
        SdsMessage third = SdsCodec.Read(node.Wrap("msg3"), SdsDialect.Nim);
        Assert.Equal("hint:msg1", Encoding.UTF8.GetString(third.CausalHistory[0].RetrievalHint!.Value.Span));
        Assert.Null(third.CausalHistory[1].RetrievalHint);
        Assert.Null(Assert.Single(node.Receive("msg4", 4, "missing").Missing).RetrievalHint);
        SdsHistoryEntry hinted = new("another") { RetrievalHint = new byte[] { 7, 8 } };
        node.Receive(SdsNode.Message("msg5", 5) with { CausalHistory = [hinted] });
        SdsEvent missing = node.Events.Last(e => e.Kind == SdsEventKind.Missing);
        Assert.Equal([7, 8], Assert.Single(missing.Missing).RetrievalHint!.Value.ToArray());
    }

    [Fact]
    public void Messages_without_acknowledgment_are_kept_until_it_comes()
    {
        var node = new SdsNode();
        for (int i = 0; i < 6; i++) node.Wrap($"msg{i}");
        Assert.Equal(6, node.Participant.Unacknowledged(SdsNode.Channel).Count);
        node.Receive("ack", 100, "msg0", "msg2", "msg4");
        Assert.Equal(["msg1", "msg3", "msg5"], node.Participant.Unacknowledged(SdsNode.Channel).Select(each => each.Id));
        Assert.Equal(3, node.Count(SdsEventKind.Acknowledged));
    }

    /// <summary>Difference: what was given up is <c>Failed</c>, and each resend is an event with bytes.</summary>
    [Fact]
    public void Sweep_resends_gives_up_and_rolls_the_filter()
    {
        var node = new SdsNode(change: options => options with
        {
            ResendInterval = TimeSpan.FromMilliseconds(100),
            MaxResends = 3,
            FilterCapacity = 2,
        });
        node.Wrap("msg1");
        for (int i = 0; i < 5; i++) node.Advance(0.101);
        Assert.Equal(3, node.Count(SdsEventKind.Resend));
        Assert.Equal(["msg1"], node.Ids(SdsEventKind.Failed));
        node.Wrap("msg2");
        node.Wrap("msg3");
        Assert.Equal(["msg2", "msg3"], node.Participant.Unacknowledged(SdsNode.Channel).Select(each => each.Id));
        SdsFilter filter = node.State.Filter.Filter;
        Assert.False(filter.Contains(BloomHash.Of(SdsDialect.Nim, "msg1")));
        Assert.True(filter.Contains(BloomHash.Of(SdsDialect.Nim, "msg3")));
    }

    /// <summary>Difference: the sync message comes with the event, and only where there is something to tell.</summary>
    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Sync_message_is_due_at_each_interval(SdsDialect dialect)
    {
        var node = new SdsNode(dialect: dialect);
        node.Participant.OpenChannel(SdsNode.Channel);
        node.Advance(31);
        Assert.Equal(0, node.Count(SdsEventKind.Sync));
        node.Wrap("msg1");
        node.Advance(31);
        node.Advance(10);
        node.Advance(21);
        Assert.Equal(2, node.Count(SdsEventKind.Sync));
        var other = new SdsNode("bob", dialect, clock: node.Clock);
        SdsReceived received = other.Participant.Unwrap(node.Events.Last(e => e.Kind == SdsEventKind.Sync).Bytes.Span);
        Assert.Equal(SdsReceipt.Sync, received.Receipt);
        Assert.Equal(["msg1"], received.Missing.Select(entry => entry.MessageId));
    }

    [Fact]
    public async Task Run_sweeps_at_each_interval_until_it_is_cancelled()
    {
        var resent = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = new SdsNode(change: options => options with
        {
            OnEvent = e =>
            {
                if (e.Kind == SdsEventKind.Resend) resent.TrySetResult(e.MessageId);
            },
        });
        node.Wrap("msg1");
        using var stop = new CancellationTokenSource();
        Task run = node.Participant.RunAsync(stop.Token);
        while (!resent.Task.IsCompleted)
        {
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("msg1", await resent.Task);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public void History_is_limited_and_ends_with_the_newest()
    {
        var node = new SdsNode();
        for (int i = 0; i <= 1_005; i++) node.Wrap($"msg{i}");
        IReadOnlyList<SdsMessage> history = node.Participant.History(SdsNode.Channel);
        Assert.Equal(1_000, history.Count);
        Assert.Equal("msg1005", history[^1].Id);
    }

    [Fact]
    public void Message_with_an_invalid_filter_is_taken()
    {
        var node = new SdsNode();
        node.Wrap("mine");
        Assert.Equal(SdsReceipt.Delivered, node.Receive(SdsNode.Message("m", 1) with { Filter = new byte[] { 1, 2, 3 } }).Receipt);
    }

    [Fact]
    public void Duplicate_is_delivered_once()
    {
        var node = new SdsNode();
        node.Receive("m1", 1);
        Assert.Equal(SdsReceipt.Duplicate, node.Receive("m1", 1).Receipt);
        Assert.Equal(["m1"], node.Delivered);
    }

    [Fact]
    public void Empty_and_oversized_contents_and_ids_are_refused()
    {
        var node = new SdsNode();
        Assert.Throws<ArgumentException>(() => node.Participant.Wrap([], "m", SdsNode.Channel));
        ArrowCidException e = Assert.Throws<ArrowCidException>(
            () => node.Participant.Wrap(new byte[(1 << 20) + 1], "m", SdsNode.Channel));
        Assert.Equal(ErrorCode.TooLarge, e.Code);
        Assert.NotEmpty(node.Participant.Wrap(new byte[1 << 20], "m", SdsNode.Channel));
        foreach (string id in new[] { "", new string('x', 257), "\ud800" })
        {
            Assert.Throws<ArgumentException>(() => node.Wrap(id));
            Assert.Throws<ArgumentException>(() => node.Wrap("n", id));
            Assert.Throws<ArgumentException>(() => new SdsParticipant(id));
        }

        Assert.Throws<ArgumentException>(() => node.Wrap("m"));
    }

    [Fact]
    public void Removed_channel_is_empty()
    {
        var node = new SdsNode();
        node.Wrap("m1");
        node.Receive("m2", 2, "missing");
        node.Participant.RemoveChannel(SdsNode.Channel);
        Assert.Empty(node.Participant.Channels);
        Assert.Empty(node.Participant.Unacknowledged(SdsNode.Channel));
        Assert.Empty(node.Participant.Waiting(SdsNode.Channel));
        Assert.Empty(node.Participant.History(SdsNode.Channel));
    }

    [Fact]
    public void Participant_has_no_channel_until_one_is_opened()
    {
        var node = new SdsNode();
        Assert.Empty(node.Participant.Channels);
        node.Participant.OpenChannel("one");
        node.Participant.OpenChannel("two");
        node.Participant.OpenChannel("two");
        Assert.Equal(["one", "two"], node.Participant.Channels);
        node.Participant.RemoveChannel("one");
        Assert.Equal(["two"], node.Participant.Channels);
    }

    [Fact]
    public void Received_message_goes_to_the_channel_that_it_names()
    {
        var node = new SdsNode();
        SdsReceived received = node.Receive(SdsNode.Message("m1", 1) with { ChannelId = "elsewhere" });
        Assert.Equal("elsewhere", received.Message.ChannelId);
        Assert.Equal(["elsewhere"], node.Participant.Channels);
    }

    [Fact]
    public void Channels_share_neither_histories_nor_filters()
    {
        var node = new SdsNode();
        node.Wrap("one-1", "one");
        node.Wrap("two-1", "two");
        Assert.Equal(["one-1"], node.Participant.History("one").Select(each => each.Id));
        Assert.Equal(["two-1"], node.Participant.History("two").Select(each => each.Id));
        byte[] wrapped = node.Wrap("one-2", "one");
        Assert.True(SdsNode.FilterHolds(wrapped, "one-1"));
        Assert.False(SdsNode.FilterHolds(wrapped, "two-1"));
    }

    [Fact]
    public void Events_name_their_channels()
    {
        var node = new SdsNode();
        foreach (string channel in new[] { "one", "two" })
        {
            node.Wrap(channel + "-mine", channel);
            node.Receive(SdsNode.Message(channel + "-m", 1, channel + "-mine") with { ChannelId = channel });
        }

        Assert.Equal(["one-m", "two-m"], node.Delivered);
        Assert.Equal(["one-mine", "two-mine"], node.Ids(SdsEventKind.Acknowledged));
        Assert.Equal(0, node.Count(SdsEventKind.Missing));
        Assert.All(node.Events, e => Assert.StartsWith(e.ChannelId, e.MessageId, StringComparison.Ordinal));
    }

    [Fact]
    public void Marking_in_one_channel_does_not_touch_another()
    {
        var node = new SdsNode();
        foreach (string channel in new[] { "one", "two" })
        {
            node.Receive(SdsNode.Message(channel + "-m", 1, "missing") with { ChannelId = channel });
        }

        node.Participant.MarkMet(["missing"], "one");
        Assert.Equal(["one-m"], node.Delivered);
        Assert.Single(node.Participant.Waiting("two"));
    }

    [Fact]
    public void Ephemeral_message_is_delivered_at_once_and_not_remembered()
    {
        var node = new SdsNode(dialect: SdsDialect.Rfc);
        SdsMessage ephemeral = SdsNode.Message("e1", 1, "missing") with { Timestamp = null };
        Assert.Equal(SdsReceipt.Ephemeral, node.Receive(ephemeral, SdsDialect.Rfc).Receipt);
        Assert.Equal(["e1"], node.Delivered);
        Assert.Empty(node.Participant.History(SdsNode.Channel));
    }

    [Fact]
    public void Message_delivered_late_is_named_once_and_again_when_it_is_sent_again()
    {
        var node = new SdsNode();
        for (int i = 0; i < 30; i++) node.Receive($"new-{i:d2}", 100 + i);
        node.Wrap("mine-0");
        node.Receive("late", 1);
        List<SdsMessage> wrapped = [.. Enumerable.Range(1, 5).Select(i => SdsCodec.Read(node.Wrap($"mine-{i}"), SdsDialect.Nim))];
        Assert.All(wrapped, each => Assert.Equal(10, each.CausalHistory.Count));
        Assert.All(wrapped.Index(), each => Assert.Equal($"mine-{each.Index}", each.Item.CausalHistory[^1].MessageId));
        // 30 came before the first own message, which named 10 of them, and then five go with each.
        string[] late = [.. wrapped.SelectMany(each => each.CausalHistory.Take(5)).Select(entry => entry.MessageId)];
        Assert.Equal(1, late.Count(id => id == "late"));
        Assert.Equal(late.Length, late.Distinct().Count());
        // Its sender has not heard of that, and sends it again.
        Assert.Equal(SdsReceipt.Duplicate, node.Receive("late", 1).Receipt);
        Assert.Equal("late", SdsCodec.Read(node.Wrap("mine-6"), SdsDialect.Nim).CausalHistory[0].MessageId);
    }

    [Fact]
    public void Handler_may_call_the_participant_and_hears_events_in_order()
    {
        List<string> heard = [];
        SdsParticipant? participant = null;
        participant = new SdsParticipant("alice", new SdsOptions
        {
            Dialect = SdsDialect.Nim,
            OnEvent = e =>
            {
                if (e.Kind != SdsEventKind.Delivered) return;
                heard.Add(e.MessageId);
                if (e.MessageId == "m1") participant!.Unwrap(SdsCodec.ToBytes(SdsNode.Message("m3", 3, "m2"), SdsDialect.Nim));
            },
        });
        participant.Unwrap(SdsCodec.ToBytes(SdsNode.Message("m2", 2, "m1"), SdsDialect.Nim));
        participant.Unwrap(SdsCodec.ToBytes(SdsNode.Message("m1", 1), SdsDialect.Nim));
        Assert.Equal(["m1", "m2", "m3"], heard);
    }
}
