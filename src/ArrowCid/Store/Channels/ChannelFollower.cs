using ArrowCid.Channels;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Follows the log of a store for one channel, and folds what it finds into an engine. For one thread at a
/// time.</summary>
internal sealed class ChannelFollower : IDisposable
{
    /// <summary>The consumer of this store whose position says which messages had their signatures proved here.
    /// </summary>
    public const string Proved = "arrowcid.proved";

    // After this number of newly proved messages the position is written down.
    private const int ProvedEach = 256;

    private readonly CidStore _store;
    private readonly Digest256 _channel;
    private readonly byte[] _needle;
    private readonly ChannelBlock _block;
    private readonly Cid _cid;
    private readonly Dictionary<Digest256, ulong> _pending = [];
    private readonly HashSet<Digest256> _bad = [];
    private LogReader _tail;
    private int _signed, _expected;

    public ChannelFollower(CidStore store, ChannelBlock block, Cid cid)
    {
        (_store, _block, _cid) = (store, block, cid);
        _ = cid.TryGetSha256(out _channel);
        _needle = Digest256.Bytes(in _channel).ToArray();
        Messages = new StoreMessages(store, block, cid);
        Engine = new ChannelEngine(block, cid, Messages);
        _tail = store.Blocks.Tail(Cursor.Now, TailScope.Facts);
    }

    public StoreMessages Messages { get; }

    public ChannelEngine Engine { get; private set; }

    /// <summary>Whether the store was closed.</summary>
    public bool IsEnded => _tail.IsClosed;

    /// <summary>The number of times that everything was read. Readers find their places again once it has changed.
    /// </summary>
    public int Openings { get; private set; }

    /// <summary>Reads everything that is stored. What is found is not told: it is the state that readers begin with.
    /// </summary>
    public void Open()
    {
        Openings++;
        // Without a position every signature is proved on the way; with one those that came after it, afterwards.
        ChannelCursor proved = ReadProved();
        bool isProvedHere = proved.Heads.Count == 0;
        do
        {
            _signed = 0;
            Engine = new ChannelEngine(_block, _cid, Messages) { Horizon = HorizonNow() };
            Engine.Expect(_expected);
            ulong now = Now();
            var events = new List<EngineEvent>();
            foreach ((Digest256 digest, _) in _store.Registry.Messages.List(_channel))
            {
                _ = Fold(in digest, now, now, events, isVerified: !isProvedHere && !_bad.Contains(digest));
                events.Clear();
            }

            _expected = Engine.Count;
            foreach ((Digest256 writer, BeatState beat) in _store.Registry.Messages.Beats(_channel))
            {
                if (Engine.Writers.GetValueOrDefault(writer) is { } state && beat.At > state.HeardAt)
                    (state.HeardAt, state.Heads) = (beat.At, [.. beat.Heads.Select(RegistryPins.DigestOf)]);
            }
        }
        while (!isProvedHere && !ProveAfter(proved));

        if (isProvedHere && _signed >= ProvedEach) WriteProved();
    }

    /// <summary>Reads what was stored since.</summary>
    public void Update(List<EngineEvent> events)
    {
        while (_tail.TryNext(out LogEvent found))
        {
            if (found.Gap is { } gap)
            {
                if (gap.Reason == GapReason.Damaged) continue;
                _tail.Dispose();
                _tail = _store.Blocks.Tail(Cursor.Now, TailScope.Facts);
                events.Clear();
                Open();
                return;
            }

            if (found.Payload.Span.IndexOf(_needle) >= 0) Take(in found, events);
        }

        if (_pending.Count == 0) return;
        foreach ((Digest256 digest, ulong since) in _pending.ToArray())
        {
            if (Fold(in digest, Now(), since, events, isVerified: false)) _ = _pending.Remove(digest);
        }
    }

    /// <summary>The wall clock, in ms since 1970.</summary>
    public ulong Now() => (ulong)Math.Max(0, _store.Clock.GetUtcNow().ToUnixTimeMilliseconds());

    public void Dispose() => _tail.Dispose();

    private ulong HorizonNow() => _block.Keep is { } keep && Now() > keep ? Now() - keep : 0;

    private void Take(in LogEvent found, List<EngineEvent> events)
    {
        Engine.Horizon = HorizonNow();
        ulong since = found.Record.TimeNanoseconds / 1_000_000;
        foreach (FactGroup group in FactReader.Read(found.Payload.Span, found.Record.TimeNanoseconds, static _ => { }))
        {
            foreach (Fact fact in group.Facts)
            {
                if (fact is BeatFact beat && RegistryPins.DigestOf(beat.Subject) == _channel) TakeBeat(beat);
                if (fact is not MessageFact message || message.State.Channel != _cid) continue;
                Digest256 digest = RegistryPins.DigestOf(message.Subject);
                // The record of the message follows that of the facts; a moment later it is there.
                if (!Fold(in digest, Now(), since, events, isVerified: false) && !Engine.IsKnown(in digest))
                    _pending[digest] = since;
            }
        }
    }

    private void TakeBeat(BeatFact beat)
    {
        if (Engine.Writers.GetValueOrDefault(beat.Writer) is not { } state || beat.State.At <= state.HeardAt) return;
        (state.HeardAt, state.Heads) = (beat.State.At, [.. beat.State.Heads.Select(RegistryPins.DigestOf)]);
        Engine.Acks.Have(beat.Writer, state.Heads, []);
    }

    private bool Fold(in Digest256 digest, ulong now, ulong since, List<EngineEvent> events, bool isVerified)
    {
        if (Engine.IsKnown(in digest)) return true;
        if (Messages.Find(in digest) is not { } message) return false;
        if (message.Signature is not null) _signed++;
        _ = Engine.Add(message, now, since, events, isVerified);
        return true;
    }

    /// <summary>Proves the signatures of messages that were not proved in this store before.</summary>
    /// <returns>False where one does not hold, so that everything is folded again without it.</returns>
    private bool ProveAfter(ChannelCursor proved)
    {
        if (_signed == 0) return true;
        List<(Digest256 Digest, ulong At)> news = Ancestry.Difference(Messages, Engine.Heads, proved.Heads);
        bool isGood = true;
        foreach ((Digest256 digest, _) in news)
        {
            if (Messages.Find(in digest) is not { Signature: { } signature } message) continue;
            if (Engine.Rules.KeyOf(message.Writer, signature) is { } key && message.IsSignedBy(key)) continue;
            isGood = !_bad.Add(digest) && isGood;
        }

        if (isGood && news.Count >= ProvedEach) WriteProved();
        return isGood;
    }

    private ChannelCursor ReadProved() => _store.Registry.Messages.Consumers(_channel)
        .Where(consumer => consumer.Name == Proved)
        .Select(consumer => ChannelCursor.FromBytes(consumer.State.Cursor)).FirstOrDefault() ?? ChannelCursor.Oldest;

    private void WriteProved()
    {
        if (_store.IsReadOnly) return;
        _store.Registry.Messages.SetConsumer(_cid, Proved,
            new ConsumerState(ChannelCursor.Of(Engine.Heads).ToBytes(), []));
    }
}
