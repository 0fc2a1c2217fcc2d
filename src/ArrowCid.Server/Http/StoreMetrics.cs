using System.Diagnostics.Metrics;

namespace ArrowCid.Server.Http;

/// <summary>The figures of a served store, for <c>/metrics</c> and for exporters alike.</summary>
internal sealed class StoreMetrics : IDisposable
{
    public const string MeterName = "ArrowCid.Store";

    private readonly Meter _meter = new(MeterName, "1");
    private readonly CidStore _store;

    /// <param name="store">The store.</param>
    /// <param name="watchers">Counts the watches that are open.</param>
    public StoreMetrics(CidStore store, Func<int> watchers)
    {
        _store = store;
        All =
        [
            Gauge("arrowcid_store_capacity_bytes", "By", "Bytes that the store may take",
                () => store.Diagnostics.GetSummary().Capacity),
            Gauge("arrowcid_store_taken_bytes", "By", "Bytes that its segments take",
                () => store.Diagnostics.GetSummary().BytesTaken),
            Gauge("arrowcid_store_free_bytes", "By", "Bytes that its segments may still take",
                () => Free(store.Diagnostics.GetSummary())),
            Gauge("arrowcid_store_committed_bytes", "By", "Bytes of records in it",
                () => store.Diagnostics.GetSummary().BytesCommitted),
            Gauge("arrowcid_store_blocks", "{block}",
                "Blocks in its index: batches, schemas and others, deleted ones until they are compacted",
                () => store.Blocks.GetStatistics().IndexUsed),
            Gauge("arrowcid_store_names", "{name}", "Names that point to a block", () => store.Names.List().Count),
            Gauge("arrowcid_watchers", "{watch}", "Watches that are open", () => watchers()),
            Gauge("arrowcid_maintenance_running", "{process}", "Whether this process maintains the store",
                () => store.Blocks.IsMaintainer ? 1 : 0),
            Count("arrowcid_maintenance_steps", "{step}", "Steps of maintenance that did something",
                task => task.Steps),
            Count("arrowcid_maintenance_failures", "{step}", "Steps that could not be done", task => task.Failures),
            Count("arrowcid_maintenance_seconds", "s", "Time that they took", task => task.Took.TotalSeconds),
            Count("arrowcid_maintenance_items", "{item}", "Records, blocks or segments that they were about",
                task => task.Count),
            Count("arrowcid_maintenance_bytes", "By", "Bytes of blocks removed and files freed",
                task => task.ByteLength),
        ];
    }

    /// <summary>Every figure.</summary>
    public IReadOnlyList<StoreMetric> All { get; }

    public void Dispose() => _meter.Dispose();

    private static long Free(StoreSummary figures) => Math.Max(0, figures.Capacity - figures.BytesTaken);

    private static string NameOf(MaintenanceStatistics task) => task.Task.ToString().ToLowerInvariant();

    private StoreMetric Gauge(string name, string unit, string help, Func<double> read)
    {
        _ = _meter.CreateObservableGauge(name, read, unit, help);
        return new StoreMetric(name, help, IsCounter: false, () => [new Measurement<double>(read())]);
    }

    private StoreMetric Count(string name, string unit, string help, Func<MaintenanceStatistics, double> value)
    {
        _ = _meter.CreateObservableCounter(name, Read, unit, help);
        return new StoreMetric(name, help, IsCounter: true, Read);

        IEnumerable<Measurement<double>> Read() => _store.Maintenance.GetStatistics().Select(task =>
            new Measurement<double>(value(task), KeyValuePair.Create("task", (object?)NameOf(task))));
    }
}
