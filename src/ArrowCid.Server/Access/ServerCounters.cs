using System.Diagnostics.Metrics;

namespace ArrowCid.Server.Access;

/// <summary>The server's metrics, for <c>/metrics</c> or an exporter.</summary>
internal static class ServerCounters
{
    public const string MeterName = "ArrowCid.Server";

    private static readonly Meter s_meter = new(MeterName, "1");

    /// <summary>The upper bounds of the buckets of <see cref="Duration"/>, in seconds.</summary>
    public static IReadOnlyList<double> DurationBounds { get; } =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    /// <summary>Calls that the gate refused, by <c>protocol</c>.</summary>
    public static Counter<long> Refused { get; } =
        s_meter.CreateCounter<long>("arrowcid_refused", "{call}", "Calls refused for want of a right token");

    /// <summary>Calls refused by a limit, by <c>limit</c>.</summary>
    public static Counter<long> Limited { get; } =
        s_meter.CreateCounter<long>("arrowcid_limited", "{call}", "Calls refused by a limit of rate or streams");

    /// <summary>Calls that run, by <c>protocol</c>.</summary>
    public static UpDownCounter<long> Running { get; } =
        s_meter.CreateUpDownCounter<long>("arrowcid_running", "{call}", "Calls that run");

    /// <summary>How long calls took, by <c>protocol</c>, <c>route</c> and <c>status</c>.</summary>
    public static Histogram<double> Duration { get; } =
        s_meter.CreateHistogram("arrowcid_call_seconds", "s", "How long calls took", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });

    /// <summary>Bytes of blocks that were sent, by <c>protocol</c>.</summary>
    public static Counter<long> Sent { get; } =
        s_meter.CreateCounter<long>("arrowcid_sent_bytes", "By", "Bytes sent in answers");

    /// <summary>Blocks that were put, by <c>protocol</c>.</summary>
    public static Counter<long> Put { get; } =
        s_meter.CreateCounter<long>("arrowcid_put_blocks", "{block}", "Batches put");

    /// <summary>Blocks whose bytes did not hash to their CID.</summary>
    public static Counter<long> Corrupt { get; } =
        s_meter.CreateCounter<long>("arrowcid_corrupt_blocks", "{block}", "Blocks found damaged when asked for");
}
