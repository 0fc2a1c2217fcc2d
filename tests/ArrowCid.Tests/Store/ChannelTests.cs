using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Channels in stores.</summary>
public sealed class ChannelTests : IDisposable
{
    private readonly TemporaryStore _folder = new(), _otherFolder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _otherFolder.Dispose();
    }

    [Fact]
    public void Messages_are_read_in_order_here_and_by_another_handle()
    {
        using CidStore store = Stores.Open(_folder), reading = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        using var other = MessageChannel.Open(reading, "telemetry");
        Cid block = store.Put(Stores.Numbers(1)).Cid;
        Cid[] sent = [channel.Publish([block]), channel.PublishBytes("two"u8.ToArray()), other.PublishBytes("three"u8.ToArray())];
        foreach (MessageChannel each in (MessageChannel[])[channel, other])
        {
            ChannelMessage[] read = [.. each.Read(ChannelCursor.Oldest, TimeSpan.Zero)];
            Assert.Equal(sent, read.Select(message => message.Cid));
            Assert.Equal([block], read[0].Contents);
            Assert.Equal("three"u8.ToArray(), read[2].Bytes!.Value.ToArray());
            Assert.Equal([sent[1]], read[2].Parents);
            Assert.Equal([sent[2]], each.Heads);
            Assert.Equal([sent[2]], each.Read(read[1].Cursor, TimeSpan.Zero).Select(message => message.Cid));
            Assert.Empty(each.Read(ChannelCursor.Now, TimeSpan.Zero));
            Assert.Equal(sent, each.Log().Select(message => message.Cid));
        }

        Assert.NotEqual(channel.Log().First().Run, channel.Log().Last().Run);
        Assert.Equal([("telemetry", channel.Cid)], MessageChannel.List(store));
    }

    [Fact]
    public void Channel_is_the_same_after_it_is_opened_again_from_the_log_and_from_the_index()
    {
        Cid[] sent;
        using (CidStore store = Stores.Open(_folder))
        {
            using MessageChannel channel = Open(store);
            sent = [.. Enumerable.Range(0, 100).Select(i => channel.PublishBytes(new byte[] { (byte)i }))];
        }

        for (int round = 0; round < 2; round++)
        {
            using CidStore store = Stores.Open(_folder);
            using var channel = MessageChannel.Open(store, "telemetry");
            Assert.Equal(sent, channel.Log().Select(message => message.Cid));
            Assert.Equal(100, channel.Count);
            Assert.Equal([sent[^1]], channel.Heads);
            _ = store.Maintenance.Checkpoint();
        }
    }

    [Fact]
    public void Channel_with_writers_takes_messages_of_their_keys_alone()
    {
        using SigningKey alice = SigningKey.Create(), bob = SigningKey.Create();
        using CidStore store = Stores.Open(_folder);
        using var channel = MessageChannel.Create(store, "signed", new ChannelOptions(), alice);
        _ = channel.PublishBytes("a"u8.ToArray());
        using var reading = MessageChannel.Open(store, "signed");
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => reading.PublishBytes(new byte[1])).Code);
        using var bobs = MessageChannel.Open(store, "signed", bob);
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => bobs.PublishBytes(new byte[1])).Code);
        _ = channel.SetWriters([alice.PublicKey!, bob.PublicKey!]);
        _ = bobs.PublishBytes("b"u8.ToArray());
        Assert.Equal(2, channel.Writers!.Count);
        Assert.All(channel.Log(), message => Assert.True(message.IsSigned));
        _ = channel.SetWriters([alice.PublicKey!]);
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => bobs.PublishBytes(new byte[1])).Code);
        Assert.Equal(4, channel.Count);
        Assert.Equal(2, channel.Participants.Count);
    }

    [Fact]
    public void Forged_message_in_the_store_is_not_delivered()
    {
        using SigningKey alice = SigningKey.Create(), mallory = SigningKey.Create();
        using CidStore store = Stores.Open(_folder);
        using var channel = MessageChannel.Create(store, "signed", new ChannelOptions(), alice);
        Cid good = channel.PublishBytes("a"u8.ToArray());
        var forged = MessageBlock.Create(new MessageDraft
        {
            Channel = channel.Cid,
            At = 1_764_547_200_000,
            Parents = [],
            Writer = ChannelKeys.WriterOf(alice.PublicKey!),
            Run = 1,
            Sequence = 1,
            Content = new MessageContent { Bytes = "forged"u8.ToArray() },
        }, mallory);
        channel.Follower.Messages.Put(forged);
        Assert.Equal([good], channel.Log().Select(message => message.Cid));
        using var again = MessageChannel.Open(store, "signed");
        Assert.Equal([good], again.Log().Select(message => message.Cid));
    }

    [Fact]
    public void Stores_that_exchange_have_one_log_and_the_contents()
    {
        using CidStore store = Stores.Open(_folder), otherStore = Stores.Open(_otherFolder);
        using MessageChannel channel = Open(store);
        using MessageChannel other = MessageChannel.Join(otherStore, store.Reading.ReadBlock(channel.Cid)!);
        var cids = new List<Cid>();
        for (int i = 0; i < 30; i++)
        {
            cids.Add(store.Put(Stores.Numbers(i)).Cid);
            _ = channel.Publish([cids[^1]]);
            _ = other.PublishBytes(new byte[] { (byte)i });
            if (i % 7 == 0) _ = channel.Sync.With(other);
        }

        ChannelSyncResult result = channel.Sync.With(other);
        Assert.Equal(0, result.Missing);
        Assert.Equal(60, channel.Count);
        Assert.Equal(channel.Log().Select(message => message.Cid), other.Log().Select(message => message.Cid));
        Assert.All(cids, cid => Assert.True(otherStore.Contains(cid)));
        ChannelSyncResult again = other.Sync.With(channel);
        Assert.Equal((0, 0, 0, 0), (again.Received, again.Sent, again.Refused, again.Contents));
    }

    [Fact]
    public void Gap_is_known_and_repaired_from_another_store()
    {
        using CidStore store = Stores.Open(_folder), otherStore = Stores.Open(_otherFolder);
        using MessageChannel channel = Open(store);
        using MessageChannel other = MessageChannel.Join(otherStore, store.Reading.ReadBlock(channel.Cid)!);
        Cid first = channel.PublishBytes("1"u8.ToArray()), second = channel.PublishBytes("2"u8.ToArray());
        _ = other.Sync.Take([ChannelExchange.SayMessage(channel.Find(second)!.Read)]);
        Assert.Empty(other.Log());
        Assert.Equal(first, Assert.Single(other.Gaps).Cid);
        Assert.Equal(1, other.Waiting);
        Assert.Contains(other.TakeEvents(), found => found.Kind == ChannelEventKind.Missing && found.Message == first);
        using (var reopened = MessageChannel.Open(otherStore, "telemetry")) Assert.Equal(first, Assert.Single(reopened.Gaps).Cid);
        Assert.Equal(0, other.Sync.With(channel).Missing);
        Assert.Equal([first, second], other.Log().Select(message => message.Cid));
        Assert.Contains(other.TakeEvents(), found => found.Kind == ChannelEventKind.Repaired && found.Message == first);
    }

    [Fact]
    public async Task Publisher_learns_who_has_its_message()
    {
        using CidStore store = Stores.Open(_folder), otherStore = Stores.Open(_otherFolder);
        using MessageChannel channel = Open(store);
        using MessageChannel other = MessageChannel.Join(otherStore, store.Reading.ReadBlock(channel.Cid)!);
        Cid sent = channel.PublishBytes("1"u8.ToArray());
        Assert.Equal([sent], channel.Unacknowledged);
        Assert.False(await channel.WaitAcknowledgedAsync(sent, 1, TimeSpan.Zero, CancellationToken.None));
        _ = other.Sync.With(channel);
        _ = channel.Sync.Take([ChannelExchange.SayBeat(BeatBlock.Decode(other.Beat()))]);
        Assert.Equal([other.Participant], channel.HoldersOf(sent));
        Assert.True(await channel.WaitAcknowledgedAsync(sent, 1, TimeSpan.Zero, CancellationToken.None));
        Assert.Empty(channel.Unacknowledged);
    }

    [Fact]
    public void Consumer_gets_what_it_did_not_acknowledge_also_after_its_process_ended()
    {
        using CidStore store = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        Cid[] sent = [.. Enumerable.Range(0, 5).Select(i => channel.PublishBytes(new byte[] { (byte)i }))];
        using (ChannelConsumer consumer = channel.OpenConsumer("etl"))
        {
            Cid[] got = [.. Enumerable.Range(0, 5).Select(_ => consumer.Receive(TimeSpan.Zero)!.Cid)];
            Assert.Equal(sent, got);
            Assert.Null(consumer.Receive(TimeSpan.Zero));
            consumer.Ack(sent[0]);
            consumer.Ack([sent[3], sent[3]]);
            Assert.Equal(3, consumer.Pending);
            Assert.Equal(ChannelCursor.Of([Digest(sent[0])]), consumer.Position);
        }

        using CidStore later = Stores.Open(_folder);
        using var reopened = MessageChannel.Open(later, "telemetry");
        using ChannelConsumer again = reopened.OpenConsumer("etl");
        Assert.Equal([sent[1], sent[2], sent[4]], Enumerable.Range(0, 3).Select(_ => again.Receive(TimeSpan.Zero)!.Cid));
        again.Ack([sent[1], sent[2], sent[4]]);
        Assert.Equal(ChannelCursor.Of([Digest(sent[4])]), again.Position);
        Assert.Equal(0, again.Pending);
        using ChannelConsumer other = reopened.OpenConsumer("other");
        Assert.Equal(5, other.Pending);
    }

    [Fact]
    public void Consumers_of_one_name_share_the_messages()
    {
        using CidStore store = Stores.Open(_folder), second = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        using var other = MessageChannel.Open(second, "telemetry");
        Cid[] sent = [.. Enumerable.Range(0, 4).Select(i => channel.PublishBytes(new byte[] { (byte)i }))];
        using ChannelConsumer one = channel.OpenConsumer("etl"), two = other.OpenConsumer("etl");
        Cid[] got = [one.Receive(TimeSpan.Zero)!.Cid, two.Receive(TimeSpan.Zero)!.Cid, one.Receive(TimeSpan.Zero)!.Cid];
        Assert.Equal(sent[..3], got);
        two.Release(got[1]);
        Assert.Equal(got[1], one.Receive(TimeSpan.Zero)!.Cid);
        one.Ack(sent[..3]);
        Assert.Equal(sent[3], two.Receive(TimeSpan.Zero)!.Cid);
        two.Ack(sent[3]);
        Assert.Equal((0, 0), (one.Pending, two.Pending));
    }

    [Fact]
    public void Consumers_that_acknowledge_out_of_order_in_several_handles_get_each_message_once()
    {
        var random = new Random(Environment.TickCount);
        int seed = random.Next();
        random = new Random(seed);
        using CidStore store = Stores.Open(_folder), second = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        using var other = MessageChannel.Open(second, "telemetry");
        HashSet<Cid> sent = [.. Enumerable.Range(0, 200).Select(i => (i % 3 == 0 ? other : channel).PublishBytes(BitConverter.GetBytes(i)))];
        ChannelConsumer[] consumers = [channel.OpenConsumer("etl"), other.OpenConsumer("etl"), channel.OpenConsumer("etl")];
        List<ChannelMessage>[] held = [[], [], []];
        var acked = new HashSet<Cid>();
        while (acked.Count < sent.Count)
        {
            int one = random.Next(consumers.Length);
            if (random.Next(3) > 0 && consumers[one].Receive(TimeSpan.Zero) is { } message)
            {
                Assert.False(acked.Contains(message.Cid), $"seed {seed}: {message.Cid} came after it was acknowledged");
                held[one].Add(message);
            }
            else if (held[one].Count > 0)
            {
                ChannelMessage done = held[one][random.Next(held[one].Count)];
                _ = held[one].Remove(done);
                consumers[one].Ack(done.Cid);
                Assert.True(acked.Add(done.Cid), $"seed {seed}: {done.Cid} came twice");
            }
        }

        Assert.Equal(sent, acked);
        Assert.All(consumers, consumer => Assert.Equal(0, consumer.Pending));
        Assert.All(consumers, consumer => Assert.Null(consumer.Receive(TimeSpan.Zero)));
        Assert.Equal(channel.Heads, consumers[0].Position.Heads.Select(MessageChannel.MessageCid));
        foreach (ChannelConsumer consumer in consumers) consumer.Dispose();
        using ChannelConsumer fresh = other.OpenConsumer("etl");
        Assert.Null(fresh.Receive(TimeSpan.Zero));
        Cid last = channel.PublishBytes("last"u8.ToArray());
        Assert.Equal(last, fresh.Receive(TimeSpan.FromSeconds(30))!.Cid);
    }

    [Fact]
    public void Peers_are_kept_until_they_are_removed_or_the_channel_is()
    {
        using CidStore store = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        using var other = MessageChannel.Create(store, "other", new ChannelOptions { IsOpen = true });
        channel.Peers.Add("grpc://10.0.0.5:8815");
        other.Peers.Add("https://b.example");
        channel.Peers.Add("https://c.example?token-file=t");
        channel.Peers.Add("grpc://10.0.0.5:8815");
        Assert.Equal(["grpc://10.0.0.5:8815", "https://c.example?token-file=t"], channel.Peers.List());
        Assert.True(channel.Peers.Remove("grpc://10.0.0.5:8815"));
        Assert.False(channel.Peers.Remove("grpc://10.0.0.5:8815"));
        Assert.Equal(2, ChannelPeers.All(store).Count);
        _ = channel.Remove();
        Assert.Equal(["https://b.example"], ChannelPeers.All(store)[other.Cid.ToString()]);
        Assert.True(other.Peers.Clear());
        Assert.Null(store.Names.Resolve(ChannelPeers.TableName));
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => other.Peers.Add("")).Code);
        _ = store.Names.Set(ChannelPeers.TableName, store.PutRaw("x"u8.ToArray()).Cid);
        Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(other.Peers.List).Code);
    }

    [Fact]
    public void Message_that_is_never_acknowledged_is_given_up_after_its_deliveries()
    {
        using CidStore store = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        Cid bad = channel.PublishBytes("bad"u8.ToArray()), good = channel.PublishBytes("good"u8.ToArray());
        using ChannelConsumer consumer = channel.OpenConsumer("etl", new ChannelConsumerOptions { AckWait = TimeSpan.Zero, MaxDeliver = 2 });
        Assert.Equal((bad, 1), Got(consumer.Receive(TimeSpan.Zero)));
        Assert.Equal((bad, 2), Got(consumer.Receive(TimeSpan.Zero)));
        Assert.Equal((good, 1), Got(consumer.Receive(TimeSpan.Zero)));
        Assert.Equal(1, consumer.Dead);
    }

    [Fact]
    public void Collection_keeps_messages_and_contents_until_the_channel_lets_go_of_them()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero));
        using CidStore store = CidStore.Open(_folder.Directory, new CidStoreOptions { TimeProvider = clock });
        using var channel = MessageChannel.Create(store, "telemetry", new ChannelOptions { IsOpen = true, Keep = TimeSpan.FromDays(10) });
        Cid old = store.Put(Stores.Numbers(1)).Cid, young = store.Put(Stores.Numbers(2)).Cid, loose = store.Put(Stores.Numbers(3)).Cid;
        Cid first = channel.Publish([old]);
        clock.Advance(TimeSpan.FromDays(6));
        Cid second = channel.Publish([young]);
        clock.Advance(TimeSpan.FromDays(3));
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true });
        Assert.Equal((true, true, true, false), (store.Contains(first), store.Contains(old), store.Contains(young), store.Contains(loose)));
        clock.Advance(TimeSpan.FromDays(2));
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true });
        Assert.Equal((false, false, true, true), (store.Contains(first), store.Contains(old), store.Contains(second), store.Contains(young)));
        using var reopened = MessageChannel.Open(store, "telemetry");
        Assert.Equal([second], reopened.Log().Select(message => message.Cid));
        Assert.Empty(reopened.Gaps);
    }

    [Fact]
    public void Removed_channel_is_gone_here_and_its_contents_can_be_collected()
    {
        using CidStore store = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        Cid block = store.Put(Stores.Numbers(1)).Cid, message = channel.Publish([block]);
        Assert.Equal(1, channel.Remove(isDryRun: true));
        Assert.True(store.Contains(message));
        Assert.Equal(1, channel.Remove());
        Assert.False(store.Contains(message));
        Assert.False(store.Contains(channel.Cid));
        Assert.True(store.Contains(block));
        Assert.Empty(MessageChannel.List(store));
    }

    [Fact]
    public void Exchange_refuses_what_is_no_list_and_stays_as_it_was()
    {
        using CidStore store = Stores.Open(_folder);
        using MessageChannel channel = Open(store);
        _ = channel.PublishBytes("1"u8.ToArray());
        foreach (byte[] bytes in (byte[][])[[], [0x80], [0x82, 0x01, 0x41, 0x00], [0xff], new byte[100]])
            Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(() => channel.Sync.Take([bytes])).Code);
        Assert.Equal(1, channel.Count);
        // A kind of a later version is passed over.
        Assert.Empty(channel.Sync.Take([new byte[] { 0x82, 0x18, 0x63, 0x01 }]));
    }

    private static MessageChannel Open(CidStore store) =>
        MessageChannel.Create(store, "telemetry", new ChannelOptions { IsOpen = true });

    private static Digest256 Digest(Cid cid) => RegistryPins.DigestOf(cid);

    private static (Cid, int) Got(ChannelMessage? message) => (message!.Cid, message.Deliveries);
}
