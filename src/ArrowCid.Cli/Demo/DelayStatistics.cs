using System.Globalization;

namespace ArrowCid.Cli.Demo;

/// <summary>Delays of flights by bands of distance, counted exactly: a delay is one of 65,536 values.</summary>
internal sealed class DelayStatistics
{
    /// <summary>The first mile of each band after the first.</summary>
    private static readonly int[] s_bounds = [250, 500, 1000, 2000];

    private const int Late = 15;

    private readonly int[][] _counts = [.. Enumerable.Range(0, s_bounds.Length + 1).Select(_ => new int[1 << 16])];

    /// <summary>Counts the flights of one batch.</summary>
    /// <param name="delays">Minutes.</param>
    /// <param name="distances">Miles, one a delay.</param>
    public void Add(ReadOnlySpan<short> delays, ReadOnlySpan<short> distances)
    {
        for (int i = 0; i < delays.Length; i++)
        {
            int band = 0;
            while (band < s_bounds.Length && distances[i] >= s_bounds[band]) band++;
            _counts[band][delays[i] - short.MinValue]++;
        }
    }

    /// <summary>A line a band, near ones first.</summary>
    public IEnumerable<DelayBand> Bands() => _counts.Select((counts, band) => Band(Name(band), counts));

    private static string Name(int band)
    {
        if (band == 0) return string.Create(CultureInfo.InvariantCulture, $"under {s_bounds[0]}");
        return band == s_bounds.Length
            ? string.Create(CultureInfo.InvariantCulture, $"{s_bounds[^1]} and more")
            : string.Create(CultureInfo.InvariantCulture, $"{s_bounds[band - 1]} to {s_bounds[band] - 1}");
    }

    private static DelayBand Band(string name, int[] counts)
    {
        long flights = 0, sum = 0, late = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            int delay = i + short.MinValue;
            flights += counts[i];
            sum += (long)counts[i] * delay;
            if (delay > Late) late += counts[i];
        }

        if (flights == 0) return new DelayBand(name, 0, 0, 0, 0, 0);
        return new DelayBand(name, flights, (double)sum / flights,
            At(counts, flights / 2), At(counts, flights * 9 / 10),
            (double)late / flights);
    }

    /// <summary>The delay that stands at a place, from 0, among all in order.</summary>
    private static int At(int[] counts, long place)
    {
        int i = 0;
        for (long upTo = counts[0]; upTo <= place; upTo += counts[i]) i++;
        return i + short.MinValue;
    }
}
