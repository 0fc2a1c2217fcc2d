using System.Buffers.Binary;
using System.Diagnostics;
using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A durable consumer of a channel: it gets each message at least once, also after a crash, until it acknowledges it.
/// Its position is a fact of the store (kind 14 of <c>FACTS.md</c>). Processes that use one name share the messages:
/// each leases what it gets, and the leases of a process that died are free. For any number of threads at once.
/// </summary>
public sealed class ChannelConsumer : IDisposable
{
    // The number of messages acknowledged out of order, beyond which the oldest other message comes first.
    private const int MaxAhead = FactLimits.MaxAckedAhead - 64;

    private readonly MessageChannel _channel;
    private readonly ChannelConsumerOptions _options;
    private readonly Digest256 _lock;
    private readonly Dictionary<Digest256, HeldMessage> _leases = [];
    private readonly Dictionary<Digest256, int> _deliveries = [];
    private bool _isClosed;

    internal ChannelConsumer(MessageChannel channel, string name, ChannelConsumerOptions options)
    {
        if (FactRules.OfName(name) is { } fault || name == ChannelFollower.Proved)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "a consumer has a name of 1 to 255 bytes without control characters");
        }

        (_channel, Name, _options) = (channel, name, options);
        _lock = Sha256.Hash([.. channel.Cid.ToBytes(), .. System.Text.Encoding.UTF8.GetBytes(name)]);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The number of messages that were given up by this object.</summary>
    public long Dead { get; private set; }

    /// <summary>The position up to which everything is acknowledged.</summary>
    public ChannelCursor Position
    {
        get
        {
            lock (_channel.Gate) return Load().Cursor;
        }
    }

    /// <summary>The number of delivered messages that are not acknowledged.</summary>
    public long Pending
    {
        get
        {
            lock (_channel.Gate)
            {
                _channel.Update();
                return Candidates(Load()).Count;
            }
        }
    }

    /// <summary>Does what <see cref="Receive"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Receive"/>
    public Task<ChannelMessage?> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Task.Run(() => Receive(timeout, cancellationToken), cancellationToken);

    /// <summary>Leases the next message that is not acknowledged, and that no process holds.</summary>
    /// <param name="timeout">How long to wait for one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The message; null where the time is over.</returns>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    public ChannelMessage? Receive(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        CidStore store = _channel.Store;
        using CancellationTokenRegistration disturbance = cancellationToken.UnsafeRegister(
            static signal => ((LogSignal)signal!).Disturb(), store.Blocks.Signal);
        var pause = new LogPause(store.Blocks.Signal);
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryLease() is { } message) return message;
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return null;
            if (!pause.LooksAgain()) pause.Sleep(left);
        }
    }

    /// <summary>Acknowledges a message: no process gets it again. Acknowledged twice is the same as once.</summary>
    /// <param name="message">The id of the message.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: other processes change the position all the
    /// time; others as for a put.</exception>
    public void Ack(Cid message) => Ack([message]);

    /// <summary>Acknowledges several messages with one change of the position.</summary>
    /// <param name="messages">The ids.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Ack(Cid)"/>.</exception>
    public void Ack(IReadOnlyCollection<Cid> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        lock (_channel.Gate)
        {
            _channel.Update();
            Acknowledge([.. messages.Select(RegistryPins.DigestOf)]);
        }
    }

    /// <summary>Ends the lease of a message: it is delivered again, here or elsewhere.</summary>
    /// <param name="message">The id of the message.</param>
    public void Release(Cid message)
    {
        lock (_channel.Gate) End(RegistryPins.DigestOf(message));
    }

    /// <summary>Ends the leases: other processes get the messages.</summary>
    public void Dispose()
    {
        lock (_channel.Gate)
        {
            _isClosed = true;
            foreach (Digest256 digest in _leases.Keys.ToArray()) End(digest);
        }
    }

    private ChannelMessage? TryLease()
    {
        lock (_channel.Gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _channel.Update();
            foreach ((Digest256 digest, HeldMessage lease) in _leases.ToArray())
            {
                if (Stopwatch.GetElapsedTime(lease.Since) >= _options.AckWait) End(digest);
            }

            (ChannelCursor cursor, HashSet<ulong> ahead) = Load();
            foreach (Digest256 digest in Candidates((cursor, ahead)))
            {
                if (_leases.ContainsKey(digest)) continue;
                if (_options.MaxDeliver is { } most && _deliveries.GetValueOrDefault(digest) >= most)
                {
                    Dead++;
                    Acknowledge([digest]);
                    continue;
                }

                if (_channel.Store.Blocks.Coordination.TryLockCall(KeyOf(in digest)) is not { } held) continue;
                // The one that had the lease may have acknowledged it.
                (cursor, ahead) = Load();
                if (ahead.Contains(First(in digest)) || !Candidates((cursor, ahead)).Contains(digest) ||
                    _channel.Follower.Messages.Find(in digest) is not { } message)
                {
                    held.Dispose();
                    continue;
                }

                _leases.Add(digest, new HeldMessage(held, Stopwatch.GetTimestamp()));
                _deliveries[digest] = _deliveries.GetValueOrDefault(digest) + 1;
                return new ChannelMessage(message, cursor, default) { Deliveries = _deliveries[digest] };
            }

            return null;
        }
    }

    private void Acknowledge(IReadOnlyCollection<Digest256> done)
    {
        using IDisposable held = Lock();
        (ChannelCursor cursor, HashSet<ulong> ahead) = Load();
        foreach (Digest256 digest in done) _ = ahead.Add(First(in digest));
        var frontier = new HashSet<Digest256>(cursor.Heads);
        var open = new HashSet<Digest256>();
        var left = new List<ulong>();
        foreach ((Digest256 digest, _) in Ancestry.Difference(_channel.Follower.Messages,
            _channel.Follower.Engine.Heads, cursor.Heads))
        {
            bool isAcked = ahead.Contains(First(in digest));
            Digest256[] parents = _channel.Follower.Messages.Find(in digest)?.Parents ?? [];
            if (!isAcked || Array.Exists(parents, open.Contains))
            {
                _ = open.Add(digest);
                if (isAcked) left.Add(First(in digest));
                continue;
            }

            foreach (Digest256 parent in parents) _ = frontier.Remove(parent);
            _ = frontier.Add(digest);
        }

        left.Sort();
        _channel.Store.Registry.Messages.SetConsumer(_channel.Cid, Name, new ConsumerState(
            ChannelCursor.Of(frontier).ToBytes(), [.. left.Take(FactLimits.MaxAckedAhead)]));
        foreach (Digest256 digest in done)
        {
            End(digest);
            _ = _deliveries.Remove(digest);
        }
    }

    private List<Digest256> Candidates((ChannelCursor Cursor, HashSet<ulong> Ahead) state)
    {
        int most = state.Ahead.Count >= MaxAhead ? 1 : int.MaxValue;
        return [.. Ancestry.Difference(_channel.Follower.Messages, _channel.Follower.Engine.Heads, state.Cursor.Heads)
            .Select(one => one.Digest).Where(digest => !state.Ahead.Contains(First(in digest))).Take(most)];
    }

    private (ChannelCursor Cursor, HashSet<ulong> Ahead) Load()
    {
        ConsumerState? state = _channel.Store.Registry.Messages.Consumers(RegistryPins.DigestOf(_channel.Cid))
            .Where(consumer => consumer.Name == Name).Select(consumer => consumer.State).FirstOrDefault();
        return state is null
            ? (ChannelCursor.Oldest, [])
            : (ChannelCursor.FromBytes(state.Cursor) ?? ChannelCursor.Oldest, [.. state.Ahead]);
    }

    private IDisposable Lock()
    {
        const int MaxTries = 2000;
        for (int tries = 0; tries < MaxTries; tries++)
        {
            if (_channel.Store.Blocks.Coordination.TryLockCall(KeyOf(in _lock)) is { } held) return held;
            Thread.Sleep(1);
        }

        throw new ArrowCidException(ErrorCode.Busy, $"the consumer '{Name}' is changed by other processes all the time")
        {
            Remedy = new Remedy(RemedyKind.Retry),
        };
    }

    private void End(Digest256 digest)
    {
        if (_leases.Remove(digest, out HeldMessage? lease)) lease.Held.Dispose();
    }

    private ulong KeyOf(in Digest256 digest) => First(in digest) ^ BinaryPrimitives.ReadUInt64BigEndian(
        Digest256.Bytes(in _lock)[8..]);

    private static ulong First(in Digest256 digest) =>
        BinaryPrimitives.ReadUInt64BigEndian(Digest256.Bytes(in digest));

    private sealed record HeldMessage(IDisposable Held, long Since);
}
