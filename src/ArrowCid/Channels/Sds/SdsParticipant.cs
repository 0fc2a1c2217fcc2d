namespace ArrowCid.Channels.Sds;

/// <summary>
/// A participant in channels of Scalable Data Sync, in the dialect of nim-sds or of the specification
/// (<c>Channels/Sds/SDS.md</c>): it wraps and unwraps messages, delivers each once and after everything that it
/// depends on, and knows what others acknowledged. It has no transport: what it returns, and what its events carry,
/// is for the application to send to all participants of the channel. For any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// var participant = new SdsParticipant("alice", new SdsOptions
/// {
///     OnEvent = e =>
///     {
///         if (e.Kind == SdsEventKind.Delivered) Show(e.Message!.Content);
///         if (!e.Bytes.IsEmpty) Send(e.Bytes);
///     },
/// });
/// Send(participant.Wrap(content, "message-1", "lobby"));
/// participant.Unwrap(received);
/// </code>
/// </example>
public sealed class SdsParticipant
{
    private readonly SdsOptions _options;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SdsChannel> _channels = [];
    private readonly List<SdsEvent> _made = [];
    private readonly Queue<SdsEvent> _events = new();
    private bool _isCalling;

    /// <summary>Creates a participant.</summary>
    /// <param name="id">Its id: 1 to 256 bytes of UTF-8. Others take part under other ids.</param>
    /// <param name="options">The options.</param>
    public SdsParticipant(string id, SdsOptions? options = null)
    {
        SdsCodec.CheckId(id, nameof(id));
        options ??= new SdsOptions();
        options.Validate();
        (Id, _options) = (id, options);
    }

    /// <summary>The id.</summary>
    public string Id { get; }

    /// <summary>The open channels.</summary>
    public IReadOnlyList<string> Channels
    {
        get
        {
            lock (_gate) return [.. _channels.Keys];
        }
    }

