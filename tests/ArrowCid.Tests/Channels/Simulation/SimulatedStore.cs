using ArrowCid.Channels;
using ArrowCid.Memory;

namespace ArrowCid.Tests.Channels.Simulation;

/// <summary>The messages of one participant. What was not synced is lost when it crashes.</summary>
internal sealed class SimulatedStore : IMessageStore
{
    private readonly Dictionary<Digest256, MessageBlock> _messages = [];
    private readonly List<MessageBlock> _order = [];
    private int _synced;

    /// <summary>Whether puts fail.</summary>
    public bool IsFull { get; set; }

    public IReadOnlyList<MessageBlock> Order => _order;

    public MessageBlock? Find(in Digest256 digest) => _messages.GetValueOrDefault(digest);

    public ulong? TimeOf(in Digest256 digest) => null;

    public bool TryPut(MessageBlock message)
    {
        if (IsFull) return false;
        if (_messages.TryAdd(message.Digest, message)) _order.Add(message);
        return true;
    }

    public void NoteGone(in Digest256 digest, ulong at)
    {
    }

    public void NoteBeat(BeatBlock beat)
    {
    }

    public void Sync() => _synced = _order.Count;

    public void Crash()
    {
        foreach (MessageBlock lost in _order.Skip(_synced)) _ = _messages.Remove(lost.Digest);
        _order.RemoveRange(_synced, _order.Count - _synced);
    }
}
