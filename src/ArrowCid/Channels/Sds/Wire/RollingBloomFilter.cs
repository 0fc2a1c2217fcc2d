namespace ArrowCid.Channels.Sds;

/// <summary>
/// A Bloom filter of the newest ids. Once it holds a fifth more than its capacity it is rebuilt from the newest ids,
/// a fifth fewer than its capacity, with the same parameters.
/// </summary>
internal sealed class RollingBloomFilter
{
    private const double Slack = 0.2;

    private readonly int _most, _least;
    private readonly Queue<BloomHash> _hashes = new();

    public RollingBloomFilter(int capacity, double errorRate)
    {
        Filter = new SdsFilter(capacity, errorRate);
        (_most, _least) = ((int)(capacity * (1 + Slack)), (int)(capacity * (1 - Slack)));
    }

    /// <summary>The filter of the ids that are held now.</summary>
    public SdsFilter Filter { get; private set; }

    /// <summary>Adds an id.</summary>
    public void Add(BloomHash hash)
    {
        Filter.Add(hash);
        _hashes.Enqueue(hash);
        if (_hashes.Count <= _most) return;
        while (_hashes.Count > Math.Max(_least, 1)) _hashes.Dequeue();
        var rebuilt = new SdsFilter(Filter.Capacity, Filter.ErrorRate);
        foreach (BloomHash each in _hashes) rebuilt.Add(each);
        Filter = rebuilt;
    }
}
