using System.Text;
using ArrowCid.Channels.Sds;
using ArrowCid.Ipld;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>Our bytes are those of the real encoders: nim-sds 0.3.0 built with Nim 2.2.12, and @waku/sds 0.0.8.</summary>
public sealed class SdsVectorTests
{
    private const string NimFirst = "0a026d31100122036368312a010132003a05616c696365";
    private const string NimSync =
        "0a0673796e632d311080c6c7c6061a0b0a026d311a05616c69636522036368312a0032030102033a03626f62";

    private static readonly SdsHistoryEntry[] s_history =
    [
        new("dep1") { RetrievalHint = new byte[] { 1, 2 }, SenderId = "sender-A" }, new("dep2") { SenderId = "sender-B" },
    ];

    private static readonly SdsMessage s_first = new("m1", "ch1") { SenderId = "alice", Timestamp = 1, Content = new byte[] { 1 } };

    private static readonly SdsMessage s_sync = new("sync-1", "ch1")
    {
        SenderId = "bob",
        Timestamp = 1_758_585_600,
        CausalHistory = [new("m1") { SenderId = "alice" }],
        Filter = new byte[] { 1, 2, 3 },
    };

    [Fact]
    public void Message_of_dialect_nim_has_the_bytes_of_nim_sds()
    {
        Check(SdsDialect.Nim, NimFirst, s_first);
        Check(SdsDialect.Nim, "0a046d73673110641a140a0464657031120201021a0873656e6465722d411a100a04646570321a0873656e6465722d"
            + "4222036368312a012a32006a140a086d697373696e67311a0873656e6465722d586a170a086d697373696e67321201051a0873656e64"
            + "65722d59",
            new SdsMessage("msg1", "ch1")
            {
                Timestamp = 100,
                Content = new byte[] { 42 },
                CausalHistory = s_history,
                RepairRequests =
                [
                    new("missing1") { SenderId = "sender-X" },
                    new("missing2") { RetrievalHint = new byte[] { 5 }, SenderId = "sender-Y" },
                ],
            });
        Check(SdsDialect.Nim, NimSync, s_sync);
        Check(SdsDialect.Nim, "0a036e656710ffffffffffffffffff012201632a01003200",
            new SdsMessage("neg", "c") { Timestamp = -1, Content = new byte[] { 0 } });
    }

    [Fact]
    public void Empty_message_of_dialect_nim_is_written_as_nim_sds_does_and_refused()
    {
        byte[] bytes = SdsCodec.ToBytes(new SdsMessage("", "") { Timestamp = 0 }, SdsDialect.Nim);
        Assert.Equal("0a00100022002a003200", Hex.Of(bytes));
        Assert.Throws<InvalidIpldException>(() => SdsCodec.Read(bytes, SdsDialect.Nim));
    }

    [Fact]
    public void Message_of_dialect_rfc_has_the_bytes_of_waku_sds()
    {
        Check(SdsDialect.Rfc, "0a05616c69636512026d311a036368315001a2010101", s_first);
        Check(SdsDialect.Rfc, "0a05616c69636512046d7367311a0363683150645a140a0464657031120201021a0873656e6465722d415a100a0464"
            + "6570321a0873656e6465722d426a140a086d697373696e67311a0873656e6465722d58a201012a",
            new SdsMessage("msg1", "ch1")
            {
                SenderId = "alice",
                Timestamp = 100,
                Content = new byte[] { 42 },
                CausalHistory = s_history,
                RepairRequests = [new("missing1") { SenderId = "sender-X" }],
            });
        Check(SdsDialect.Rfc, "0a03626f62120673796e632d311a036368315080f0fa9e97335a0b0a026d311a05616c69636562080000000000000000",
            s_sync with { Timestamp = 1_758_585_600_000, Filter = new byte[8] });
    }

    [Fact]
    public void Message_of_the_other_dialect_is_refused_by_its_second_field()
    {
        InvalidIpldException nim = Assert.Throws<InvalidIpldException>(
            () => SdsCodec.Read(SdsCodec.ToBytes(s_first, SdsDialect.Rfc), SdsDialect.Nim));
        Assert.Contains("dialect of the specification", nim.Message, StringComparison.Ordinal);
        InvalidIpldException rfc = Assert.Throws<InvalidIpldException>(
            () => SdsCodec.Read(SdsCodec.ToBytes(s_first, SdsDialect.Nim), SdsDialect.Rfc));
        Assert.Contains("dialect of nim-sds", rfc.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidData, rfc.Code);
    }

    [Fact]
    public void Filter_has_the_bytes_of_nim_sds()
    {
        var filter = new SdsFilter(10, 0.01);
        Assert.Equal((7, 100, 2), (filter.Hashes, filter.Bits, filter.Words));
        filter.Add(BloomHash.Of(SdsDialect.Nim, "msg1"));
        filter.Add(BloomHash.Of(SdsDialect.Nim, "test-msg-1"));
        Assert.Equal("0a10020049b2240000020202002000000000100a18904e20072864", Hex.Of(SdsNode.Bytes(filter, SdsDialect.Nim)));
        var usual = new SdsFilter(10_000, 0.001);
        Assert.Equal((10, 150_000, 2344), (usual.Hashes, usual.Bits, usual.Words));
        Assert.Equal(18_768, SdsNode.Bytes(usual, SdsDialect.Nim).Length);
        Assert.Equal(2344 * 8, SdsNode.Bytes(usual, SdsDialect.Rfc).Length);
    }

