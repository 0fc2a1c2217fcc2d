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

    // What comes after the position, as far as it was looked at, each after all that it follows.
    private readonly LinkedList<Digest256> _after = [];
    private readonly Dictionary<Digest256, LinkedListNode<Digest256>> _places = [];

    // What other processes acknowledged before it was looked at here.
    private readonly HashSet<Digest256> _passed = [];
    private ChannelCursor _position;
    private ChannelReader? _reader;
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
                (ChannelCursor cursor, HashSet<ulong> ahead) = Load();
                return Ancestry.Difference(_channel.Follower.Messages, _channel.Follower.Engine.Heads, cursor.Heads)
                    .Count(one => !ahead.Contains(First(one.Digest)));
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
            if (TryReceive() is { } message) return message;
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

    /// <summary>The next message, without a wait.</summary>
    internal ChannelMessage? TryReceive()
    {
        lock (_channel.Gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _channel.Update();
            foreach ((Digest256 digest, HeldMessage lease) in _leases.ToArray())
            {
                if (Stopwatch.GetElapsedTime(lease.Since) >= _options.AckWait) End(digest);
            }

            HashSet<ulong> ahead = Follow();
            LinkedListNode<Digest256>? at = _after.First;
            while ((at ?? LookFurther()) is { } place)
            {
                Digest256 digest = place.Value;
                at = place.Next;
                if (ahead.Contains(First(in digest))) continue;
                if (!_leases.ContainsKey(digest))
                {
                    if (_options.MaxDeliver is { } most && _deliveries.GetValueOrDefault(digest) >= most)
                    {
                        Dead++;
                        Acknowledge([digest]);
                        return TryReceive();
                    }

                    if (TryLease(in digest) is { } message) return message;
                }

                // At the limit of what is acknowledged out of order, the oldest other message comes first.
                if (ahead.Count >= MaxAhead) return null;
            }

            return null;
        }
    }

    private ChannelMessage? TryLease(in Digest256 digest)
    {
        if (_channel.Store.Blocks.Coordination.TryLockCall(KeyOf(in digest)) is not { } held) return null;
        // The one that had the lease may have acknowledged it.
        HashSet<ulong> ahead = Follow();
        if (ahead.Contains(First(in digest)) || !_places.ContainsKey(digest) ||
            _channel.Follower.Messages.Find(in digest) is not { } message)
        {
            held.Dispose();
            return null;
        }

        _leases.Add(digest, new HeldMessage(held, Stopwatch.GetTimestamp()));
        _deliveries[digest] = _deliveries.GetValueOrDefault(digest) + 1;
        return new ChannelMessage(message, _position, default) { Deliveries = _deliveries[digest] };
    }

    /// <summary>Follows the position, which other processes change too.</summary>
    /// <returns>What was acknowledged beyond it.</returns>
    private HashSet<ulong> Follow()
    {
        (ChannelCursor cursor, HashSet<ulong> ahead) = Load();
        if (_reader is null)
        {
            _reader = new ChannelReader(_channel, cursor, settle: null);
        }
        else if (cursor != _position)
        {
            foreach ((Digest256 digest, _) in
                Ancestry.Difference(_channel.Follower.Messages, cursor.Heads, _position.Heads))
            {
                if (!Remove(digest)) _ = _passed.Add(digest);
            }
        }

        _position = cursor;
        return ahead;
    }

    /// <summary>Looks at one more message after the position.</summary>
    private LinkedListNode<Digest256>? LookFurther()
    {
        while (_reader!.Next() is { } next)
        {
            Digest256 digest = next.Read.Digest;
            if (_passed.Remove(digest) || _places.ContainsKey(digest)) continue;
            return _places[digest] = _after.AddLast(digest);
        }

        return null;
    }

    private bool Remove(Digest256 digest)
    {
        if (!_places.Remove(digest, out LinkedListNode<Digest256>? place)) return false;
        _after.Remove(place);
        return true;
    }

    private void Acknowledge(IReadOnlyCollection<Digest256> done)
    {
        using IDisposable held = Lock();
        HashSet<ulong> ahead = Follow();
        foreach (Digest256 digest in done)
        {
            while (!_places.ContainsKey(digest) && LookFurther() is not null)
            {
                // It may be anywhere after the position.
            }

            if (_places.ContainsKey(digest)) _ = ahead.Add(First(in digest));
        }

        var frontier = new HashSet<Digest256>(_position.Heads);
        while (_after.First?.Value is { } oldest && ahead.Remove(First(in oldest)))
        {
            foreach (Digest256 parent in _channel.Follower.Messages.Find(in oldest)?.Parents ?? [])
                _ = frontier.Remove(parent);
            _ = frontier.Add(oldest);
            _ = Remove(oldest);
        }

        List<ulong> left = [.. ahead];
        var position = ChannelCursor.Of(frontier);
        left.Sort();
        CrashPoint.Pass(CrashStep.L4);
        _channel.Store.Registry.Messages.SetConsumer(_channel.Cid, Name, new ConsumerState(
            position.ToBytes(), [.. left.Take(FactLimits.MaxAckedAhead)]));
        _position = position;
        CrashPoint.Pass(CrashStep.L5);
        foreach (Digest256 digest in done)
        {
            End(digest);
            _ = _deliveries.Remove(digest);
        }
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
