using System.Diagnostics;

namespace ArrowCid.Cli.Bench;

/// <summary>One line of a benchmark: ours against a peer, both timed in turn in the same run.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Ours">Our median.</param>
/// <param name="Peer">The peer's median; null where the peer is absent.</param>
/// <param name="Unit">The unit of both; more is better.</param>
/// <param name="PeerName">Who the peer is.</param>
/// <param name="Goal">The ratio that was aimed at, or null where the goal is a figure of its own.</param>
/// <param name="FigureGoal">The figure that was aimed at, in <paramref name="Unit"/>.</param>
internal sealed record Measurement(string Name, double Ours, double? Peer, string Unit, string PeerName, double? Goal,
    double? FigureGoal = null)
{
    public double? Ratio => Ours / Peer;

    public bool? IsMet => Goal is { } goal ? Ratio is { } ratio ? ratio >= goal : null : Ours >= FigureGoal;
}

/// <summary>Runs two sides in turn and takes medians.</summary>
internal sealed class Rounds(int count)
{
    private const int ProbeIterations = 20_000_000;
    private readonly List<double> _probes = [];

    /// <summary>
    /// How much the same arithmetic loop varied over all rounds: slowest by fastest, 1.0 on a quiet machine.
    /// </summary>
    public double Noise => _probes.Count == 0 ? 1 : _probes.Max() / _probes.Min();

    /// <summary>Seconds of each side, medians of the rounds, which alternate who begins.</summary>
    public (double Ours, double Peer) InTurn(Func<double> ours, Func<double> peer)
    {
        var first = new List<double>();
        var second = new List<double>();
        _ = ours();
        _ = peer();
        for (int round = 0; round < count; round++)
        {
            _probes.Add(Probe());
            if (round % 2 == 0) first.Add(ours());
            second.Add(peer());
            if (round % 2 != 0) first.Add(ours());
        }

        return (Median(first), Median(second));
    }

    public static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Probe() => Seconds(static () =>
    {
        ulong state = 1;
        for (int i = 0; i < ProbeIterations; i++) state = state * 6364136223846793005 + 1442695040888963407;
        GC.KeepAlive(state);
    });

    private static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
