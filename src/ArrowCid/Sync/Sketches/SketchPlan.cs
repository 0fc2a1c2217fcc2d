namespace ArrowCid.Sync;

/// <summary>How the buckets that differ are joined to groups, each with a sketch of its own. Both sides compute it from
/// what both know (<c>SYNC.md</c>, Buckets).</summary>
internal sealed class SketchPlan
{
    // With each group the table of symbols stays in the processor's cache.
    private const double DifferencesOfGroup = 1000;

    // What a bucket is expected to hold where all differ, so that nothing can be estimated.
    private const double Unknown = 16;

    // A sketch of some hundred differences takes 1.4 symbols for each; where their number is a guess, fewer are asked
    // for first.
    private const double SymbolsOfDifference = 1.45, UnknownShare = 0.7;

    // A bucket of a set has about this number of items.
    private const int ItemsOfBucket = 2048;
    private const int LeastBits = 4;

    private readonly List<int> _buckets = [];
    private readonly int _bucketsOfGroup;

    /// <param name="bits">The number of bits that choose a bucket.</param>
    /// <param name="map">A bit for each bucket that differs, the lowest first.</param>
    public SketchPlan(int bits, ReadOnlySpan<byte> map)
    {
        Bits = bits;
        for (int bucket = 0; bucket < 1 << bits; bucket++)
        {
            if ((map[bucket >> 3] & (1 << (bucket & 7))) != 0) _buckets.Add(bucket);
        }

        if (_buckets.Count == 0) return;
        int all = 1 << bits;
        IsUnknown = _buckets.Count == all;
        double each = IsUnknown
            ? Unknown
            : -all * Math.Log(1 - ((double)_buckets.Count / all)) / _buckets.Count;
        _bucketsOfGroup = Math.Max(1, (int)(DifferencesOfGroup / each));
        Expected = each;
    }

    /// <summary>The number of bits that choose a bucket.</summary>
    public int Bits { get; }

    /// <summary>The differences that a bucket is expected to hold.</summary>
    public double Expected { get; }

    /// <summary>Whether every bucket differs, so that the number of differences is a guess.</summary>
    public bool IsUnknown { get; }

    /// <summary>The number of groups.</summary>
    public int Groups => _buckets.Count == 0 ? 0 : (_buckets.Count + _bucketsOfGroup - 1) / _bucketsOfGroup;

    /// <summary>The number of bits for sets of a size.</summary>
    public static int BitsFor(long items)
    {
        int bits = LeastBits;
        while (bits < SyncSet.MostBits && (long)ItemsOfBucket << bits < items) bits++;
        return bits;
    }

    /// <summary>The buckets of a group.</summary>
    public IReadOnlyList<int> BucketsOf(int group) =>
        _buckets.GetRange(group * _bucketsOfGroup,
            Math.Min(_bucketsOfGroup, _buckets.Count - (group * _bucketsOfGroup)));

    /// <summary>The first number of symbols to ask for of a group.</summary>
    public int FirstSymbols(int group) =>
        (int)(BucketsOf(group).Count * Expected * (IsUnknown ? UnknownShare : SymbolsOfDifference)) + 10;
}
