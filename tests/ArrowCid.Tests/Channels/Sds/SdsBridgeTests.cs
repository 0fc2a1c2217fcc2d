using System.Text;
using ArrowCid.Channels.Sds;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>A channel of a store and an SDS channel with the same messages.</summary>
public sealed class SdsBridgeTests : IDisposable
{
    private readonly TemporaryStore _folder = new();
    private readonly TemporaryStore _state = new();
    private readonly ManualClock _clock = new();
    private readonly List<byte[]> _sent = [];
    private readonly CidStore _store;
    private readonly MessageChannel _channel;

    public SdsBridgeTests()
    {
        _store = CidStore.Open(_folder.Directory, new CidStoreOptions
        {
            Capacity = 64 << 20,
            SegmentSize = 1 << 20,
            TimeProvider = _clock,
        });
        _channel = MessageChannel.Create(_store, "lobby", new ChannelOptions { IsOpen = true });
    }

    public void Dispose()
    {
        _channel.Dispose();
        _store.Dispose();
        _folder.Dispose();
        _state.Dispose();
    }

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Messages_go_both_ways_once_and_do_not_come_back(SdsDialect dialect)
    {
        using SdsBridge bridge = Bridge(dialect);
        var alice = new SdsNode("alice", dialect, clock: _clock);
        Cid own = _channel.PublishBytes("from the store"u8.ToArray());
        Cid block = _store.PutRaw(new byte[10]).Cid;
        Cid named = _channel.Publish([block]);
        bridge.Carry();
        foreach (byte[] bytes in _sent) _ = alice.Participant.Unwrap(bytes);
        Assert.Equal([own.ToString(), named.ToString()], alice.Delivered);
        Assert.Equal(["from the store", block.ToString()], alice.Events.Where(e => e.Kind == SdsEventKind.Delivered)
            .Select(e => Encoding.UTF8.GetString(e.Message!.Content.Span)));
        _sent.Clear();
        SdsReceived received = bridge.Receive(alice.Wrap("from alice/ü"))!;
        Assert.Equal(SdsReceipt.Delivered, received.Receipt);
        byte[] second = alice.Wrap("second");
        Assert.Equal(SdsReceipt.Delivered, bridge.Receive(second)!.Receipt);
        Assert.Equal(SdsReceipt.Duplicate, bridge.Receive(second)!.Receipt);
        bridge.Carry();
        Assert.Empty(_sent);
        ChannelMessage carried = _channel.Log().Single(message => message.Hints.Count > 0 &&
            message.Hints[0].Location == "sds:message/from%20alice%2F%C3%BC");
        Assert.Equal("from alice/ü", Encoding.UTF8.GetString(carried.Bytes!.Value.Span));
        Assert.Equal("sds:sender/alice", carried.Hints[1].Location);
        Assert.Equal((2, 2), (bridge.Published, bridge.Wrapped));
        Assert.Equal(4, _channel.Count);
    }

    [Fact]
    public void Messages_that_wait_are_published_after_what_they_follow()
    {
        using SdsBridge bridge = Bridge(SdsDialect.Nim);
        var alice = new SdsNode("alice", SdsDialect.Nim, clock: _clock);
        byte[][] chain = [alice.Wrap("a"), alice.Wrap("b"), alice.Wrap("c")];
        Assert.Equal(SdsReceipt.Waiting, bridge.Receive(chain[2])!.Receipt);
        Assert.Equal(SdsReceipt.Waiting, bridge.Receive(chain[1])!.Receipt);
        Assert.Equal(0, _channel.Count);
        _ = bridge.Receive(chain[0]);
        Assert.Equal(["a", "b", "c"], Texts());
        Assert.Null(bridge.Receive(alice.Wrap("elsewhere", "another")));
        Assert.Equal(ErrorCode.InvalidData, Assert.ThrowsAny<ArrowCidException>(() => bridge.Receive("nonsense"u8)).Code);
    }

