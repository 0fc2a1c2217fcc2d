using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// Mark and sweep over one reading of a store: from its roots (blocks that a user, a name or a time limit keeps) along
/// the blocks that they need. A block is removed only with all blocks that need it. The decision is updated until it is
/// carried out: a block that is later found to stay keeps what it needs.
/// </summary>
internal sealed class BlockCollection
{
    private static readonly Comparer<(bool IsUnexpired, ulong LastPut, Digest256 Digest)> s_order =
        Comparer<(bool IsUnexpired, ulong LastPut, Digest256 Digest)>.Create(static (one, other) =>
        {
            int order = one.IsUnexpired.CompareTo(other.IsUnexpired);
            if (order == 0) order = one.LastPut.CompareTo(other.LastPut);
            return order != 0 ? order
                : Digest256.Bytes(in one.Digest).SequenceCompareTo(Digest256.Bytes(in other.Digest));
        });

    // The number of blocks examined between two pauses.
    private const int BlocksAStep = 16_384;

    private readonly Dictionary<Digest256, CollectedNode> _nodes = [];
    private readonly List<CollectedNode> _going = [];
    private int _looked;

    public IReadOnlyCollection<CollectedNode> Nodes => _nodes.Values;

    /// <summary>What goes, each block before what it needs; of these some stay as it turns out
    /// (<see cref="Keep"/>).</summary>
    public IReadOnlyList<CollectedNode> Going => _going;

    /// <summary>Whether something that stays may need anything.</summary>
    public bool KeepsAll { get; private set; }

    /// <summary>Whether what goes was chosen.</summary>
    public bool IsDecided { get; private set; }

    public void Add(CollectedNode node) => _nodes.TryAdd(node.Info.Digest, node);

    public CollectedNode? Find(in Digest256 digest) => _nodes.GetValueOrDefault(digest);

    /// <summary>Forgets what was read.</summary>
    public void Clear() => _nodes.Clear();

    /// <summary>Marks, and chooses what goes.</summary>
    /// <param name="keepsLasting">Whether what has no expiry stays; but a schema that something needs goes with the
    /// last that does.</param>
    /// <param name="all">Why everything stays; null where it does not.</param>
    /// <param name="mostBytes">What may stay of it; null: as little as can.</param>
    /// <returns>An element now and then, so that callers can do other work in between.</returns>
    public IEnumerable<int> Decide(bool keepsLasting, KeepReason? all, long? mostBytes)
    {
        foreach (CollectedNode node in _nodes.Values)
        {
            CountNeeds(node);
            if (IsRest()) yield return _looked;
        }

        foreach (CollectedNode node in _nodes.Values)
        {
            bool isBeneath = node.Info.Kind == RecordKind.Schema && node.IsNeededAtAll;
            if (keepsLasting && !node.HasExpired && !isBeneath && node.Reasons.Count == 0)
                node.Reasons.Add(new KeepReason { Kind = KeepKind.Lasting, Name = null, By = null });
            if (IsRest()) yield return _looked;
        }

        if (all is { } reason) KeepAll(reason, null);
        var staying = new Stack<CollectedNode>(_nodes.Values.Where(node => node.Reasons.Count > 0));
        while (staying.TryPop(out CollectedNode? by))
        {
            Mark(by, staying);
            if (IsRest()) yield return _looked;
        }

        foreach (int looked in PutInOrder()) yield return looked;
        if (mostBytes is { } most) KeepWithin(most);
        IsDecided = true;
    }

    /// <summary>Keeps a block after all, and what it needs.</summary>
    public void Keep(CollectedNode node, KeepReason reason)
    {
        node.Reasons.Add(reason);
        var staying = new Stack<CollectedNode>([node]);
        while (staying.TryPop(out CollectedNode? by)) Mark(by, staying);
    }

    /// <summary>Whether anything needs each block. A block needs another once.</summary>
    private void CountNeeds(CollectedNode node)
    {
        node.Needs = [.. node.Needs.DistinctBy(need => need.Digest).Where(need =>
            need.Digest != node.Info.Digest && _nodes.ContainsKey(need.Digest))];
        foreach ((_, Digest256 digest) in node.Needs) _nodes[digest].IsNeededAtAll = true;
    }

    private void Mark(CollectedNode by, Stack<CollectedNode> staying)
    {
        foreach ((KeepKind why, Digest256 digest) in by.Needs)
        {
            if (!_nodes.TryGetValue(digest, out CollectedNode? needed)) continue;
            if (needed.Reasons.Count == 0) staying.Push(needed);
            if (!needed.Reasons.Exists(reason => reason.Kind == why))
                needed.Reasons.Add(new KeepReason { Kind = why, Name = null, By = by.Cid });
        }

        if (!by.IsUnknowable || KeepsAll) return;
        KeepsAll = true;
        KeepAll(new KeepReason { Kind = KeepKind.Unknowable, Name = null, By = by.Cid }, staying);
    }

    /// <summary>Something that stays may need anything.</summary>
    private void KeepAll(KeepReason reason, Stack<CollectedNode>? staying)
    {
        foreach (CollectedNode node in _nodes.Values)
        {
            if (node.Cid == reason.By) continue;
            if (node.Reasons.Count == 0) staying?.Push(node);
            node.Reasons.Add(reason);
        }
    }

    /// <summary>What may go: what has expired first, then what was put longest ago; a block never before what needs
    /// it.</summary>
    private IEnumerable<int> PutInOrder()
    {
        List<CollectedNode> unmarked = [.. _nodes.Values.Where(node => node.Reasons.Count == 0)];
        foreach (CollectedNode node in unmarked)
        {
            foreach ((_, Digest256 digest) in node.Needs) _nodes[digest].NeededBy++;
            if (IsRest()) yield return _looked;
        }

        var free = new PriorityQueue<CollectedNode, (bool, ulong, Digest256)>(s_order);
        foreach (CollectedNode node in unmarked.Where(node => node.NeededBy == 0)) Enqueue(node);
        while (free.TryDequeue(out CollectedNode? node, out _))
        {
            _going.Add(node);
            foreach ((_, Digest256 digest) in node.Needs)
            {
                CollectedNode needed = _nodes[digest];
                if (needed.Reasons.Count > 0) continue;
                needed.LastPut = Math.Max(needed.LastPut, node.LastPut);
                needed.HasExpired &= node.HasExpired;
                if (--needed.NeededBy == 0) Enqueue(needed);
            }

            if (IsRest()) yield return _looked;
        }

        void Enqueue(CollectedNode node) =>
            free.Enqueue(node, (!node.HasExpired, node.LastPut, node.Info.Digest));
    }

    /// <summary>Of the removable blocks, keeps as many as fit within the byte limit.</summary>
    private void KeepWithin(long most)
    {
        long bytes = _nodes.Values.Sum(node => node.Bytes);
        var gone = new List<CollectedNode>();
        foreach (CollectedNode node in _going)
        {
            if (bytes <= most && !node.HasExpired) node.Reasons.Add(new KeepReason
            {
                Kind = KeepKind.WithinBudget,
                Name = null,
                By = null,
            });
            else
            {
                gone.Add(node);
                bytes -= node.Bytes;
            }
        }

        _going.Clear();
        _going.AddRange(gone);
    }

    private bool IsRest() => ++_looked % BlocksAStep == 0;
}
