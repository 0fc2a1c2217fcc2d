using System.Diagnostics.Metrics;

namespace ArrowCid.Server.Diagnostics;

/// <summary>The instruments of one server, for <c>/metrics</c> and for exporters. Each server has a meter of its own,
/// so that two servers of one process do not count each other's calls.</summary>
internal sealed class ServerCounters : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "ArrowCid.Server";

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">The meter factory of the host; null creates a meter that belongs to no host.</param>
    public ServerCounters(IMeterFactory? meters = null)
    {
        var options = new MeterOptions(MeterName) { Version = "1" };
        Meter = meters?.Create(options) ?? new Meter(options);
        Refused = Meter.CreateCounter<long>("arrowcid.refused", "{call}", "Calls refused by access control");
        Limited = Meter.CreateCounter<long>("arrowcid.limited", "{call}",
            "Calls refused by a limit of rate or streams");
        Running = Meter.CreateUpDownCounter<long>("arrowcid.running", "{call}", "Calls in progress");
        Duration = Meter.CreateHistogram("arrowcid.call.duration", "s", "Duration of calls", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        Sent = Meter.CreateCounter<long>("arrowcid.sent", "By",
            "Bytes of response bodies as sent: compressed where they are");
        Put = Meter.CreateCounter<long>("arrowcid.put_blocks", "{block}", "Batches put");
        _ = Meter.CreateObservableGauge("arrowcid.watchers", () => Watches(), "{watch}", "Watches that are open");
        Corrupt = Meter.CreateCounter<long>("arrowcid.corrupt_blocks", "{block}", "Damaged blocks found by requests");
    }

    /// <summary>The upper bounds of the buckets of <see cref="Duration"/>, in seconds.</summary>
    public static IReadOnlyList<double> DurationBounds { get; } =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    /// <summary>The meter of this server.</summary>
    public Meter Meter { get; }

    /// <summary>Calls refused by access control, by <c>protocol</c>.</summary>
    public Counter<long> Refused { get; }

    /// <summary>Calls refused by a limit, by <c>limit</c>.</summary>
    public Counter<long> Limited { get; }

    /// <summary>Calls in progress, by <c>protocol</c>.</summary>
    public UpDownCounter<long> Running { get; }

    /// <summary>The duration of calls, by <c>protocol</c>, <c>route</c> and <c>status</c>.</summary>
    public Histogram<double> Duration { get; }

    /// <summary>Bytes of response bodies as they were sent, by <c>protocol</c>: after compression over HTTP, whole
    /// messages over Flight.</summary>
    public Counter<long> Sent { get; }

    /// <summary>Batches that were put, by <c>protocol</c>.</summary>
    public Counter<long> Put { get; }

    /// <summary>Blocks whose bytes did not match their CID.</summary>
    public Counter<long> Corrupt { get; }

    /// <summary>Counts the watches that are open.</summary>
    public Func<int> Watches { get; set; } = static () => 0;

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();
}