    [Fact]
    public void Bridge_that_begins_again_carries_what_it_did_not_and_nothing_twice()
    {
        var alice = new SdsNode("alice", SdsDialect.Nim, clock: _clock);
        using (var folder = new SdsFolder(_state.Directory))
        {
            _ = _channel.PublishBytes("before"u8.ToArray());
            using SdsBridge first = Bridge(SdsDialect.Nim, folder);
            _ = first.Receive(alice.Wrap("one"));
            first.Carry();
            // As if it was killed after it received and before it published.
            _ = first.Participant.Unwrap(alice.Wrap("two"));
            _ = _channel.PublishBytes("after"u8.ToArray());
        }

        using (var folder = new SdsFolder(_state.Directory))
        {
            using SdsBridge second = Bridge(SdsDialect.Nim, folder);
            second.Carry();
            second.Carry();
            Assert.Equal((1, 1), (second.Published, second.Wrapped));
        }

        Assert.Equal(["before", "one", "after", "two"], Texts());
        foreach (byte[] bytes in _sent) _ = alice.Participant.Unwrap(bytes);
        Assert.Equal("after", Encoding.UTF8.GetString(Assert.Single(alice.Events,
            e => e.Kind == SdsEventKind.Delivered).Message!.Content.Span));
    }

    [Fact]
    public void Second_bridge_of_one_channel_publishes_nothing_again()
    {
        using SdsBridge one = Bridge(SdsDialect.Nim, name: "one"), other = Bridge(SdsDialect.Nim, name: "other");
        var alice = new SdsNode("alice", SdsDialect.Nim, clock: _clock);
        byte[] bytes = alice.Wrap("a");
        _ = one.Receive(bytes);
        other.Carry();
        _ = other.Receive(bytes);
        Assert.Equal(["a"], Texts());
    }

    [Fact]
    public void Large_content_becomes_a_block_without_a_location()
    {
        using SdsBridge bridge = Bridge(SdsDialect.Rfc);
        var alice = new SdsNode("alice", SdsDialect.Rfc, clock: _clock);
        var content = new byte[200_000];
        new Random(1).NextBytes(content);
        _ = bridge.Receive(alice.Participant.Wrap(content, "large", "lobby"));
        Cid cid = Assert.Single(Assert.Single(_channel.Log()).Contents);
        Assert.Equal(content, _store.Reading.ReadBlock(cid));
        Assert.Empty(_store.Metadata.Get(cid)!.Locations);
    }

    [Fact]
    public void Channel_that_does_not_let_the_bridge_write_keeps_what_was_received()
    {
        using var closed = MessageChannel.Create(_store, "closed", new ChannelOptions
        {
            Writers = [ArrowCid.Signing.SigningKey.Create().PublicKey!],
        });
        using var bridge = new SdsBridge(closed, new SdsBridgeOptions
        {
            Send = _ => { },
            Sds = new SdsOptions { Dialect = SdsDialect.Nim, Clock = _clock },
        });
        var alice = new SdsNode("alice", SdsDialect.Nim, clock: _clock);
        byte[] bytes = alice.Wrap("a", "closed");
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => bridge.Receive(bytes)).Code);
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(bridge.Carry).Code);
        Assert.Equal(0, bridge.Published);
    }

    [PeerFact(Peer.WakuSds)]
    public void Participant_of_the_peer_is_in_one_channel_with_a_store()
    {
        using SdsBridge bridge = Bridge(SdsDialect.Rfc);
        using var bob = new WakuParticipant("bob");
        Cid own = _channel.PublishBytes("question"u8.ToArray());
        bridge.Carry();
        foreach (byte[] bytes in _sent) bob.Receive(bytes);
        Assert.Equal([own.ToString()], bob.Ids("delivered"));
        (string id, byte[] answer) = bob.Send("answer");
        Assert.Equal(SdsReceipt.Delivered, bridge.Receive(answer)!.Receipt);
        Assert.Equal(["question", "answer"], Texts());
        Assert.Equal($"sds:message/{id}", _channel.Log().Last().Hints[0].Location);
        Assert.Empty(bridge.Participant.Unacknowledged("lobby"));
    }

    private SdsBridge Bridge(SdsDialect dialect, SdsFolder? folder = null, string? name = null) =>
        new(_channel, new SdsBridgeOptions
        {
            Send = bytes => _sent.Add(bytes.ToArray()),
            ParticipantId = name,
            Sds = new SdsOptions { Dialect = dialect, Storage = folder, Clock = _clock },
        });

    private string[] Texts() =>
        [.. _channel.Log().Select(message => Encoding.UTF8.GetString(message.Bytes!.Value.Span))];
}
