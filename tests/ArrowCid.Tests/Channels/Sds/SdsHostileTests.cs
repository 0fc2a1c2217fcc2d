using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>Bytes of anybody end in an error or a result, change nothing where they are refused, and cost no more than they
/// hold.</summary>
public sealed class SdsHostileTests
{
    private static int Rounds => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 1_000_000 : 20_000;

    public static TheoryData<SdsDialect> Dialects => [.. Enum.GetValues<SdsDialect>()];

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Random_bytes_are_refused_or_taken(SdsDialect dialect)
    {
        int seed = Seed();
        var random = new Random(seed);
        var node = new SdsNode(dialect: dialect, change: options => options with { MaxChannels = 4 });
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = new byte[random.Next(80)];
            random.NextBytes(bytes);
            Feed(node, bytes, seed);
        }

        Assert.NotEmpty(node.Wrap("still-works"));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Mutated_messages_are_refused_or_taken(SdsDialect dialect)
    {
        int seed = Seed();
        var random = new Random(seed);
        var alice = new SdsNode("alice", dialect, options => options with { FilterCapacity = 20 });
        var node = new SdsNode("bob", dialect, options => options with { FilterCapacity = 20, MaxChannels = 4 }, alice.Clock);
        List<byte[]> messages = [];
        for (int i = 0; i < 20; i++)
        {
            messages.Add(alice.Wrap($"m{i}"));
            if (i % 4 == 0) alice.Receive(SdsNode.Message($"b{i}", i, $"missing{i}"), dialect);
        }

        alice.Clock.Advance(TimeSpan.FromSeconds(301));
        messages.Add(alice.Wrap("asks"));
        messages.Add(alice.Participant.WrapSync(SdsNode.Channel)!);
        int taken = 0;
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = [.. messages[random.Next(messages.Count)]];
            for (int change = random.Next(4); change >= 0; change--)
            {
                int at = random.Next(bytes.Length);
                bytes = random.Next(3) switch
                {
                    0 => Changed(bytes, at, (byte)random.Next(256)),
                    1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(8))..], 0],
                    _ => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                };
            }

            if (Feed(node, bytes, seed)) taken++;
        }

        Assert.True(taken > 0, $"seed {seed}: no mutation was taken");
        Assert.InRange(node.State.Waiting.Count, 0, 4_096);
        Assert.NotEmpty(node.Wrap("still-works"));
    }

    [Theory]
    [InlineData(1, 257)] // id
    [InlineData(1, 0)]
    [InlineData(4, 257)] // channel
    [InlineData(5, (1 << 20) + 1)] // content
    [InlineData(6, (1 << 20) + 129)] // filter
    [InlineData(7, 257)] // sender
    [InlineData(6, 5 << 20)] // message
    public void Oversized_field_is_refused(int field, int length)
    {
        var writer = new ProtobufWriter();
        for (int number = 1; number <= 7; number++)
        {
            if (number == 2) writer.Varint(2, 1);
            else if (number != 3) writer.Bytes(number, Enumerable.Repeat((byte)'a', number == field ? length : 1).ToArray());
        }

        Refused(writer);
    }

    [Fact]
    public void Too_many_entries_and_oversized_hints_are_refused()
    {
        byte[] entry = SdsCodec.EntryBytes(new SdsHistoryEntry("m"), SdsDialect.Nim);
        byte[] hinted = SdsCodec.EntryBytes(new SdsHistoryEntry("m") { RetrievalHint = new byte[1_025] }, SdsDialect.Nim);
        foreach ((int field, int count, byte[] bytes) in new[] { (3, 1_025, entry), (13, 17, entry), (3, 1, hinted) })
        {
            ProtobufWriter writer = Start();
            for (int i = 0; i < count; i++) writer.Bytes(field, bytes);
            Refused(writer);
        }

        ProtobufWriter most = Start();
        for (int i = 0; i < 1_024; i++) most.Bytes(3, entry);
        Assert.Equal(1_024, SdsCodec.Read(most.Written, SdsDialect.Nim).CausalHistory.Count);
    }

    [Fact]
    public void Field_that_is_there_twice_or_missing_or_not_UTF8_is_refused()
    {
        ProtobufWriter twice = Start();
        twice.Text(1, "again");
        Refused(twice);
        var missing = new ProtobufWriter();
        missing.Text(1, "m");
        missing.Text(4, "lobby");
        missing.Text(5, "content");
        Refused(missing);
        var broken = new ProtobufWriter();
        broken.Bytes(1, [0xff, 0xfe]);
        broken.Varint(2, 1);
        broken.Text(4, "lobby");
        broken.Text(5, "content");
        Refused(broken);
    }

    [Fact]
    public void Unknown_field_is_skipped()
    {
        ProtobufWriter writer = Start();
        writer.Text(99, "new");
        writer.Varint(100, 7);
        Assert.Equal("m", SdsCodec.Read(writer.Written, SdsDialect.Nim).Id);
    }

    [Fact]
    public void Message_that_names_itself_or_a_cycle_does_not_hang()
    {
        var node = new SdsNode();
        Assert.Equal(SdsReceipt.Delivered, node.Receive("self", 1, "self").Receipt);
        node.Receive("a", 2, "b");
        node.Receive("b", 3, "a");
        Assert.Equal(2, node.Participant.Waiting(SdsNode.Channel).Count);
        node.Participant.MarkMet(["a"], SdsNode.Channel);
        Assert.Equal(["self", "b"], node.Delivered);
    }

    [Fact]
    public void Long_chain_received_backward_is_delivered_without_a_deep_stack()
    {
        var node = new SdsNode();
        for (int i = 900; i > 0; i--) node.Receive(SdsNode.Message($"m{i:d4}", i, $"m{i - 1:d4}") with { SenderId = $"s{i % 20}" });
        node.Receive("m0000", 1);
        Assert.Equal(901, node.Delivered.Count());
        Assert.Equal(node.Delivered.Order(StringComparer.Ordinal), node.Delivered);
    }

    private static ProtobufWriter Start()
    {
        var writer = new ProtobufWriter();
        writer.Text(1, "m");
        writer.Varint(2, 1);
        writer.Text(4, "lobby");
        writer.Text(5, "content");
        return writer;
    }

    private static void Refused(ProtobufWriter writer)
    {
        var node = new SdsNode();
        ArrowCidException e = Assert.ThrowsAny<ArrowCidException>(() => node.Participant.Unwrap(writer.Written));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
        Assert.Empty(node.Participant.Channels);
        Assert.Empty(node.Events);
    }

    private static bool Feed(SdsNode node, byte[] bytes, int seed)
    {
        try
        {
            node.Participant.Unwrap(bytes);
            return true;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.ResourceExhausted)
        {
            return false;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {Convert.ToHexString(bytes)}", e);
        }
    }

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    private static int Seed() =>
        int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_SEED"), out int seed) ? seed : Random.Shared.Next();
}
