using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>Carries a channel between stores: directly, by a server, or as a file. Of one channel
/// (<see cref="MessageChannel.Sync"/>).</summary>
public sealed partial class ChannelSync
{
    private readonly MessageChannel _channel;

    internal ChannelSync(MessageChannel channel) => _channel = channel;

    // Each round moves a thousand messages at least, unless the other changes nothing.
    private const int MaxQuietRounds = 3;

    /// <summary>Does what <see cref="With"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="With"/>
    public Task<ChannelSyncResult> WithAsync(MessageChannel other, bool withContents = true,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => With(other, withContents, cancellationToken), cancellationToken);

    /// <summary>Brings this channel and the same one in another store into step, both ways, with the blocks that the
    /// messages name.</summary>
    /// <param name="other">The channel in the other store.</param>
    /// <param name="withContents">Whether the blocks that messages name are copied too, with what they need.</param>
    /// <param name="cancellationToken">Cancels the call. What came stays.</param>
    /// <returns>What this channel got and gave.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is another channel; others as
    /// for a put.</exception>
    /// <exception cref="InvalidOperationException">A store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public ChannelSyncResult With(MessageChannel other, bool withContents = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Cid != _channel.Cid)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{other.Cid} is another channel than {_channel.Cid}");
        }

        _channel.Store.Blocks.EnterToWrite();
        other.Store.Blocks.EnterToWrite();
        long contents = 0;
        Digest256[] before = HeadsNow(), othersBefore = other.Sync.HeadsNow();
        (ChannelExchange mine, ChannelExchange theirs) = (NewExchange(), other.Sync.NewExchange());
        for (int quiet = 0; quiet < MaxQuietRounds;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long moved = mine.Received + theirs.Received;
            List<byte[]> toThem = [Locked(mine.SayHello)], toMe = [other.Sync.Locked(theirs.SayHello)];
            while (toThem.Count + toMe.Count > 0)
            {
                List<byte[]> answers = other.Sync.TakeLists(theirs, toThem);
                toThem = TakeLists(mine, toMe);
                toMe = answers;
            }

            quiet = mine.Received + theirs.Received == moved ? MaxQuietRounds : 0;
        }

        if (withContents)
        {
            contents = CopyContents(other, _channel, before, cancellationToken);
            _ = CopyContents(_channel, other, othersBefore, cancellationToken);
        }

        return new ChannelSyncResult(mine.Received, theirs.Received, mine.Refused, contents,
            _channel.Gaps.Count);
    }

    /// <summary>Takes in the lists of another participant, which a carrier brought, and returns the answers
    /// (<c>CHANNELS.md</c>, Exchange).</summary>
    /// <param name="lists">The lists, each dag-cbor.</param>
    /// <returns>The answers. A caller with none of its own yet sends those of no lists: the greeting.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: one is no such list. Those before it
    /// count.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public IReadOnlyList<byte[]> Take(IReadOnlyList<ReadOnlyMemory<byte>> lists)
    {
        ArgumentNullException.ThrowIfNull(lists);
        ChannelExchange exchange = NewExchange();
        if (lists.Count == 0) return Greet(exchange);
        return TakeLists(exchange, [.. lists.Select(list => list.ToArray())]);
    }

    private ChannelExchange NewExchange() => new(_channel.Follower.Engine, _channel.Follower.Messages, _channel.RunId);

    private Digest256[] HeadsNow() => _channel.Under(engine => engine.Heads);

    private T Locked<T>(Func<T> act)
    {
        lock (_channel.Gate)
        {
            _channel.Update();
            return act();
        }
    }

    private List<byte[]> TakeLists(ChannelExchange exchange, List<byte[]> lists)
    {
        var answers = new List<byte[]>();
        lock (_channel.Gate)
        {
            _channel.Update();
            exchange.BeginCall();
            foreach (byte[] list in lists)
            {
                var events = new List<EngineEvent>();
                try
                {
                    answers.AddRange(exchange.Take(list, _channel.Follower.Now(), events));
                }
                catch (InvalidIpldException e)
                {
                    throw new ArrowCidException(ErrorCode.InvalidData, $"no list of an exchange: {e.Message}", e);
                }
                finally
                {
                    _channel.Tell(events);
                }
            }
        }

        return answers;
    }

    private static long CopyContents(MessageChannel from, MessageChannel to, Digest256[] before,
        CancellationToken cancel)
    {
        Cid[] wanted;
        lock (to.Gate)
        {
            wanted = [.. Ancestry.Difference(to.Follower.Messages, to.Follower.Engine.Heads, before)
                .SelectMany(one => to.Follower.Messages.Find(one.Digest)?.Content.Blocks ?? [])
                .Distinct().Where(cid => !to.Store.Contains(cid))];
        }

        return ChannelContents.Copy(from.Store, to.Store, wanted.Where(from.Store.Contains), cancel);
    }
}
