using System.Text;
using ArrowCid.Channels.Sds;
using ArrowCid.Tests.Ipld;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>@waku/sds and ours in one channel, in both directions: it has a clock of its own, so that ours has the machine's
/// too.</summary>
public sealed class WakuSdsPeerTests
{
    private static SdsNode Alice(Func<SdsOptions, SdsOptions>? change = null) =>
        new("alice", SdsDialect.Rfc, change, new ManualClock());

    [PeerFact(Peer.WakuSds)]
    public void Messages_of_each_side_are_delivered_on_the_other()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        bob.Receive(alice.Wrap("from-alice-1"));
        bob.Receive(alice.Wrap("from-alice-2"));
        Assert.Equal(["from-alice-1", "from-alice-2"], bob.Ids("delivered"));
        (string id, byte[] bytes) = bob.Send("from bob");
        SdsReceived received = alice.Participant.Unwrap(bytes);
        Assert.Equal((SdsReceipt.Delivered, id, "bob", "from bob"), (received.Receipt, received.Message.Id,
            received.Message.SenderId, Encoding.UTF8.GetString(received.Message.Content.Span)));
        Assert.Equal(["from-alice-1", "from-alice-2"], received.Message.CausalHistory.Select(entry => entry.MessageId));
    }

    [PeerFact(Peer.WakuSds)]
    public void Bytes_of_the_peer_are_written_again_as_they_were()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        for (int i = 0; i < 5; i++)
        {
            bob.Receive(alice.Wrap($"a{i}"));
            foreach (byte[] bytes in new[] { bob.Send($"b{i}").Bytes, bob.Sync() })
            {
                Assert.Equal(Hex.Of(bytes), Hex.Of(SdsCodec.ToBytes(SdsCodec.Read(bytes, SdsDialect.Rfc), SdsDialect.Rfc)));
                alice.Participant.Unwrap(bytes);
            }
        }
    }

    [PeerFact(Peer.WakuSds)]
    public void Causal_history_acknowledges_on_both_sides()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        (string id, byte[] bytes) = bob.Send("question");
        alice.Participant.Unwrap(bytes);
        bob.Receive(alice.Wrap("answer"));
        Assert.Equal([id], bob.Ids("acknowledged"));
        alice.Participant.Unwrap(bob.Send("thanks").Bytes);
        SdsEvent acknowledged = Assert.Single(alice.Events, e => e.Kind == SdsEventKind.Acknowledged);
        Assert.Equal(("answer", "bob"), (acknowledged.MessageId, acknowledged.ParticipantId));
        Assert.Empty(alice.Participant.Unacknowledged(SdsNode.Channel));
    }

    [PeerFact(Peer.WakuSds)]
    public void Filters_of_each_side_are_understood_on_the_other()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice(options => options with { CausalHistory = 1 });
        // Ours names only the newest in its history, so that the filter alone tells of the others.
        string[] sent = [.. Enumerable.Range(0, 5).Select(i =>
        {
            (string id, byte[] bytes) = bob.Send($"m{i}");
            alice.Participant.Unwrap(bytes);
            return id;
        })];
        bob.Receive(alice.Wrap("first"));
        bob.Receive(alice.Wrap("second"));
        Assert.Equal(sent.Order(), bob.Ids("acknowledged").Union(bob.Ids("possible")).Order());
        string[] ids = ["a", "m1", "test-msg-1", "Ünïcödé", "日本語 😀", new string('x', 200), .. Enumerable.Range(0, 500).Select(i => $"id-{i}")];
        var filter = new SdsFilter(10_000, 0.001);
        foreach (string id in ids) filter.Add(BloomHash.Of(SdsDialect.Rfc, id));
        Assert.Equal(Hex.Of(bob.Filter(ids)), Hex.Of(SdsNode.Bytes(filter, SdsDialect.Rfc)));
    }

    [PeerFact(Peer.WakuSds)]
    public void Filter_of_the_peer_makes_an_acknowledgment_possible()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        byte[] mine = alice.Wrap("mine");
        bob.Receive(mine);
        SdsMessage sync = SdsCodec.Read(bob.Sync(), SdsDialect.Rfc) with { CausalHistory = [] };
        alice.Receive(sync, SdsDialect.Rfc);
        Assert.Equal(["mine"], alice.Ids(SdsEventKind.PossiblyAcknowledged));
    }

    [PeerFact(Peer.WakuSds)]
    public void Lost_messages_of_the_peer_make_ours_wait_in_causal_order()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        (string Id, byte[] Bytes)[] sent = [.. Enumerable.Range(0, 6).Select(i => bob.Send($"m{i}"))];
        foreach (int i in new[] { 5, 3, 4, 1 }) Assert.Equal(SdsReceipt.Waiting, alice.Participant.Unwrap(sent[i].Bytes).Receipt);
        Assert.Empty(alice.Delivered);
        alice.Participant.Unwrap(sent[0].Bytes);
        Assert.Equal(sent[..2].Select(each => each.Id), alice.Delivered);
        alice.Participant.Unwrap(sent[2].Bytes);
        Assert.Equal(sent.Select(each => each.Id), alice.Delivered);
    }

    [PeerFact(Peer.WakuSds)]
    public void Lost_messages_of_ours_make_the_peer_wait_and_resends_release_them()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        _ = alice.Wrap("lost");
        bob.Receive(alice.Wrap("second"));
        Assert.Equal(["second"], bob.Ids("waiting"));
        Assert.Equal(["lost"], bob.Ids("missing").Distinct());
        alice.Advance(61);
        foreach (SdsEvent e in alice.Events.Where(e => e.Kind == SdsEventKind.Resend).ToList()) bob.Receive(e.Bytes.Span);
        Assert.Equal(["lost", "second"], bob.Ids("delivered"));
        alice.Participant.Unwrap(bob.Send("thanks").Bytes);
        Assert.Empty(alice.Participant.Unacknowledged(SdsNode.Channel));
    }

    [PeerFact(Peer.WakuSds)]
    public void Peer_asks_for_what_it_misses_and_ours_answers()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        _ = alice.Wrap("lost");
        bob.Receive(alice.Wrap("second"));
        SdsReceived asks = alice.Participant.Unwrap(bob.Sync());
        Assert.Equal("lost", Assert.Single(asks.Message.RepairRequests).MessageId);
        alice.Participant.Sweep(); // the sender answers at once
        SdsEvent answer = Assert.Single(alice.Events, e => e.Kind == SdsEventKind.Rebroadcast);
        bob.Receive(answer.Bytes.Span);
        Assert.Equal(["lost", "second"], bob.Ids("delivered"));
    }

    [PeerFact(Peer.WakuSds)]
    public void Ours_asks_for_what_it_misses_and_the_peer_answers()
    {
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        string lost = bob.Send("lost").Id;
        string second = bob.Send("second").Id;
        alice.Participant.Unwrap(bob.Sync());
        Assert.Equal([lost, second], alice.State.Requests.Keys.OrderBy(id => id == second));
        alice.Clock.Advance(TimeSpan.FromSeconds(121));
        // Its clock runs on its own: a time ahead of it is taken.
        bob.Receive(alice.Participant.WrapSync(SdsNode.Channel)!);
        foreach (byte[] bytes in bob.Answers()) alice.Participant.Unwrap(bytes);
        Assert.Equal([lost, second], alice.Delivered);
    }

    // Goal: many messages with loss in both directions end in one history, which only repair and resends can do.
    [PeerFact(Peer.WakuSds)]
    public void Both_converge_over_a_lossy_link()
    {
        const int Seed = 7, Rounds = 25;
        var random = new Random(Seed);
        using var bob = new WakuParticipant("bob");
        SdsNode alice = Alice();
        List<string> sent = [];
        for (int i = 0; i < Rounds; i++)
        {
            byte[] mine = alice.Wrap($"a{i}");
            sent.Add($"a{i}");
            if (random.NextDouble() < 0.6) bob.Receive(mine);
            (string id, byte[] bytes) = bob.Send($"b{i}");
            sent.Add(id);
            if (random.NextDouble() < 0.6) alice.Participant.Unwrap(bytes);
        }

        HashSet<string> hers = [], his = [];
        for (int round = 0; round < 40 && (hers.Count + his.Count < 2 * Rounds); round++)
        {
            alice.Events.RemoveAll(e => !e.Bytes.IsEmpty);
            alice.Advance(61);
            foreach (SdsEvent e in alice.Events.Where(e => !e.Bytes.IsEmpty).ToList()) bob.Receive(e.Bytes.Span);
            alice.Participant.Unwrap(bob.Sync());
            foreach (byte[] bytes in bob.Answers()) alice.Participant.Unwrap(bytes);
            hers = [.. alice.Delivered];
            his = [.. bob.Ids("delivered").Where(id => id.StartsWith('a') && id.Length <= 3)];
        }

        Assert.Equal(Rounds, hers.Count);
        Assert.Equal(Rounds, his.Count);
        Assert.Equal(sent.Order(StringComparer.Ordinal),
            alice.Participant.History(SdsNode.Channel).Select(each => each.Id).Order(StringComparer.Ordinal));
    }
}
