using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Channels;
using ArrowCid.Channels.Sds;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>
/// Carries messages between a channel of a store and a channel of Scalable Data Sync, both ways
/// (<c>Channels/Sds/SDS.md</c>, Bridge). A message of an SDS participant is published in the channel, with its id and
/// sender as hints; a message of the channel is wrapped, with its CID as id. Each is carried at least once, also after
/// a crash, and a message that came by a bridge does not go back. It has no transport and no thread of its own, unless
/// <see cref="RunAsync"/> is called. For any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// using var folder = new SdsFolder("bridge");
/// using var bridge = new SdsBridge(channel, new SdsBridgeOptions
/// {
///     Send = bytes => socket.Send(bytes.Span),
///     Sds = new SdsOptions { Dialect = SdsDialect.Nim, Storage = folder },
/// });
/// bridge.Receive(received);
/// bridge.Carry();
/// </code>
/// </example>
public sealed class SdsBridge : IDisposable
{
    private const int MostSeen = 1 << 16, ConsumerBytes = 8;
    private const long FirstMilliseconds = 100_000_000_000;

    private readonly MessageChannel _channel;
    private readonly SdsBridgeOptions _options;
    private readonly ChannelConsumer _consumer;
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<SdsMessage> _received = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Queue<string> _seenOrder = new();

