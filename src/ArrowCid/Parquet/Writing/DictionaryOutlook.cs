namespace ArrowCid.Parquet;

/// <summary>
/// Whether a dictionary of a column chunk will be smaller than its plain values, judged while the distinct values are
/// still being found: after 8,192 values and whenever that number doubles.
/// </summary>
/// <remarks>
/// If D values are equally frequent, n of them hold D (1 - e^(-n/D)) distinct ones. The number seen so far gives D, and
/// D gives the number that the whole chunk will hold. So 20,000 texts that repeat are told from texts that never do,
/// although most of the first 8,192 are new in both.
/// </remarks>
internal struct DictionaryOutlook(int values, long plainBytes, int maxBytes)
{
    private const int FirstCheck = 8192;
    private const int BisectionSteps = 48;

    private int _nextCheck = FirstCheck;

    /// <summary>Whether a dictionary of this size and its indices take fewer bytes than the plain values.</summary>
    public readonly bool IsWorth(long dictionaryBytes, int entries) =>
        dictionaryBytes + (long)values * DictionaryPages.IndexWidth(entries) / 8 < plainBytes;

    /// <summary>Whether the search should end, as the dictionary is expected to grow too large.</summary>
    /// <param name="seen">The number of values looked at.</param>
    /// <param name="distinct">The number of distinct ones among them.</param>
    /// <param name="dictionaryBytes">Their size in bytes.</param>
    public bool IsPoor(int seen, int distinct, long dictionaryBytes)
    {
        if (seen < _nextCheck) return false;
        while (_nextCheck <= seen && _nextCheck <= values / 2) _nextCheck *= 2;
        if (_nextCheck <= seen) _nextCheck = int.MaxValue;
        double entries = ExpectedDistinct(seen, distinct, values);
        double bytes = dictionaryBytes * (entries / distinct);
        return bytes > maxBytes || !IsWorth((long)bytes, (int)entries);
    }

    /// <summary>The expected number of distinct ones among more equally frequent values.</summary>
    private static double ExpectedDistinct(int seen, int distinct, int values)
    {
        if (distinct >= seen) return values;
        // Solves (1 - e^-x) / x = distinct / seen for x = seen / D; the left side falls from 1 to 0.
        double ratio = (double)distinct / seen, low = 0, high = 1 / ratio;
        for (int step = 0; step < BisectionSteps; step++)
        {
            double x = (low + high) / 2;
            if ((1 - Math.Exp(-x)) / x > ratio) low = x;
            else high = x;
        }

        double frequent = seen / high;
        return frequent * (1 - Math.Exp(-values / frequent));
    }
}
