using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Sync;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

public sealed partial class ChannelSync
{
    // A server that always asks again is left.
    private const int MaxRounds = 100_000;

    // A block that is fetched over the network for a message.
    private const int MaxFetched = 64 << 20;

    /// <summary>Does what <see cref="WithPeer"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="WithPeer"/>
    public Task<ChannelSyncResult> WithPeerAsync(ChannelPeer peer, bool withContents = true,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => WithPeer(peer, withContents, cancellationToken), cancellationToken);

    /// <summary>Brings this channel and the same one of a server into step, both ways, with the blocks that the
    /// messages name.</summary>
    /// <param name="peer">The server, which has the channel.</param>
    /// <param name="withContents">Whether the blocks that messages name go along, with what they need.</param>
    /// <param name="cancellationToken">Cancels the call. What came stays.</param>
    /// <returns>What this channel got and gave.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/> or <see cref="ErrorCode.Io"/>: the server does
    /// not answer; <see cref="ErrorCode.AccessDenied"/>: it wants another token;
    /// <see cref="ErrorCode.NameNotFound"/>: it does not have the channel; <see cref="ErrorCode.InvalidData"/>: what it
    /// sends is not what it should be; others as for a put.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public ChannelSyncResult WithPeer(ChannelPeer peer, bool withContents = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        _channel.Store.Blocks.EnterToWrite();
        ChannelExchange exchange = NewExchange();
        Digest256[] before = HeadsNow();
        int rounds = 0;
        for (long moved = -1; moved != exchange.Received + exchange.Sent && rounds < MaxRounds; rounds++)
        {
            moved = exchange.Received + exchange.Sent;
            List<byte[]> lists = TakeLists(exchange, Ask([]));
            // The greeting is the last: what the other lacks is in the answers before it.
            lists.AddRange(Greet(exchange));
            for (; lists.Count > 0 && rounds < MaxRounds; rounds++) lists = TakeLists(exchange, Ask(lists));
        }

        long contents = 0;
        if (withContents)
        {
            contents = Fetch(peer, ContentsAfter(before), cancellationToken);
            Push(peer, ContentsOf(exchange.SentMessages), cancellationToken);
        }

        return new ChannelSyncResult(exchange.Received, exchange.Sent, exchange.Refused, contents,
            _channel.Gaps.Count);

        List<byte[]> Ask(List<byte[]> lists)
        {
            var answers = new List<byte[]>();
            foreach (List<byte[]> some in SyncFrames.Groups(lists, ChannelPeer.MaxBytes / 2))
            {
                cancellationToken.ThrowIfCancellationRequested();
                answers.AddRange(peer.Ask(_channel.Cid, some, cancellationToken));
            }

            return answers;
        }
    }

    /// <summary>What a participant says first: its heads, and its beat, by which others know what it has.</summary>
    private List<byte[]> Greet(ChannelExchange exchange) => Locked<List<byte[]>>(() =>
        _channel.NewestBeat() is { } beat ? [exchange.SayHello(), ChannelExchange.SayBeat(beat)]
            : [exchange.SayHello()]);

    private List<Cid> ContentsAfter(Digest256[] heads)
    {
        lock (_channel.Gate)
        {
            ChannelFollower follower = _channel.Follower;
            return ContentsOf(Ancestry.Difference(follower.Messages, follower.Engine.Heads, heads)
                .Select(one => one.Digest));
        }
    }

    private List<Cid> ContentsOf(IEnumerable<Digest256> messages)
    {
        lock (_channel.Gate)
        {
            return [.. messages.SelectMany(digest =>
                _channel.Follower.Messages.Find(in digest)?.Content.Blocks ?? []).Distinct()];
        }
    }

    /// <summary>Fetches blocks that are not here, and what they link to; each is hashed.</summary>
    private long Fetch(ChannelPeer peer, List<Cid> wanted, CancellationToken cancel)
    {
        long count = 0;
        var open = new Stack<Cid>(wanted);
        while (open.TryPop(out Cid cid))
        {
            if (_channel.Store.Contains(cid)) continue;
            using BlockLease? block = peer.Blocks.TryGet(cid, cancel);
            if (block is null) continue;
            if (block.Bytes.Length > MaxFetched)
                throw new ArrowCidException(ErrorCode.TooLarge, $"{cid} has over {MaxFetched} bytes; copy it");
            byte[] bytes = block.Bytes.ToArray();
            if (cid.Codec == Multicodec.Raw) _ = _channel.Store.PutRaw(bytes);
            else _ = _channel.Store.Putting.PutOfCodec(cid.Codec, bytes, 0);
            count++;
            foreach (Cid link in LinksOf(cid, bytes)) open.Push(link);
        }

        return count;
    }

    /// <summary>Stores blocks in a server that lacks them, what they need first.</summary>
    private void Push(ChannelPeer peer, List<Cid> contents, CancellationToken cancel)
    {
        foreach (Cid content in contents.Where(_channel.Store.Contains))
        {
            List<Digest256> needed = BlockNeeds.Closure(_channel.Store.Blocks, RegistryPins.DigestOf(content));
            for (int i = needed.Count - 1; i >= 0; i--)
            {
                using RecordLease? lease = _channel.Store.Blocks.Find(needed[i]);
                if (lease is null) continue;
                var cid = Cid.FromSha256(lease.Info.Codec, needed[i]);
                if (peer.Blocks.Contains(cid, cancel)) continue;
                peer.Blocks.Put(cid, lease.Memory.ToArray(), cancel);
            }
        }
    }

    private static List<Cid> LinksOf(Cid cid, byte[] bytes)
    {
        var links = new List<IpldLink>();
        try
        {
            if (cid.Codec is Multicodec.DagCbor or Multicodec.DagPb) IpldLinks.Collect(cid.Codec, bytes, links);
        }
        catch (InvalidIpldException)
        {
            // The bytes are what their CID says, whatever that is.
        }

        return [.. links.Select(link => link.Block.IsDefault ? link.Target : link.Block)
            .Where(link => link.TryGetSha256(out _))];
    }
}