    /// <summary>Opens a bridge.</summary>
    /// <param name="channel">The channel of the store, opened with the key of a writer where it is not open. It stays
    /// the caller's.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">An id is not as it must be.</exception>
    /// <exception cref="ArrowCidException">What is stored of the SDS channel is damaged or cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public SdsBridge(MessageChannel channel, SdsBridgeOptions options)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(options);
        (_channel, _options) = (channel, options);
        ChannelId = options.ChannelId ?? channel.Name;
        Participant = new SdsParticipant(options.ParticipantId ?? channel.Participant,
            options.Sds with { OnEvent = Take });
        string name = ConsumerOf(options.Sds.Dialect, ChannelId);
        if (!options.FromOldest) BeginNow(name);
        _consumer = channel.OpenConsumer(name);
        Participant.OpenChannel(ChannelId);
        foreach (SdsMessage missed in Unpublished()) _received.Enqueue(missed);
    }

    /// <summary>The participant of the SDS channel.</summary>
    public SdsParticipant Participant { get; }

    /// <summary>The SDS channel.</summary>
    public string ChannelId { get; }

    /// <summary>The number of messages that this object published in the channel of the store.</summary>
    public long Published { get; private set; }

    /// <summary>The number of messages that this object wrapped for the SDS channel.</summary>
    public long Wrapped { get; private set; }

    /// <summary>Takes bytes that were received in the SDS channel, and publishes what they deliver.</summary>
    /// <param name="message">The bytes.</param>
    /// <returns>What became of the message; null: it is of another channel.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: no message of the dialect; nothing has
    /// changed. Others as for <see cref="MessageChannel.PublishBytes"/>: what was received is kept, and is published by
    /// the next call.</exception>
    public SdsReceived? Receive(ReadOnlySpan<byte> message)
    {
        if (SdsCodec.Read(message, _options.Sds.Dialect).ChannelId != ChannelId) return null;
        SdsReceived received = Participant.Unwrap(message);
        lock (_gate) Publish();
        return received;
    }

    /// <summary>Carries what is new in the channel of the store, publishes what could not be before, and sends what is
    /// due: resends, answers, sync messages.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="Receive"/>.</exception>
    public void Carry()
    {
        lock (_gate)
        {
            Wrap();
            Publish();
        }

        Participant.Sweep();
    }

    /// <summary>Calls <see cref="Carry"/> again and again, until it is canceled.</summary>
    /// <param name="interval">The time between two calls.</param>
    /// <param name="cancellationToken">Ends the task without an exception.</param>
    public async Task RunAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Carry();
            await Task.Delay(interval, _options.Sds.Clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Ends the use of the channel of the store, which stays open.</summary>
    public void Dispose() => _consumer.Dispose();

    private void Take(SdsEvent found)
    {
        if (found is { Kind: SdsEventKind.Delivered, Message: { } message }) _received.Enqueue(message);
        if (!found.Bytes.IsEmpty) _options.Send(found.Bytes);
        _options.Sds.OnEvent?.Invoke(found);
    }

    private void Wrap()
    {
        while (_consumer.Receive(TimeSpan.Zero) is { } message)
        {
            if (IdOf(message) is { } id)
            {
                See(id);
            }
            else if (ContentOf(message) is { Length: > 0 } content &&
                !Participant.StateOf(ChannelId).IsKnown(message.Cid.ToString()))
            {
                byte[] bytes;
                try
                {
                    bytes = Participant.Wrap(content, message.Cid.ToString(), ChannelId);
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.ResourceExhausted)
                {
                    // It goes on once participants acknowledge what they have.
                    _consumer.Release(message.Cid);
                    return;
                }

                Wrapped++;
                _options.Send(bytes);
            }

            _consumer.Ack(message.Cid);
        }
    }

    private void Publish()
    {
        while (_received.TryPeek(out SdsMessage? message))
        {
            if (!_seen.Contains(message.Id))
            {
                var hints = new List<string> { SdsHints.Message + Uri.EscapeDataString(message.Id) };
                if (message.SenderId.Length > 0) hints.Add(SdsHints.Sender + Uri.EscapeDataString(message.SenderId));
                bool isInline = message.Content.Length <= _channel.Block.Inline;
                _ = _channel.Send(new MessageContent
                {
                    Bytes = isInline ? message.Content : default(ReadOnlyMemory<byte>?),
                    Blocks = isInline ? [] : [_channel.Store.PutRaw(message.Content).Cid],
                    Hints = [.. hints.Select(hint => (0, hint))],
                });
                Published++;
                See(message.Id);
            }

            _ = _received.TryDequeue(out _);
        }
    }

    /// <summary>What SDS participants get: the bytes of a message, or the CIDs of its blocks, one per line.</summary>
    private static ReadOnlySpan<byte> ContentOf(ChannelMessage message) => message.Bytes is { } bytes
        ? bytes.Span
        : Encoding.UTF8.GetBytes(string.Join('\n', message.Contents));

    private static string? IdOf(ChannelMessage message)
    {
        (_, string? hint) = message.Hints.FirstOrDefault(one =>
            one.Location.StartsWith(SdsHints.Message, StringComparison.Ordinal));
        return hint is null ? null : Uri.UnescapeDataString(hint[SdsHints.Message.Length..]);
    }

    /// <summary>Delivered SDS messages that a bridge which was killed did not publish.</summary>
    private List<SdsMessage> Unpublished()
    {
        long now = _options.Sds.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var missing = Participant.History(ChannelId).Where(message => message.SenderId != Participant.Id &&
            (_channel.Keep is not { } keep || MillisecondsOf(message) >= now - (long)keep.TotalMilliseconds))
            .ToDictionary(message => message.Id);
        if (missing.Count == 0) return [];
        foreach (ChannelMessage message in _channel.Log())
        {
            if (IdOf(message) is not { } id) continue;
            See(id);
            _ = missing.Remove(id);
        }

        return [.. Participant.History(ChannelId).Where(message => missing.ContainsKey(message.Id))];
    }

    private static long MillisecondsOf(SdsMessage message) =>
        message.Timestamp is not { } time ? 0 : time < FirstMilliseconds ? time * 1000 : time;

    private void See(string id)
    {
        if (!_seen.Add(id)) return;
        _seenOrder.Enqueue(id);
        if (_seenOrder.Count > MostSeen) _ = _seen.Remove(_seenOrder.Dequeue());
    }

    /// <summary>Lets a bridge that never ran begin with what comes.</summary>
    private void BeginNow(string name)
    {
        RegistryMessages messages = _channel.Store.Registry.Messages;
        Memory.Digest256 digest = RegistryPins.DigestOf(_channel.Cid);
        if (messages.Consumers(digest).Exists(consumer => consumer.Name == name)) return;
        messages.SetConsumer(_channel.Cid, name, new ConsumerState(
            ChannelCursor.Of(_channel.Under(engine => engine.Heads.ToArray())).ToBytes(), []));
    }

    private static string ConsumerOf(SdsDialect dialect, string channelId) => "arrowcid.sds." +
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{dialect} {channelId}"))
            .AsSpan(0, ConsumerBytes));
}