    // The first five and those of 32 and 33 bytes are from Nim; the others are Google's fingerprint64 (farmhash 5.0.1 of npm).
    [Theory]
    [InlineData("", 1, -7286425919675154353)]
    [InlineData("a", 1, -5528939962900187677)]
    [InlineData("msg1", 1, -1191417451468722816)]
    [InlineData("msg1 b", 1, 2240908806621825803)]
    [InlineData("alicem1", 1, -7787591295787428167)]
    [InlineData("0123456789abcdef", 2, 1958373538681310840)]
    [InlineData("0123456789abcdef0123456789abcdef0", 1, 4799579869226630476)]
    [InlineData("0123456789", 1, -5979335251732609813)]
    [InlineData("0123456789abcdefxyz", 1, 179891140460572534)]
    [InlineData("0123456789abcdef", 4, -79864054702511872)]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0", 1, 1551549064416070298)]
    [InlineData("0123456789abcdef", 8, -6820113533736367299)]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
        + "cdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefxyz", 1, -3440194690896135135)]
    public void FarmHash_is_that_of_Nim(string text, int times, long expected) =>
        Assert.Equal(expected, (long)FarmHash.Hash(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, times)))));

    [Fact]
    public void Murmur3_is_that_of_waku_sds() => Assert.Equal(34_850, Math.Abs((long)Murmur3.Hash("a")) % 150_000);

    [Theory]
    [InlineData("alice", "m1", 198_167, 0)]
    [InlineData("bob", "m1", 105_515, 47_732)]
    [InlineData("carol", "m1", 263_155, 8_988)]
    [InlineData("bob", "msg-xyz", 73_106, 130_812)]
    public void Repair_times_are_those_of_nim_sds(string participant, string message, long request, long answer)
    {
        Assert.Equal(request, RepairSchedule.RequestDelay(SdsDialect.Nim, participant, message, 30_000, 300_000));
        Assert.Equal(answer, RepairSchedule.AnswerDelay(SdsDialect.Nim, participant, "alice", message, 300_000));
    }

    [Fact]
    public void Stored_state_has_the_bytes_of_nim_sds()
    {
        Assert.Equal("08011000", Hex.Of(SnapshotCodec.WriteMeta(new ChannelSnapshot())));
        Assert.Equal("0a170a026d31100122036368312a010132003a05616c69636512046f6c6431",
            Hex.Of(SnapshotCodec.WriteUpdate([s_first], ["old1"])));
        const long At = 1_700_000_000_000, Step = 100_000;
        var meta = new ChannelSnapshot
        {
            Clock = 42,
            Unacknowledged = [new UnacknowledgedMessage(s_first, At, 2)],
            Waiting = [new WaitingMessage(s_sync, ["dep1"])],
            Requests = [new RepairRequest(new SdsHistoryEntry("missing1") { SenderId = "alice" }, At + Step, 0)],
            Answers =
            [
                new RepairAnswer(new SdsHistoryEntry("requested1") { SenderId = "alice" }, new byte[] { 9, 8, 7, 6 },
                    At + (2 * Step)),
            ],
        };
        const string Bytes = "0801102a1a220a170a026d31100122036368312a010132003a05616c6963651080d095ffbc31180222340a2c0a067379"
            + "6e632d311080c6c7c6061a0b0a026d311a05616c69636522036368312a0032030102033a03626f621204646570312a260a086d697373"
            + "696e6731121a0a110a086d697373696e67311a05616c69636510a0dd9bffbc3132300a0a7265717565737465643112220a130a0a7265"
            + "71756573746564311a05616c69636512040908070618c0eaa1ffbc31";
        Assert.Equal(Bytes, Hex.Of(SnapshotCodec.WriteMeta(meta)));
        Assert.Equal(Bytes, Hex.Of(SnapshotCodec.WriteMeta(SnapshotCodec.ReadMeta(Hex.Bytes(Bytes)))));
    }

    private static void Check(SdsDialect dialect, string hex, SdsMessage message)
    {
        Assert.Equal(hex, Hex.Of(SdsCodec.ToBytes(message, dialect)));
        SdsMessage read = SdsCodec.Read(Hex.Bytes(hex), dialect);
        Assert.Equal(hex, Hex.Of(SdsCodec.ToBytes(read, dialect)));
        Assert.Equal((message.Id, message.ChannelId, message.SenderId, message.Timestamp),
            (read.Id, read.ChannelId, read.SenderId, read.Timestamp));
        Assert.Equal(message.Content.ToArray(), read.Content.ToArray());
    }
}
