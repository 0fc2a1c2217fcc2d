using System.Text;
using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>Sixteen faults that nim-sds 0.3.0 has, in the order of SDS.md, section 7: none of them is here.</summary>
public sealed class SdsFaultTests
{
    [Theory]
    [InlineData(1, 100UL, 10UL, 0UL)] // no bits: a division by zero
    [InlineData(1, 100UL, 10UL, 100_000UL)] // too few words: an index past the end
    [InlineData(2, 100UL, 1UL << 40, 100UL)] // a hash for each of 2^40: out of memory
    [InlineData(2, 0UL, 7UL, 100UL)]
    [InlineData(2, 100UL, 7UL, ulong.MaxValue)]
    [InlineData(2, ulong.MaxValue, 7UL, 100UL)]
    public void Fault_01_filter_with_impossible_parameters_counts_as_absent(int words, ulong capacity, ulong hashes, ulong bits)
    {
        var filter = new ProtobufWriter();
        byte[] ones = new byte[words * 8];
        ones.AsSpan().Fill(0xff);
        filter.Bytes(1, ones);
        filter.Varint(2, capacity);
        filter.Varint(3, 1000);
        filter.Varint(4, hashes);
        filter.Varint(5, bits);
        var node = new SdsNode();
        node.Wrap("mine");
        SdsReceived received = node.Receive(SdsNode.Message("m1", 1) with { Filter = filter.ToArray() });
        Assert.Equal(SdsReceipt.Delivered, received.Receipt);
        Assert.Equal(0, node.Count(SdsEventKind.PossiblyAcknowledged));
        Assert.Single(node.Participant.Unacknowledged(SdsNode.Channel));
    }

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Fault_01_filter_that_is_full_counts_as_absent(SdsDialect dialect)
    {
        var filter = new SdsFilter(10_000, 0.001);
        for (int i = 0; i < 25_000; i++) filter.Add(BloomHash.Of(dialect, $"id-{i}"));
        var node = new SdsNode(dialect: dialect);
        node.Wrap("mine");
        Assert.True(filter.Contains(BloomHash.Of(dialect, "id-1")));
        node.Receive(SdsNode.Message("m1", 1) with { Filter = SdsNode.Bytes(filter, dialect) }, dialect);
        byte[] ones = new byte[2344 * 8];
        ones.AsSpan().Fill(0xff);
        if (dialect == SdsDialect.Rfc) node.Receive(SdsNode.Message("m2", 2) with { Filter = ones }, dialect);
        Assert.Equal(0, node.Count(SdsEventKind.PossiblyAcknowledged));
    }

