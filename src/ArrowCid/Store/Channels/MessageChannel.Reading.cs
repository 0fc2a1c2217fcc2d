using System.Diagnostics;
using System.Runtime.CompilerServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

public sealed partial class MessageChannel
{
    /// <summary>The log: all delivered messages in the order of their times and ids, which is the same in every store
    /// and extends the order in which messages follow each other.</summary>
    /// <param name="from">Where to begin; by default the oldest message.</param>
    /// <returns>The messages, each with the cursor of its place in the log.</returns>
    public IEnumerable<ChannelMessage> Log(ChannelCursor from = default)
    {
        ChannelReader reader;
        lock (_gate)
        {
            Update();
            reader = new ChannelReader(this, from, settle: null);
        }

        while (true)
        {
            ChannelMessage? next;
            lock (_gate) next = reader.Next();
            if (next is null) yield break;
            yield return next;
        }
    }

    /// <summary>Reads messages in causal order: each after all that it follows. It waits for further ones.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="timeout">It ends once nothing has come for so long; zero ends it with what is there, null (the
    /// default) never.</param>
    /// <param name="settle">Null (the default) for causal order. Else the messages come in the order of the log: a
    /// message is held until every participant was heard after it, or this time is over; what comes too late for its
    /// place is marked.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The messages.</returns>
    /// <exception cref="OperationCanceledException">The reading was canceled.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public IEnumerable<ChannelMessage> Read(ChannelCursor from, TimeSpan? timeout = null, TimeSpan? settle = null,
        CancellationToken cancellationToken = default)
    {
        ChannelReader reader = Begin(from, settle);
        using CancellationTokenRegistration disturbance = cancellationToken.UnsafeRegister(
            static signal => ((LogSignal)signal!).Disturb(), _store.Blocks.Signal);
        var pause = new LogPause(_store.Blocks.Signal);
        TimeSpan most = timeout ?? TimeSpan.MaxValue;
        for (long idle = 0; TryNext(reader, out ChannelMessage? next);)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (next is not null)
            {
                idle = 0;
                pause.Reset();
                yield return next;
                continue;
            }

            if (idle == 0) idle = Stopwatch.GetTimestamp();
            TimeSpan left = most - Stopwatch.GetElapsedTime(idle);
            if (left <= TimeSpan.Zero) yield break;
            if (pause.LooksAgain()) continue;
            pause.Sleep(settle is { } span && span < left ? span : left);
        }
    }

    /// <summary>As <see cref="Read"/>, without a thread that waits.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="timeout">As for <see cref="Read"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The messages, in causal order.</returns>
    /// <exception cref="OperationCanceledException">The reading was canceled.</exception>
    public async IAsyncEnumerable<ChannelMessage> ReadAsync(ChannelCursor from, TimeSpan? timeout = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChannelReader reader = Begin(from, settle: null);
        var pause = new LogPause(_store.Blocks.Signal);
        TimeSpan most = timeout ?? TimeSpan.MaxValue;
        for (long idle = 0; TryNext(reader, out ChannelMessage? next);)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (next is not null)
            {
                idle = 0;
                pause.Reset();
                yield return next;
                continue;
            }

            if (idle == 0) idle = Stopwatch.GetTimestamp();
            TimeSpan left = most - Stopwatch.GetElapsedTime(idle);
            if (left <= TimeSpan.Zero) yield break;
            if (pause.LooksAgain()) continue;
            Task woken = pause.SleepAsync();
            if (timeout is null) await woken.WaitAsync(cancellationToken).ConfigureAwait(false);
            else await Task.WhenAny(woken, Task.Delay(left, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Finds a message that was delivered.</summary>
    /// <param name="message">The id.</param>
    /// <returns>The message, with the cursor right after it; null where it was not delivered here.</returns>
    public ChannelMessage? Find(Cid message)
    {
        if (!message.TryGetSha256(out Digest256 digest)) return null;
        return Under(engine => engine.IsDelivered(in digest) && _follower.Messages.Find(in digest) is { } found
            ? new ChannelMessage(found, ChannelCursor.Of([digest]), default)
            : null);
    }

    /// <summary>Begins, or goes on, as a durable consumer: the store keeps which messages it has acknowledged.
    /// Processes that use one name share its messages.</summary>
    /// <param name="name">The name of the consumer, 1 to 255 bytes of UTF-8.</param>
    /// <param name="options">How messages are delivered again.</param>
    /// <returns>The consumer.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: that is no name.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public ChannelConsumer OpenConsumer(string name, ChannelConsumerOptions? options = null)
    {
        _store.Blocks.EnterToWrite();
        return new ChannelConsumer(this, name, options ?? new ChannelConsumerOptions());
    }

    internal ChannelReader Begin(ChannelCursor from, TimeSpan? settle)
    {
        lock (_gate)
        {
            Update();
            return new ChannelReader(this, from, settle);
        }
    }

    internal bool TryNext(ChannelReader reader, out ChannelMessage? next)
    {
        next = null;
        lock (_gate)
        {
            if (_isClosed || _follower.IsEnded) return false;
            next = reader.Next();
            if (next is not null) return true;
            Update();
            next = reader.Next();
            return true;
        }
    }
}
