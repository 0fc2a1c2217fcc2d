using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>Runs several sides in turn and takes medians.</summary>
internal sealed class Rounds(int count)
{
    private const int ProbeIterations = 20_000_000;
    private const int WarmUps = 2;

    // The runtime compiles what is hot anew once nothing new has been compiled for a tenth of a second.
    private static readonly TimeSpan s_compilerPause = TimeSpan.FromMilliseconds(150);

    private readonly List<double> _probes = [];

    /// <summary>How often each side is timed.</summary>
    public int Count => count;

    /// <summary>
    /// How much the same arithmetic loop varied over all rounds: slowest by fastest, 1.0 on a quiet machine.
    /// </summary>
    public double Noise => _probes.Count == 0 ? 1 : _probes.Max() / _probes.Min();

    /// <summary>Seconds of each side, medians of the rounds, which alternate who begins.</summary>
    public (double Ours, double Competitor) InTurn(Func<double> ours, Func<double> competitor)
    {
        double?[] medians = AllInTurn(ours, competitor);
        return (medians[0]!.Value, medians[1]!.Value);
    }

    /// <summary>A figure of each side, medians of the rounds; every round begins with another side.</summary>
    /// <param name="sides">The sides; null for a competitor that is absent.</param>
    /// <returns>A median a side, null where it is absent.</returns>
    public double?[] AllInTurn(params Func<double>?[] sides)
    {
        var figures = new List<double>[sides.Length];
        for (int i = 0; i < sides.Length; i++) figures[i] = [];
        for (int i = 0; i < WarmUps; i++)
        {
            foreach (Func<double>? side in sides) _ = side?.Invoke();
            Thread.Sleep(s_compilerPause);
        }

        for (int round = 0; round < count; round++)
        {
            _probes.Add(Probe());
            for (int i = 0; i < sides.Length; i++)
            {
                int turn = (i + round) % sides.Length;
                if (sides[turn] is { } side) figures[turn].Add(side());
            }
        }

        return Array.ConvertAll(figures, each => each.Count == 0 ? (double?)null : Median(each));
    }

    public static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>
    /// The p50 of one call, in seconds: the median over groups of each group's mean, because a clock is too coarse for
    /// a call of nanoseconds.
    /// </summary>
    /// <param name="groups">Groups that are timed.</param>
    /// <param name="each">Calls that <paramref name="group"/> makes.</param>
    /// <param name="group">Makes the calls of one group.</param>
    public static double P50(int groups, int each, Action group)
    {
        var means = new List<double>(groups);
        for (int i = 0; i < groups; i++) means.Add(Seconds(group) / each);
        return Median(means);
    }

    public static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static double Probe() => Seconds(static () =>
    {
        ulong state = 1;
        for (int i = 0; i < ProbeIterations; i++) state = state * 6364136223846793005 + 1442695040888963407;
        GC.KeepAlive(state);
    });
}
