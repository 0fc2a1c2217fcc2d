namespace ArrowCid.Registry;

/// <summary>The secondary keys of one block, without its digest.</summary>
internal sealed class KeyBag : IKeySink
{
    private readonly List<(IndexKind Kind, byte[] Key)> _keys = [];

    public bool IsEmpty => _keys.Count == 0;

    public IEnumerable<(IndexKind Kind, byte[] Key)> Keys => _keys;

    public void Add(IndexKind kind, ReadOnlySpan<byte> group, ulong time)
    {
        byte[] key = IndexKey.Join(group, IndexKey.OfTime(time));
        if (!Has(kind, key)) _keys.Add((kind, key));
    }

    public bool Has(IndexKind kind, ReadOnlySpan<byte> key)
    {
        foreach ((IndexKind other, byte[] known) in _keys)
        {
            if (other == kind && key.SequenceEqual(known)) return true;
        }

        return false;
    }

    public void Remove(KeyBag others) => _keys.RemoveAll(one => others.Has(one.Kind, one.Key));
}
