using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;

namespace ArrowCid;

public sealed partial class MessageChannel
{
    /// <summary>Publishes blocks as one message. Once this returns, the message is stored, and readers of this store
    /// get it.</summary>
    /// <param name="contents">The blocks, 1 to 512. One that is not here needs a hint.</param>
    /// <param name="hints">Locations where the blocks may be read, which apply to all of them; null for none.</param>
    /// <returns>The id of the message.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block is not here, and there is no
    /// hint; <see cref="ErrorCode.AccessDenied"/>: the channel is not open, and there is no key of a writer;
    /// <see cref="ErrorCode.TooLarge"/> or <see cref="ErrorCode.InvalidArgument"/>: over a limit of the channel; others
    /// as for <see cref="CidStore.PutRaw"/>. Nothing was published.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public Cid Publish(IReadOnlyList<Cid> contents, IReadOnlyList<string>? hints = null)
    {
        ArgumentNullException.ThrowIfNull(contents);
        if (contents.Count == 0)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a message names a block at least");
        if (contents.Count > Block.Contents) throw OverLimit($"{contents.Count} blocks", Block.Contents);
        if (hints is null or { Count: 0 })
        {
            foreach (Cid cid in contents)
            {
                if (_store.Contains(cid)) continue;
                throw new ArrowCidException(ErrorCode.BlockNotFound,
                    $"{cid} is not stored here, and has no location");
            }
        }
        else if (hints.Count * contents.Count > MessageBlock.MaxHints)
        {
            throw OverLimit($"{hints.Count * contents.Count} locations", MessageBlock.MaxHints);
        }

        return Send(new MessageContent
        {
            Blocks = [.. contents],
            Hints = [.. (hints ?? []).SelectMany(hint => contents.Select((_, i) => (i, hint))).OrderBy(hint => hint.i)],
        });
    }

