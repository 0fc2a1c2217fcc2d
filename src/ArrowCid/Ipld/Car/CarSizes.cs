namespace ArrowCid.Ipld.Car;

/// <summary>How many blocks have which size: a count for each power of two that they are up to.</summary>
internal sealed class CarSizes
{
    private readonly long[] _counts = new long[32];

    /// <summary>Blocks.</summary>
    public long Count { get; private set; }

    /// <summary>The size of the largest.</summary>
    public int Largest { get; private set; }

    public void Add(int bytes)
    {
        Count++;
        Largest = Math.Max(Largest, bytes);
        _counts[bytes <= 1 ? 0 : 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)(bytes - 1))]++;
    }

    /// <summary>The counts above zero, each with its upper limit in bytes: blocks of at most that size and over half of
    /// it.</summary>
    public IEnumerable<(long UpTo, long Count)> Counts() =>
        _counts.Index().Where(each => each.Item > 0).Select(each => (1L << each.Index, each.Item));
}
