namespace ArrowCid.Cli.Demo;

/// <summary>The figures of one band of distance.</summary>
/// <param name="Miles">The band.</param>
/// <param name="Flights">Flights in it.</param>
/// <param name="Mean">The mean delay in minutes.</param>
/// <param name="Median">The upper median in minutes.</param>
/// <param name="NinetiethPercentile">The delay in minutes that nine of ten flights do not exceed.</param>
/// <param name="LateShare">The share that was more than 15 minutes late, 0 to 1.</param>
internal sealed record DelayBand(string Miles, long Flights, double Mean, int Median, int NinetiethPercentile,
    double LateShare);
