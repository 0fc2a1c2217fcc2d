using ArrowCid.Memory;
using ArrowCid.Signing;

namespace ArrowCid.Channels;

/// <summary>Who may write: the keys of the channel, and changes of them by messages. A message is judged by the last
/// change, in the order of the log, that is among its ancestors.</summary>
internal sealed class WriterRules
{
    private readonly Dictionary<Digest256, PublicKey>? _first;
    private readonly Dictionary<Digest256, (ulong At, Dictionary<Digest256, PublicKey> Keys)> _changes = [];
    private readonly Dictionary<Digest256, Digest256> _changeOf = [];
    private readonly Dictionary<Digest256, PublicKey> _open = [];

    public WriterRules(ChannelBlock channel) => _first = channel.Writers is { } writers ? MapOf(writers) : null;

    /// <summary>Whether anybody may write.</summary>
    public bool IsOpen => _first is null;

    /// <summary>The keys of the channel as they are after some messages.</summary>
    public IReadOnlyDictionary<Digest256, PublicKey>? KeysAfter(IEnumerable<Digest256> parents) =>
        LastChange(parents) is { } change ? _changes[change].Keys : _first;

    /// <summary>The key of a writer that was ever named; of an open channel that of the signature.</summary>
    public PublicKey? KeyOf(Digest256 writer, BlockSignature? signature)
    {
        if (_first is null) return signature is null ? null : OpenKey(writer, signature);
        if (_first.TryGetValue(writer, out PublicKey? key)) return key;
        foreach ((_, Dictionary<Digest256, PublicKey> keys) in _changes.Values)
        {
            if (keys.TryGetValue(writer, out key)) return key;
        }

        return null;
    }

    /// <summary>Whether the writer of a message whose parents were delivered may write it.</summary>
    public bool Allows(MessageBlock message) =>
        _first is null || KeysAfter(message.Parents)!.ContainsKey(message.Writer);

    /// <summary>Takes in a message that was delivered.</summary>
    public void Note(MessageBlock message)
    {
        if (message.Content.Writers is { } writers && _first is not null)
        {
            _changes[message.Digest] = (message.At, MapOf(writers));
            _changeOf[message.Digest] = message.Digest;
        }
        else if (_changes.Count > 0 && LastChange(message.Parents) is { } change)
        {
            _changeOf[message.Digest] = change;
        }
    }

    private Digest256? LastChange(IEnumerable<Digest256> parents)
    {
        if (_changes.Count == 0) return null;
        Digest256? last = null;
        foreach (Digest256 parent in parents)
        {
            if (!_changeOf.TryGetValue(parent, out Digest256 change)) continue;
            if (last is not { } known || IsAfter(in change, in known)) last = change;
        }

        return last;
    }

    private bool IsAfter(in Digest256 one, in Digest256 other)
    {
        int byTime = _changes[one].At.CompareTo(_changes[other].At);
        return byTime != 0 ? byTime > 0 : MessageBlock.Compare(in one, in other) > 0;
    }

    private PublicKey? OpenKey(Digest256 writer, BlockSignature signature)
    {
        if (_open.TryGetValue(writer, out PublicKey? known)) return known;
        if (!PublicKey.TryFromBytes(signature.Key.Span, out PublicKey? key) || ChannelKeys.WriterOf(key) != writer)
            return null;
        if (_open.Count >= ChannelKeys.MaxWriters) _open.Clear();
        return _open[writer] = key;
    }

    private static Dictionary<Digest256, PublicKey> MapOf(IEnumerable<PublicKey> keys)
    {
        var map = new Dictionary<Digest256, PublicKey>();
        foreach (PublicKey key in keys) map[ChannelKeys.WriterOf(key)] = key;
        return map;
    }
}