    /// <summary>Wraps a content as a message that is to be sent to all participants.</summary>
    /// <param name="content">The content: 1 byte to <see cref="SdsOptions.MaxContent"/>.</param>
    /// <param name="messageId">The id, which no other message of the channel has: 1 to 256 bytes of UTF-8.</param>
    /// <param name="channelId">The channel: 1 to 256 bytes of UTF-8. It is opened where it is not.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentException">The content is empty, or an id is not as it must be or was used.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the content;
    /// <see cref="ErrorCode.ResourceExhausted"/>: too many messages without acknowledgment, or channels.</exception>
    public byte[] Wrap(ReadOnlySpan<byte> content, string messageId, string channelId)
    {
        SdsCodec.CheckId(messageId, nameof(messageId));
        if (content.IsEmpty) throw new ArgumentException("a message without content", nameof(content));
        if (content.Length > _options.MaxContent)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"a content of {content.Length} bytes, over {_options.MaxContent}");
        }

        byte[] bytes;
        lock (_gate)
        {
            SdsChannel channel = Open(channelId);
            bytes = channel.Wrap(content, messageId, Now);
            End(channel);
        }

        Raise();
        return bytes;
    }

    /// <summary>Wraps a sync message, which tells others what this participant has and misses.</summary>
    /// <param name="channelId">The channel.</param>
    /// <returns>The bytes; <see langword="null"/> where there is nothing to tell.</returns>
    public byte[]? WrapSync(string channelId)
    {
        byte[]? bytes;
        lock (_gate)
        {
            SdsChannel channel = Open(channelId);
            bytes = channel.WrapSync(Now)?.Bytes;
            End(channel);
        }

        Raise();
        return bytes;
    }

    /// <summary>Takes a message that was received. What it delivers comes as events, in causal order.</summary>
    /// <param name="message">The bytes, as a participant's <see cref="Wrap"/> returned them.</param>
    /// <returns>The message, what became of it, and what is missing.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: not a message of the dialect, over a
    /// limit, or of a time too far ahead; nothing has changed. <see cref="ErrorCode.ResourceExhausted"/>: too many
    /// channels.</exception>
    public SdsReceived Unwrap(ReadOnlySpan<byte> message)
    {
        SdsMessage read = SdsCodec.Read(message, _options.Dialect);
        SdsReceived received;
        lock (_gate)
        {
            long now = Now;
            SdsChannel.CheckTime(read, _options, now);
            SdsChannel channel = Open(read.ChannelId);
            received = channel.Receive(read, now);
            End(channel);
        }

        Raise();
        return received;
    }

    /// <summary>Lets messages count as delivered that were lost or came by another way: what waits for them no longer
    /// does. This lasts, and holds for messages that name them later. Other participants do not hear of it.</summary>
    /// <param name="messageIds">The ids.</param>
    /// <param name="channelId">The channel.</param>
    public void MarkMet(IEnumerable<string> messageIds, string channelId)
    {
        ArgumentNullException.ThrowIfNull(messageIds);
        List<string> ids = [.. messageIds];
        foreach (string id in ids) SdsCodec.CheckId(id, nameof(messageIds));
        lock (_gate)
        {
            SdsChannel channel = Open(channelId);
            channel.MarkMet(ids);
            End(channel);
        }

        Raise();
    }

    /// <summary>Opens a channel, with what is stored of it. Messages do so too.</summary>
    /// <param name="channelId">The channel.</param>
    /// <exception cref="ArrowCidException">What is stored is damaged or cannot be read.</exception>
    public void OpenChannel(string channelId)
    {
        lock (_gate) End(Open(channelId));
        Raise();
    }

    /// <summary>Deletes a channel here, with what is stored of it.</summary>
    /// <param name="channelId">The channel.</param>
    public void RemoveChannel(string channelId)
    {
        SdsCodec.CheckId(channelId, nameof(channelId));
        lock (_gate)
        {
            _options.Storage?.Delete(channelId);
            _channels.Remove(channelId);
        }
    }

    /// <summary>Deletes all open channels here, with what is stored of them.</summary>
    public void Reset()
    {
        foreach (string channelId in Channels) RemoveChannel(channelId);
    }

    /// <summary>Does what is due in all channels: messages to be sent come as events.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            long now = Now;
            foreach (SdsChannel channel in _channels.Values)
            {
                channel.Sweep(now);
                End(channel);
            }
        }

        Raise();
    }

    /// <summary>Calls <see cref="Sweep"/> each <see cref="SdsOptions.SweepInterval"/>, until it is cancelled.</summary>
    /// <param name="cancellationToken">Ends the task without an exception.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.SweepInterval, _options.Clock, cancellationToken).ConfigureAwait(false);
                Sweep();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Returns the delivered messages that the channel keeps, own ones among them, in the order of their
    /// times and ids.</summary>
    /// <param name="channelId">The channel.</param>
    public IReadOnlyList<SdsMessage> History(string channelId) =>
        Look(channelId, state => state.Log.Select(entry => entry.Message));

    /// <summary>Returns the own messages without acknowledgment, in the order in which they were wrapped.</summary>
    /// <param name="channelId">The channel.</param>
    public IReadOnlyList<SdsMessage> Unacknowledged(string channelId) =>
        Look(channelId, state => state.Unacknowledged.Values.OrderBy(each => each.Order).Select(each => each.Message));

    /// <summary>Returns the messages that wait for dependencies.</summary>
    /// <param name="channelId">The channel.</param>
    public IReadOnlyList<SdsMessage> Waiting(string channelId) =>
        Look(channelId, state => state.Waiting.Values.Select(each => each.Message));

    internal ChannelState StateOf(string channelId)
    {
        lock (_gate) return Open(channelId).State;
    }

    private long Now => _options.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private List<SdsMessage> Look(string channelId, Func<ChannelState, IEnumerable<SdsMessage>> look)
    {
        lock (_gate) return _channels.TryGetValue(channelId, out SdsChannel? channel) ? [.. look(channel.State)] : [];
    }

    private SdsChannel Open(string channelId)
    {
        SdsCodec.CheckId(channelId, nameof(channelId));
        if (_channels.TryGetValue(channelId, out SdsChannel? channel)) return channel;
        if (_channels.Count >= _options.MaxChannels)
        {
            throw new ArrowCidException(ErrorCode.ResourceExhausted,
                $"{_channels.Count} channels are open, as many as may be");
        }

        channel = new SdsChannel(Id, channelId, _options, Now, _made);
        _channels.Add(channelId, channel);
        return channel;
    }

    private void End(SdsChannel channel)
    {
        channel.Flush();
        foreach (SdsEvent each in _made) _events.Enqueue(each);
        _made.Clear();
        if (_options.OnEvent is null) _events.Clear();
    }

    // One thread calls the handler at a time, so that the events keep their order; others leave theirs to it.
    private void Raise()
    {
        if (_options.OnEvent is not { } handler) return;
        while (true)
        {
            SdsEvent? next;
            lock (_gate)
            {
                if (_isCalling || !_events.TryDequeue(out next)) return;
                _isCalling = true;
            }

            try
            {
                handler(next);
            }
            finally
            {
                lock (_gate) _isCalling = false;
            }
        }
    }
}
