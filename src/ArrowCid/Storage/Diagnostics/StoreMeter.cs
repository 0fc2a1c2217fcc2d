using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace ArrowCid.Storage;

/// <summary>The instruments of all stores of this process. Without a listener a measurement is one read of a
/// field.</summary>
internal static class StoreMeter
{
    /// <summary>The name of the meter and of the source of activities.</summary>
    public const string Name = "ArrowCid";

    /// <summary>The tag of every measurement: the store's directory.</summary>
    public const string DirectoryTag = "arrowcid.store.directory";

    // Open stores. A handle that is dropped without a close leaves it with its collection.
    private static readonly ConditionalWeakTable<BlockStore, object> s_open = [];

    private static readonly Meter s_meter = new(Name);

    /// <summary>The source of activities: opening, compaction, collection and maintenance.</summary>
    public static readonly ActivitySource Activities = new(Name);

    public static readonly Histogram<double> PutDuration = s_meter.CreateHistogram<double>(
        "arrowcid.store.put.duration", "s", "Time to store one block, or several that are put together");

    public static readonly Counter<long> PutBytes = s_meter.CreateCounter<long>(
        "arrowcid.store.put.bytes", "By", "Bytes of new blocks");

    public static readonly Histogram<double> GetDuration = s_meter.CreateHistogram<double>(
        "arrowcid.store.get.duration", "s", "Time to look up and read one batch");

    public static readonly Histogram<double> LockWait = s_meter.CreateHistogram<double>(
        "arrowcid.store.lock.wait.duration", "s", "Time that a call waited for a lock of the store");

    public static readonly Histogram<int> CommitGroup = s_meter.CreateHistogram<int>(
        "arrowcid.store.commit.group.size", "{record}", "Records that one commit wrote");

    public static readonly Histogram<double> RecoveryDuration = s_meter.CreateHistogram<double>(
        "arrowcid.store.recovery.duration", "s", "Time to rebuild a store, its index, or the log of a dead writer");

    public static readonly Counter<long> Evictions = s_meter.CreateCounter<long>(
        "arrowcid.store.evictions", "{segment}", "Segments that rings evicted");

    public static readonly Counter<long> Freed = s_meter.CreateCounter<long>(
        "arrowcid.store.compaction.freed", "By", "Bytes of segments that compactions freed");

    public static readonly Counter<long> Damage = s_meter.CreateCounter<long>(
        "arrowcid.store.damage", "{range}", "Damaged ranges found");

    static StoreMeter()
    {
        Gauge("capacity", "By", "Bytes that the store may take", store => store.Examination.Capacity);
        Gauge("taken", "By", "Bytes that the store's files take",
            store => store.Examination.GetStatistics().BytesTaken);
        Gauge("free", "By", "Bytes that the store's files may still take", store => store.Examination.BytesFree);
        Gauge("committed", "By", "Bytes of committed records",
            store => store.Examination.GetStatistics().BytesCommitted);
        Gauge("blocks", "{block}",
            "Blocks in the index: batches, schemas and others, deleted ones until they are compacted",
            store => store.Examination.GetStatistics().IndexUsed);
        _ = s_meter.CreateObservableGauge("arrowcid.maintenance.running",
            () => Read(store => store.Coordination.IsMaintainer ? 1 : 0), "{process}",
                "Whether this process maintains the store");
    }

    /// <summary>The meter, for the instruments of what is above the block store.</summary>
    public static Meter Meter => s_meter;

    public static void Add(BlockStore store) => s_open.AddOrUpdate(store, store.Directory);

    public static void Remove(BlockStore store) => _ = s_open.Remove(store);

    private static void Gauge(string name, string unit, string help, Func<BlockStore, long> value) =>
        s_meter.CreateObservableGauge($"arrowcid.store.{name}", () => Read(value), unit, help);

    private static IEnumerable<Measurement<long>> Read(Func<BlockStore, long> value)
    {
        var read = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach ((BlockStore store, object directory) in s_open)
        {
            try
            {
                read[(string)directory] = value(store);
            }
            catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
            {
                // Closed, or removed, since it was listed.
            }
        }

        return read.Select(one => new Measurement<long>(one.Value, KeyValuePair.Create(DirectoryTag,
            (object?)one.Key)));
    }
}