    /// <summary>Publishes bytes, which the message carries itself.</summary>
    /// <param name="bytes">The bytes, at most 32,768.</param>
    /// <returns>The id of the message.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Publish"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public Cid PublishBytes(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > Block.Inline) throw OverLimit($"{bytes.Length} bytes", Block.Inline);
        return Send(new MessageContent { Bytes = bytes.ToArray() });
    }

    /// <summary>Changes who may write, by a message: those that follow it are judged by it.</summary>
    /// <param name="writers">The keys that may write from then on, 1 to 1,024.</param>
    /// <returns>The id of the message.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the channel is open; others as for
    /// <see cref="Publish"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public Cid SetWriters(IReadOnlyCollection<PublicKey> writers)
    {
        ArgumentNullException.ThrowIfNull(writers);
        if (IsOpen) throw new ArrowCidException(ErrorCode.Unsupported, "the channel is open: anybody may write");
        if (writers.Count is 0 or > ChannelKeys.MaxWriters)
            throw OverLimit($"{writers.Count} writers", ChannelKeys.MaxWriters);
        return Send(new MessageContent { Writers = [.. writers.OrderBy(key => key.Text, StringComparer.Ordinal)] });
    }

    /// <summary>Declares missing messages lost, by a message: in every store, what waits for them is
    /// delivered.</summary>
    /// <param name="messages">Messages that no participant has.</param>
    /// <param name="bytes">What the message carries.</param>
    /// <returns>The id of the message.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: one is here, or there are none or
    /// over 64; others as for <see cref="Publish"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public Cid DeclareLost(IReadOnlyCollection<Cid> messages, ReadOnlyMemory<byte> bytes = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count is 0 or > MessageBlock.MaxLost)
            throw OverLimit($"{messages.Count} messages", MessageBlock.MaxLost);
        Digest256[] lost = MessageBlock.Sorted(messages.Select(RegistryPins.DigestOf).Distinct());
        return Send(new MessageContent { Bytes = bytes.ToArray() }, lost);
    }

    /// <summary>Makes a beat: what this participant has, for others. It is kept in this store, which needs no key of a
    /// writer.</summary>
    /// <returns>The bytes, for a carrier.</returns>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public byte[] Beat()
    {
        lock (_gate)
        {
            Update();
            BeatBlock beat = MakeBeat();
            _follower.Messages.NoteBeat(beat);
            return beat.Bytes.ToArray();
        }
    }

    /// <summary>The participants that are known to have a message of this object.</summary>
    /// <param name="message">The id of the message.</param>
    /// <returns>The ids of the participants.</returns>
    public IReadOnlyList<string> HoldersOf(Cid message) => Under(engine =>
        engine.Acks.HoldersOf(RegistryPins.DigestOf(message)).Select(id => id.ToString())
            .Order(StringComparer.Ordinal).ToArray());

    /// <summary>Waits until other participants have a message of this object.</summary>
    /// <param name="message">The id of the message.</param>
    /// <param name="participants">Their number.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False where the time is over.</returns>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    public async Task<bool> WaitAcknowledgedAsync(Cid message, int participants, TimeSpan timeout,
        CancellationToken cancellationToken = default)
    {
        long started = _store.Clock.GetTimestamp();
        while (HoldersOf(message).Count < participants)
        {
            if (_store.Clock.GetElapsedTime(started) >= timeout) return false;
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>With the gate: a beat of the messages of this store, which is made once for the same messages; null
    /// where no participant would believe it.</summary>
    internal BeatBlock? NewestBeat()
    {
        if (_store.IsReadOnly || (!IsOpen && _key?.PublicKey is null)) return null;
        ChannelEngine engine = _follower.Engine;
        bool isNews = _beat is null || _beat.Missing.Length != Math.Min(engine.Gaps.Count, BeatBlock.MaxMissing) ||
            !engine.Heads.Take(BeatBlock.MaxHeads).SequenceEqual(_beat.Heads);
        if (!isNews) return _beat;
        _beat = MakeBeat();
        _follower.Messages.NoteBeat(_beat);
        return _beat;
    }

    private BeatBlock MakeBeat()
    {
        ChannelEngine engine = _follower.Engine;
        Digest256[] heads = engine.Heads;
        if (heads.Length > BeatBlock.MaxHeads) heads = heads[..BeatBlock.MaxHeads];
        return BeatBlock.Create(Cid, Math.Max(_follower.Now(), engine.MaxAt), heads, _me, _run,
            MessageBlock.Sorted(engine.Gaps.Take(BeatBlock.MaxMissing).Select(gap => gap.Digest)), _key);
    }

    internal Cid Send(MessageContent content, Digest256[]? lost = null)
    {
        _store.Blocks.EnterToWrite();
        lock (_gate)
        {
            Update();
            ChannelEngine engine = _follower.Engine;
            if (Array.Find(lost ?? [], one => engine.IsKnown(in one)) is var known && known != default)
                throw new ArrowCidException(ErrorCode.InvalidArgument, $"the message {MessageCid(known)} is here");
            Digest256[] parents = engine.ParentsOfNext();
            if (engine.Rules.KeysAfter(parents) is { } keys && !keys.ContainsKey(_me))
            {
                throw new ArrowCidException(ErrorCode.AccessDenied, _key is null
                    ? $"the channel '{Name}' takes messages that one of its writers signed, and there is no key"
                    : $"the key {_key.Id} may not write to the channel '{Name}'");
            }

            ulong now = _follower.Now();
            var message = MessageBlock.Create(new MessageDraft
            {
                Channel = Cid,
                At = engine.NextTime(now),
                Parents = parents,
                Writer = _me,
                Run = _run,
                Sequence = _sequence + 1,
                Content = content,
                Lost = lost ?? [],
            }, _key);
            // Stored first: what is not in the store has not happened.
            CrashPoint.Pass(CrashStep.L1);
            _follower.Messages.Put(message);
            CrashPoint.Pass(CrashStep.L2);
            _sequence++;
            var events = new List<EngineEvent>();
            engine.Acks.Follow(message.Digest, message.At);
            // A clock that was set back does not keep the own messages waiting.
            _ = engine.Add(message, Math.Max(now, message.At), now, events, isVerified: true);
            Tell(events);
            return message.Cid;
        }
    }

    private static ArrowCidException OverLimit(string what, int most) =>
        new(ErrorCode.TooLarge, $"{what} in a message; {most} at most");
}