    [Theory]
    [InlineData(long.MaxValue - 1)]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 53)]
    public void Fault_02_time_far_ahead_is_refused_and_the_next_wrap_works(long time)
    {
        foreach (SdsDialect dialect in Enum.GetValues<SdsDialect>())
        {
            var node = new SdsNode(dialect: dialect);
            long before = node.State.Clock;
            ArrowCidException e = Assert.Throws<ArrowCidException>(() => node.Receive(SdsNode.Message("m1", time), dialect));
            Assert.Equal(ErrorCode.InvalidData, e.Code);
            Assert.Equal(before, node.State.Clock);
            Assert.NotEmpty(node.Wrap("mine"));
            Assert.Empty(node.Delivered);
        }
    }

    [Fact]
    public void Fault_03_chain_received_backward_is_delivered_dependencies_first()
    {
        var node = new SdsNode();
        node.Receive("q3", 3, "q2");
        node.Receive("q2", 2, "q1");
        Assert.Empty(node.Delivered);
        node.Receive("q1", 1);
        Assert.Equal(["q1", "q2", "q3"], node.Delivered);
    }

    [Fact]
    public void Fault_04_message_that_waits_is_not_in_the_filter()
    {
        var node = new SdsNode();
        node.Receive("waiting", 2, "missing");
        byte[] wrapped = node.Wrap("mine");
        Assert.False(SdsNode.FilterHolds(wrapped, "waiting"));
        node.Receive("missing", 1);
        Assert.True(SdsNode.FilterHolds(node.Wrap("mine-2"), "waiting"));
    }

    [Fact]
    public void Fault_05_sync_message_enters_neither_history_nor_filter()
    {
        var node = new SdsNode();
        SdsReceived received = node.Receive(SdsNode.Message("sync-7", 1) with { Content = default });
        Assert.Equal(SdsReceipt.Sync, received.Receipt);
        Assert.Empty(node.Delivered);
        Assert.Empty(node.Participant.History(SdsNode.Channel));
        Assert.False(SdsNode.FilterHolds(node.Wrap("mine"), "sync-7"));
        // A participant of nim-sds names it in its history: it is no missing dependency.
        Assert.Equal(SdsReceipt.Delivered, node.Receive("m2", 2, "sync-7").Receipt);
    }

    [Fact]
    public void Fault_06_history_is_in_order_of_time_and_id_whatever_arrives_first()
    {
        (string Id, long Time)[] messages = [("b", 2), ("a", 2), ("d", 1), ("c", 3)];
        List<string[]> histories = [];
        foreach (int seed in Enumerable.Range(0, 10))
        {
            var random = new Random(seed);
            var node = new SdsNode();
            foreach ((string id, long time) in messages.OrderBy(_ => random.Next())) node.Receive(id, time);
            histories.Add([.. node.Participant.History(SdsNode.Channel).Select(each => each.Id)]);
        }

        Assert.All(histories, history => Assert.Equal(["d", "a", "b", "c"], history));
    }

    [Fact]
    public void Fault_07_dependency_marked_met_stays_met_also_after_a_restart()
    {
        var storage = new MemoryStorage();
        var node = new SdsNode(change: options => options with { Storage = storage });
        node.Receive("m2", 2, "lost");
        node.Participant.MarkMet(["lost"], SdsNode.Channel);
        Assert.Equal(["m2"], node.Delivered);
        Assert.Equal(SdsReceipt.Delivered, node.Receive("m3", 3, "lost").Receipt);
        var again = new SdsNode(change: options => options with { Storage = storage });
        Assert.Equal(SdsReceipt.Delivered, again.Receive("m4", 4, "lost", "m3").Receipt);
    }

    [Fact]
    public void Fault_08_dependency_older_than_the_history_is_known()
    {
        var storage = new MemoryStorage();
        var node = new SdsNode(change: options => options with { Storage = storage, History = 10 });
        for (int i = 0; i < 100; i++) node.Receive($"m{i:d3}", i + 1);
        Assert.Equal(10, node.Participant.History(SdsNode.Channel).Count);
        Assert.Equal(SdsReceipt.Delivered, node.Receive("late", 200, "m000", "m050").Receipt);
        Assert.Equal(SdsReceipt.Duplicate, node.Receive("m001", 2).Receipt);
        var again = new SdsNode(change: options => options with { Storage = storage, History = 10 });
        Assert.Equal(SdsReceipt.Delivered, again.Receive("later", 201, "m001", "m049", "late").Receipt);
    }

    [Fact]
    public void Fault_09_giving_up_is_a_failure_and_no_acknowledgment()
    {
        var node = new SdsNode(change: options => options with { MaxResends = 2 });
        node.Wrap("mine");
        for (int i = 0; i < 3; i++) node.Advance(61);
        Assert.Equal(["mine"], node.Ids(SdsEventKind.Failed));
        Assert.Empty(node.Ids(SdsEventKind.Acknowledged));
        Assert.Empty(node.Participant.Unacknowledged(SdsNode.Channel));
        Assert.Single(node.Participant.History(SdsNode.Channel));
    }

    [Fact]
    public void Fault_10_resend_hands_out_bytes_that_another_participant_takes()
    {
        var node = new SdsNode();
        node.Wrap("lost-on-the-way");
        node.Advance(61);
        SdsEvent resend = Assert.Single(node.Events, e => e.Kind == SdsEventKind.Resend);
        var other = new SdsNode("bob", clock: node.Clock);
        Assert.Equal(SdsReceipt.Delivered, other.Participant.Unwrap(resend.Bytes.Span).Receipt);
        Assert.Equal("lost-on-the-way", Encoding.UTF8.GetString(Assert.Single(other.Events).Message!.Content.Span));
    }

    [Fact]
    public void Fault_11_duplicate_that_waits_is_not_missing_its_dependencies_again()
    {
        var node = new SdsNode();
        Assert.Equal(SdsReceipt.Waiting, node.Receive("m2", 2, "m1").Receipt);
        Assert.Equal(SdsReceipt.Duplicate, node.Receive("m2", 2, "m1").Receipt);
        Assert.Equal(1, node.Count(SdsEventKind.Missing));
    }

    [Fact]
    public void Fault_12_old_form_of_the_history_is_read()
    {
        var writer = new ProtobufWriter();
        writer.Text(1, "m9");
        writer.Varint(2, 9);
        writer.Text(3, "dep-1");
        writer.Text(3, "msg-1");
        writer.Text(4, SdsNode.Channel);
        writer.Text(5, "content");
        SdsMessage read = SdsCodec.Read(writer.Written, SdsDialect.Nim);
        Assert.Equal(["dep-1", "msg-1"], read.CausalHistory.Select(entry => entry.MessageId));
        var node = new SdsNode();
        Assert.Equal(["dep-1", "msg-1"], node.Participant.Unwrap(writer.Written).Missing.Select(entry => entry.MessageId));
    }

    [Fact]
    public void Fault_13_own_message_that_comes_back_is_own_also_when_it_left_the_history()
    {
        var node = new SdsNode(change: options => options with { History = 2, MaxUnacknowledged = 100 });
        byte[] first = node.Wrap("mine-1");
        for (int i = 2; i < 10; i++) node.Wrap($"mine-{i}");
        Assert.Equal(SdsReceipt.Own, node.Participant.Unwrap(first).Receipt);
        Assert.Empty(node.Delivered);
        // Nor does what comes back acknowledge what it names.
        var unknown = new SdsNode();
        unknown.Wrap("a");
        Assert.Equal(SdsReceipt.Own,
            unknown.Receive(SdsNode.Message("b", 5, "a") with { SenderId = "alice" }).Receipt);
        Assert.Empty(unknown.Ids(SdsEventKind.Acknowledged));
        Assert.Empty(unknown.Delivered);
    }

    [Fact]
    public void Fault_14_times_are_in_milliseconds_where_the_specification_says_so()
    {
        long seconds = SdsNode.Start.ToUnixTimeSeconds(), milliseconds = SdsNode.Start.ToUnixTimeMilliseconds();
        var rfc = new SdsNode(dialect: SdsDialect.Rfc);
        Assert.Equal(milliseconds, SdsCodec.Read(rfc.Wrap("a"), SdsDialect.Rfc).Timestamp);
        Assert.Equal(milliseconds + 1, SdsCodec.Read(rfc.Wrap("b"), SdsDialect.Rfc).Timestamp);
        // Participants of nim-sds count seconds: a time in milliseconds would pull their clocks ahead for 50,000 years.
        var nim = new SdsNode();
        Assert.Equal(seconds + 1, SdsCodec.Read(nim.Wrap("a"), SdsDialect.Nim).Timestamp);
        // One that counts milliseconds is understood, and followed.
        Assert.Equal(SdsReceipt.Delivered, nim.Receive("m", milliseconds).Receipt);
        Assert.True(SdsCodec.Read(nim.Wrap("b"), SdsDialect.Nim).Timestamp > milliseconds);
    }

    [Fact]
    public void Fault_15_buffers_have_bounds()
    {
        var node = new SdsNode(change: options => options with { MaxWaiting = 16, MaxRepairs = 20, MaxUnacknowledged = 4 });
        for (int i = 0; i < 100; i++)
        {
            node.Receive(SdsNode.Message($"m{i}", 1, $"missing-{i}-a", $"missing-{i}-b") with { SenderId = $"s{i % 3}" });
        }

        Assert.Equal(12, node.Participant.Waiting(SdsNode.Channel).Count); // three senders with a quarter each
        Assert.Equal(20, node.State.Requests.Count);
        SdsReceived refused = node.Receive(SdsNode.Message("m-more", 1, "missing") with { SenderId = "s0" });
        Assert.Equal(SdsReceipt.Refused, refused.Receipt);
        // What others wait for has space of its own.
        Assert.Equal(SdsReceipt.Waiting, node.Receive("missing-0-a", 1, "missing-before").Receipt);
        for (int i = 0; i < 4; i++) node.Wrap($"mine{i}");
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => node.Wrap("mine-more"));
        Assert.Equal(ErrorCode.ResourceExhausted, e.Code);
    }

    [Fact]
    public void Fault_15_bytes_that_wait_and_channels_have_bounds()
    {
        var node = new SdsNode(change: options => options with { MaxWaitingBytes = 400_000, MaxChannels = 3 });
        for (int i = 0; i < 10; i++)
        {
            node.Receive(SdsNode.Message($"m{i}", 1, "missing") with { Content = new byte[100_000], SenderId = $"s{i}" });
        }

        Assert.InRange(node.State.WaitingBytes, 200_000, 400_000);
        node.Participant.OpenChannel("second");
        node.Participant.OpenChannel("third");
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => node.Participant.Unwrap(
            SdsCodec.ToBytes(new SdsMessage("m", "fourth") { Timestamp = 1, Content = new byte[1] }, SdsDialect.Nim)));
        Assert.Equal(ErrorCode.ResourceExhausted, e.Code);
    }

    [Fact]
    public void Fault_16_wrap_stores_one_message_however_many_are_without_acknowledgment()
    {
        var storage = new MemoryStorage();
        var node = new SdsNode(change: options => options with { Storage = storage });
        for (int i = 0; i < 20; i++) node.Wrap($"warm-{i:d4}");
        long before = storage.AppendedBytes;
        node.Wrap("early-0000");
        long early = storage.AppendedBytes - before;
        for (int i = 0; i < 1_000; i++) node.Wrap($"more-{i:d4}");
        before = storage.AppendedBytes;
        node.Wrap("later-0000");
        long later = storage.AppendedBytes - before;
        Assert.Equal(1_022, node.Participant.Unacknowledged(SdsNode.Channel).Count);
        Assert.InRange(later, early - 100, early + 100);
        Assert.True(later < 1_000, $"{later} bytes");
    }
}
