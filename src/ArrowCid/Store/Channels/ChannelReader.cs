using ArrowCid.Channels;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>A position that goes on through a channel. It remembers what it was told while it is not too much, and
/// else finds it again by the graph.</summary>
internal sealed class ChannelReader
{
    private const int MaxQueued = 65_536;

    private readonly MessageChannel _channel;
    private readonly HashSet<Digest256> _frontier;
    private readonly Queue<EngineEvent> _queue = new();
    private readonly TotalOrder? _total;
    private bool _isBehind;

    /// <summary>Begins at a cursor. With the gate of the channel.</summary>
    public ChannelReader(MessageChannel channel, ChannelCursor from, TimeSpan? settle)
    {
        _channel = channel;
        ChannelEngine engine = channel.Follower.Engine;
        _frontier = [.. from.IsNow ? engine.Heads : from.Heads];
        _isBehind = true;
        if (settle is { } span) _total = new TotalOrder((ulong)Math.Max(0, span.TotalMilliseconds));
        channel.Add(this);
    }

    /// <summary>With the gate: messages that were delivered.</summary>
    public void Offer(List<EngineEvent> events)
    {
        if (_isBehind) return;
        foreach (EngineEvent found in events)
        {
            if (found.Kind == ChannelEventKind.Delivered) _queue.Enqueue(found);
        }

        if (_queue.Count <= MaxQueued) return;
        _queue.Clear();
        _isBehind = true;
    }

    /// <summary>With the gate: everything was read again, so that the graph has to say what comes next.</summary>
    public void LookAgain()
    {
        _queue.Clear();
        _isBehind = true;
    }

    /// <summary>With the gate: the next message; null where there is none now.</summary>
    public ChannelMessage? Next()
    {
        ChannelEngine engine = _channel.Follower.Engine;
        if (_isBehind)
        {
            foreach ((Digest256 digest, ulong at) in
                Ancestry.Difference(_channel.Follower.Messages, engine.Heads, _frontier, MaxQueued))
            {
                _queue.Enqueue(new EngineEvent(ChannelEventKind.Delivered, digest, at, default));
            }

            // What was cut off is found by another look, once these are read.
            _isBehind = _queue.Count == MaxQueued;
        }

        if (_total is null) return _queue.TryDequeue(out EngineEvent found) ? Read(found) : null;
        while (_queue.TryDequeue(out EngineEvent next)) _total.Add(next.Digest, next.At, _channel.Follower.Now());
        return _total.Take(engine, _channel.Me, _channel.Follower.Now()) is { } final
            ? Read(new EngineEvent(ChannelEventKind.Delivered, final.Digest, 0, default, final.IsLate))
            : null;
    }

    private ChannelMessage? Read(EngineEvent found)
    {
        // Retention may have taken it since.
        if (_channel.Follower.Messages.Find(found.Digest) is not { } message) return Next();
        foreach (Digest256 parent in message.Parents) _ = _frontier.Remove(parent);
        _ = _frontier.Add(found.Digest);
        return new ChannelMessage(message, ChannelCursor.Of(_frontier), found);
    }
}
