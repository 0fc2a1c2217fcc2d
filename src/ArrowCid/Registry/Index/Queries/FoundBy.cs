using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Whether a key is the one that a query finds its block by: of the block's keys that stand, and that lie in
/// the plan's ranges, the first.</summary>
internal sealed class FoundBy(QueryPlan plan, bool isDescending) : IKeySink
{
    private readonly RunBuffer _key = new();
    private readonly RunBuffer _standing = new();
    private Digest256 _digest;
    private bool _stands;
    private bool _isLater;

    /// <summary>In any order but those by CID and by name.</summary>
    public bool Is(ReadOnlySpan<byte> key, in Digest256 digest, BlockState? page, BlockInfo? info)
    {
        Begin(key);
        _digest = digest;
        StandingKeys.Of(plan.Kind, page, info, this);
        return _stands && !_isLater;
    }

    /// <summary>In the order by name: a block has the names that point to it.</summary>
    public bool Is(ReadOnlySpan<byte> key, IReadOnlyList<string> names)
    {
        Begin(key);
        foreach (string name in names) Offer(IpldText.Utf8.GetBytes(name));
        return _stands && !_isLater;
    }

    public void Add(IndexKind kind, ReadOnlySpan<byte> group, ulong time)
    {
        _standing.Clear();
        _standing.Key(group, time, in _digest);
        Offer(_standing.Written);
    }

    private void Begin(ReadOnlySpan<byte> key)
    {
        (_stands, _isLater) = (false, false);
        _key.Clear();
        _key.Bytes(key);
    }

    private void Offer(ReadOnlySpan<byte> standing)
    {
        int order = standing.SequenceCompareTo(_key.Written);
        if (order == 0) _stands = true;
        else if ((isDescending ? order > 0 : order < 0) && plan.Holds(standing)) _isLater = true;
    }
}
