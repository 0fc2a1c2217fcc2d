using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>Which participants have which of the own messages: a participant has all that is at or before a message of
/// its own, or a head of its beat.</summary>
internal sealed class AckTracker(IMessageSource source)
{
    // The oldest are given up where no participant acknowledges.
    private const int MaxOutstanding = 65_536;

    private readonly Dictionary<Digest256, Outstanding> _outstanding = [];
    private readonly Dictionary<Digest256, HashSet<Digest256>> _visited = [];
    private readonly Queue<Digest256> _order = new();

    /// <summary>The participant whose messages are followed.</summary>
    public Digest256? Me { get; set; }

    /// <summary>Own messages that no participant is known to have.</summary>
    public IReadOnlyList<Digest256> Unacknowledged =>
        [.. _outstanding.Where(pair => pair.Value.By.Count == 0).Select(pair => pair.Key)];

    /// <summary>The participants that have a message.</summary>
    public IReadOnlyCollection<Digest256> HoldersOf(in Digest256 message) =>
        _outstanding.TryGetValue(message, out Outstanding? known) ? known.By : [];

    /// <summary>Follows an own message.</summary>
    public void Follow(in Digest256 message, ulong at)
    {
        if (!_outstanding.TryAdd(message, new Outstanding(at))) return;
        _order.Enqueue(message);
        while (_order.Count > MaxOutstanding) Forget(_order.Dequeue());
    }

    /// <summary>Ends following a message.</summary>
    public void Forget(in Digest256 message)
    {
        _ = _outstanding.Remove(message);
        if (_outstanding.Count == 0) _visited.Clear();
    }

    /// <summary>A participant has some messages, and all before them.</summary>
    public void Have(Digest256 participant, IReadOnlyList<Digest256> heads, List<EngineEvent> events)
    {
        if (participant == Me || _outstanding.Count == 0 || heads.Count == 0) return;
        ulong oldest = _outstanding.Values.Min(one => one.At);
        if (!_visited.TryGetValue(participant, out HashSet<Digest256>? visited))
            _visited[participant] = visited = [];
        var open = new Stack<Digest256>(heads);
        while (open.TryPop(out Digest256 digest))
        {
            if (!visited.Add(digest)) continue;
            if (_outstanding.TryGetValue(digest, out Outstanding? own) && own.By.Add(participant))
                events.Add(new EngineEvent(ChannelEventKind.Acknowledged, digest, own.At, participant));
            if (source.Find(in digest) is not { } message || message.At < oldest) continue;
            foreach (Digest256 parent in message.Parents) open.Push(parent);
        }
    }

    private sealed class Outstanding(ulong at)
    {
        public ulong At { get; } = at;

        public HashSet<Digest256> By { get; } = [];
    }
}
