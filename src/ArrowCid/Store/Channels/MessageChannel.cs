using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using ArrowCid.Channels;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;

namespace ArrowCid;

/// <summary>
/// A channel: a log of messages about blocks that several writers, in any number of stores, write without a server
/// (<c>Channels/CHANNELS.md</c>). Every reader gets each message once, after all that it follows; the log is the same
/// everywhere. A message that <see cref="Publish(IReadOnlyList{Cid}, IReadOnlyList{string})"/> returned is stored. For
/// any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// using var channel = MessageChannel.Create(store, "telemetry", new ChannelOptions { IsOpen = true });
/// Cid sent = channel.Publish([put.Cid]);
/// foreach (ChannelMessage message in channel.Read(ChannelCursor.Oldest)) Console.WriteLine(message.Contents[0]);
/// </code>
/// </example>
public sealed partial class MessageChannel : IDisposable
{
    /// <summary>The beginning of the name in the store of each channel.</summary>
    public const string NamePrefix = "channel/";

    private const int MaxEvents = 4096;
    private const int RunBytes = 16;

    private readonly CidStore _store;
    private readonly SigningKey? _key;
    private readonly Lock _gate = new();
    private readonly ChannelFollower _follower;
    private readonly Queue<ChannelEvent> _events = new();
    private readonly List<WeakReference<ChannelReader>> _readers = [];
    private readonly Digest256 _me;
    private readonly UInt128 _run;
    private BeatBlock? _beat;
    private ulong _sequence;
    private bool _isClosed;

    private MessageChannel(CidStore store, ChannelBlock block, Cid cid, string name, SigningKey? key)
    {
        (_store, _key, Cid, Name) = (store, key, cid, name);
        _run = FactStamp.ReadWriter(RandomNumberGenerator.GetBytes(RunBytes));
        _me = key?.PublicKey is { } own
            ? ChannelKeys.WriterOf(own) : Sha256.Hash(store.Blocks.Id.ToByteArray(bigEndian: true));
        _follower = new ChannelFollower(store, block, cid);
        Sync = new ChannelSync(this);
        Peers = new ChannelPeers(store, cid);
        try
        {
            _follower.Open();
            _follower.Engine.Acks.Me = _me;
        }
        catch
        {
            _follower.Dispose();
            throw;
        }
    }

    /// <summary>The name in this store, without <see cref="NamePrefix"/>.</summary>
    public string Name { get; }

    /// <summary>The id of the channel: the CID of its first block. It is what others are invited with.</summary>
    public Cid Cid { get; }

    /// <summary>The id of this participant: 64 hexadecimal digits.</summary>
    public string Participant => _me.ToString();

    /// <summary>Whether anybody may write.</summary>
    public bool IsOpen => Block.Writers is null;

    /// <summary>How long messages are kept; null: for ever.</summary>
    public TimeSpan? Keep => Block.Keep is { } keep ? TimeSpan.FromMilliseconds(keep) : null;

    /// <summary>The number of delivered messages.</summary>
    public long Count => Under(engine => (long)engine.Count);

    /// <summary>The number of stored messages that wait for missing ones.</summary>
    public int Waiting => Under(engine => engine.Waiting);

    /// <summary>The newest messages: those that no other follows.</summary>
    public IReadOnlyList<Cid> Heads => Under(engine => engine.Heads.Select(MessageCid).ToArray());

    /// <summary>Messages that are missing, oldest first.</summary>
    public IReadOnlyList<ChannelGap> Gaps => Under(engine => engine.Gaps.OrderBy(gap => gap.Since)
        .Select(gap => new ChannelGap(MessageCid(gap.Digest), TimeOf(gap.Since), gap.Dependents.Count, gap.Asked))
        .ToArray());

    /// <summary>Writers and other participants that were heard.</summary>
    public IReadOnlyList<ChannelParticipant> Participants => Under(engine => engine.Writers.Values
        .OrderBy(writer => writer.Writer.ToString(), StringComparer.Ordinal)
        .Select(writer => new ChannelParticipant(writer.Writer.ToString(), writer.Messages, (long)writer.Sequence,
            writer.Messages == 0 ? null : TimeOf(writer.At), TimeOf(writer.HeardAt), writer.Writer == _me)).ToArray());

    /// <summary>The keys that may write now; null: anybody.</summary>
    public IReadOnlyList<PublicKey>? Writers => Under(engine => engine.Rules.KeysAfter(engine.Heads)?.Values
        .OrderBy(key => key.Text, StringComparer.Ordinal).ToArray());

