namespace ArrowCid.Storage;

/// <summary>What the heat file knows of a block, in 8 bytes: tag 20 | count 12 | second of the last read 32, since
/// 1970. The count is logarithmic: exact below 128, beyond that with 6 bits of exponent and 6 of fraction; small
/// additions to a large one are made with the probability that keeps the mean right.</summary>
/// <param name="Value">The word; 0 is none.</param>
internal readonly record struct HeatWord(ulong Value)
{
    /// <summary>The number of bits of <see cref="Tag"/>.</summary>
    public const int TagBits = 20;

    /// <summary>The largest tag.</summary>
    public const uint MostTag = (1 << TagBits) - 1;

    private const int CountBits = 12, FractionBits = 6, Fraction = 1 << FractionBits;
    private const int MostCount = (1 << CountBits) - 1;

    public bool IsEmpty => Value == 0;

    /// <summary>Part of a hash of the block.</summary>
    public uint Tag => (uint)(Value >> (64 - TagBits));

    /// <summary>When it was last read, in seconds since 1970; never 0 where it is not empty.</summary>
    public uint Second => (uint)Value;

    /// <summary>How often it was read, roughly.</summary>
    public long Reads => ReadsOf(Count);

    private int Count => (int)(Value >> 32) & MostCount;

    /// <summary>The word after further reads.</summary>
    /// <param name="tag">The tag of the block.</param>
    /// <param name="reads">The number of reads.</param>
    /// <param name="second">Now.</param>
    /// <param name="random">Decides about small additions.</param>
    public HeatWord Add(uint tag, int reads, uint second, Random random)
    {
        int count = Count;
        long left = reads;
        while (left > 0 && count < MostCount)
        {
            long step = ReadsOf(count + 1) - ReadsOf(count);
            if (left < step && random.NextInt64(step) >= left) break;
            left -= step;
            count++;
        }

        return new HeatWord(((ulong)tag << (64 - TagBits)) | ((ulong)(uint)count << 32) | second);
    }

    private static long ReadsOf(int count)
    {
        // An exponent over 56 would not fit; nothing is read so often.
        int exponent = Math.Min(count >> FractionBits, 56), fraction = count & (Fraction - 1);
        return exponent == 0 ? fraction : (long)(Fraction + fraction) << (exponent - 1);
    }
}