    /// <summary>Own messages of this object that no other participant is known to have.</summary>
    public IReadOnlyList<Cid> Unacknowledged =>
        Under(engine => engine.Acks.Unacknowledged.Select(MessageCid).ToArray());

    /// <summary>Carries the channel between stores: directly, by a server, or as a file.</summary>
    public ChannelSync Sync { get; }

    /// <summary>Whether the channel or its store was closed.</summary>
    internal bool IsEnded => _isClosed || _follower.IsEnded;

    /// <summary>The servers with which a store that is served keeps the channel in step.</summary>
    public ChannelPeers Peers { get; }

    internal ChannelBlock Block => _follower.Engine.Channel;

    internal CidStore Store => _store;

    internal Lock Gate => _gate;

    internal ChannelFollower Follower => _follower;

    internal Digest256 Me => _me;

    internal UInt128 RunId => _run;

    /// <summary>Creates a channel.</summary>
    /// <param name="store">The store, which stays the caller's to close.</param>
    /// <param name="name">The name: 1 to 247 bytes of UTF-8. The store's name <c>channel/NAME</c> points to the
    /// channel.</param>
    /// <param name="options">Who may write, and what is kept.</param>
    /// <param name="key">The key with which this object signs; null where it only reads, or the channel is open. It
    /// stays the caller's.</param>
    /// <returns>The channel, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameExists"/>: there is such a channel;
    /// <see cref="ErrorCode.InvalidArgument"/>: the options name no writer and the channel is not open, or a value is
    /// over a limit; <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public static MessageChannel Create(CidStore store, string name, ChannelOptions options, SigningKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(options);
        PublicKey[] writers = options.Writers.Count == 0 && key?.PublicKey is { } own && !options.IsOpen
            ? [own] : [.. options.Writers];
        if (options.IsOpen == writers.Length > 0)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, options.IsOpen
                ? "an open channel has no list of writers" : "a channel has writers, or is open to anybody");
        }

        var block = new ChannelBlock
        {
            Name = name,
            At = (ulong)Math.Max(0, store.Clock.GetUtcNow().ToUnixTimeMilliseconds()),
            Nonce = RandomNumberGenerator.GetBytes(ChannelBlock.NonceBytes),
            Writers = options.IsOpen ? null : writers,
            Keep = options.Keep is { } keep ? (ulong)Math.Max(0, keep.TotalMilliseconds) : null,
            Contents = options.MaxContents,
            Inline = options.MaxInline,
        };
        return Join(store, block.Encode(), name, key);
    }

    /// <summary>Takes part in a channel that was created elsewhere, of which the first block is at hand.</summary>
    /// <param name="store">The store, which stays the caller's to close.</param>
    /// <param name="block">The first block of the channel. Its CID is the id that the caller was invited with.</param>
    /// <param name="name">The name in this store; null for the channel's own.</param>
    /// <param name="key">As for <see cref="Create"/>.</param>
    /// <returns>The channel, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the bytes are no channel;
    /// <see cref="ErrorCode.NameExists"/>: the name points to something else.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public static MessageChannel Join(CidStore store, ReadOnlyMemory<byte> block, string? name = null,
        SigningKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Registry.Facts.ThrowIfRing("a channel");
        ChannelBlock read = Decode(block.Span);
        name ??= read.Name;
        Cid id = Cid.Sha256(Multicodec.DagCbor, block.Span);
        Cid? before = store.Names.Resolve(NamePrefix + name);
        if (before is { } other && other != id)
            throw new ArrowCidException(ErrorCode.NameExists, $"there is another channel '{name}', {other}");
        PutResult put = store.Putting.PutOfCodec(Multicodec.DagCbor, block, 0);
        if (before is null) _ = store.Names.Set(NamePrefix + name, put.Cid, null);
        return new MessageChannel(store, read, put.Cid, name, key);
    }

    /// <summary>Opens a channel of a store. All its messages that are stored are read once.</summary>
    /// <param name="store">The store, which stays the caller's to close.</param>
    /// <param name="nameOrCid">The name of the channel, or its id.</param>
    /// <param name="key">As for <see cref="Create"/>.</param>
    /// <returns>The channel, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no such channel.</exception>
    public static MessageChannel Open(CidStore store, string nameOrCid, SigningKey? key = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrEmpty(nameOrCid);
        Cid? found = store.Names.Resolve(NamePrefix + nameOrCid) ??
            (Cid.TryParse(nameOrCid, out Cid parsed) ? parsed : null);
        if (found is not { } cid || !TryRead(store, cid, out ChannelBlock? block))
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no channel '{Cid.Shorten(nameOrCid)}'");
        return new MessageChannel(store, block, cid, nameOrCid, key);
    }

    /// <summary>Lists the channels of a store, without reading their messages.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The names and ids, in the order of the names.</returns>
    public static IReadOnlyList<(string Name, Cid Cid)> List(CidStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return [.. store.Names.List()
            .Where(name => name.Cid is not null && name.Name.StartsWith(NamePrefix, StringComparison.Ordinal))
            .Select(name => (name.Name[NamePrefix.Length..], name.Cid!.Value))];
    }

    /// <summary>Returns what happened since the last call: at most the last 4,096 events.</summary>
    /// <returns>The events, oldest first.</returns>
    public IReadOnlyList<ChannelEvent> TakeEvents()
    {
        lock (_gate)
        {
            Update();
            ChannelEvent[] all = [.. _events];
            _events.Clear();
            return all;
        }
    }

    /// <summary>Removes the messages, the name and the first block of the channel from this store. Blocks that messages
    /// named stay until a collection. Other stores keep theirs.</summary>
    /// <param name="isDryRun">Nothing is changed.</param>
    /// <returns>The number of messages.</returns>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public long Remove(bool isDryRun = false)
    {
        _ = Cid.TryGetSha256(out Digest256 digest);
        Cid[] all = [.. _store.Registry.Messages.List(digest).Select(message => MessageCid(message.Digest))
            .Where(_store.Contains)];
        if (isDryRun) return all.Length;
        _ = Peers.Clear();
        if (_store.Names.Resolve(NamePrefix + Name) == Cid) _ = _store.Names.Remove(NamePrefix + Name);
        _ = _store.Registry.Removals.Remove([.. all, Cid], isDryRun: false, isForced: true);
        return all.Length;
    }

    /// <summary>Ends the use of the channel. Readers of it end.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            _follower.Dispose();
        }
    }

    /// <summary>Reads on, and tells readers and events.</summary>
    internal void Update()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        var events = new List<EngineEvent>();
        int openings = _follower.Openings;
        _follower.Update(events);
        _follower.Engine.Acks.Me ??= _me;
        if (openings != _follower.Openings)
        {
            foreach (WeakReference<ChannelReader> one in _readers)
            {
                if (one.TryGetTarget(out ChannelReader? reader)) reader.LookAgain();
            }
        }

        Tell(events);
    }

    internal void Tell(List<EngineEvent> events)
    {
        if (events.Count == 0) return;
        for (int i = _readers.Count - 1; i >= 0; i--)
        {
            if (_readers[i].TryGetTarget(out ChannelReader? reader)) reader.Offer(events);
            else _readers.RemoveAt(i);
        }

        foreach (EngineEvent found in events)
        {
            string participant = found.Writer == default ? "" : found.Writer.ToString();
            _events.Enqueue(new ChannelEvent(found.Kind, MessageCid(found.Digest), participant));
            while (_events.Count > MaxEvents) _ = _events.Dequeue();
        }
    }

    internal void Add(ChannelReader reader) => _readers.Add(new WeakReference<ChannelReader>(reader));

    internal static Cid MessageCid(Digest256 digest) => Cid.FromSha256(Multicodec.DagCbor, digest);

    internal static DateTimeOffset TimeOf(ulong at) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(at, FactLimits.MaxMilliseconds));

    internal T Under<T>(Func<ChannelEngine, T> read)
    {
        lock (_gate)
        {
            Update();
            return read(_follower.Engine);
        }
    }

    private static ChannelBlock Decode(ReadOnlySpan<byte> block)
    {
        try
        {
            return ChannelBlock.Decode(block);
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"the block is no channel: {e.Message}", e);
        }
    }

    private static bool TryRead(CidStore store, Cid cid, [NotNullWhen(true)] out ChannelBlock? block)
    {
        block = null;
        try
        {
            if (store.Reading.ReadBlock(cid) is not { } bytes || !ChannelBlock.MayBe(bytes)) return false;
            block = ChannelBlock.Decode(bytes);
            return true;
        }
        catch (InvalidIpldException)
        {
            return false;
        }
    }
}
