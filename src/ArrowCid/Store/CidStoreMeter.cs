using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>The instruments of all stores of this process that read names and maintenance, on the meter of
/// <see cref="StoreMeter"/>.</summary>
internal static class CidStoreMeter
{
    private const string TaskTag = "task", PlaceTag = "place";

    // Open stores. A handle that is dropped without a close leaves it with its collection.
    private static readonly ConditionalWeakTable<CidStore, object> s_open = [];

    static CidStoreMeter()
    {
        _ = StoreMeter.Meter.CreateObservableGauge("arrowcid.store.names", Names, "{name}",
            "Names that point to a block");
        Count("steps", "{step}", "Steps of maintenance that did something");
        Count("failures", "{step}", "Steps that could not be done");
        Count("seconds", "s", "Time that steps took");
        Count("items", "{item}", "Records, blocks or segments that steps were about");
        Count("bytes", "By", "Bytes of blocks removed and files freed");
        CountAt("reads", "{block}", "Blocks that a place gave, as all processes counted them");
        CountAt("bytes", "By", "Bytes of these blocks");
        CountAt("seconds", "s", "Time that these reads took");
        CountAt("failures", "{read}", "Reads of a place that failed");
    }

    public static void Add(CidStore store) => s_open.AddOrUpdate(store, store.Directory);

    public static void Remove(CidStore store) => _ = s_open.Remove(store);

    private static IEnumerable<Measurement<long>> Names()
    {
        var read = new SortedDictionary<string, long>(StringComparer.Ordinal);
        ForEach((store, directory) => read[directory] = store.Names.List().Count);
        return read.Select(one => new Measurement<long>(one.Value, TagOf(one.Key)));
    }

    private static void Count(string name, string unit, string help) =>
        StoreMeter.Meter.CreateObservableCounter($"arrowcid.maintenance.{name}", () => Maintenance(name), unit, help);

    private static IEnumerable<Measurement<double>> Maintenance(string name)
    {
        var read = new SortedDictionary<(string Directory, string Task), double>();
        ForEach((store, directory) =>
        {
            foreach (var task in store.Maintenance.GetStatistics())
            {
                (string, string) key = (directory, task.Task.ToString().ToLowerInvariant());
                read[key] = read.GetValueOrDefault(key) + name switch
                {
                    "steps" => task.Steps,
                    "failures" => task.Failures,
                    "seconds" => task.Took.TotalSeconds,
                    "items" => task.Count,
                    _ => task.ByteLength,
                };
            }
        });
        return read.Select(one => new Measurement<double>(one.Value, TagOf(one.Key.Directory),
            KeyValuePair.Create(TaskTag, (object?)one.Key.Task)));
    }

    private static void CountAt(string name, string unit, string help) =>
        StoreMeter.Meter.CreateObservableCounter($"arrowcid.place.{name}", () => Places(name), unit, help);

    private static IEnumerable<Measurement<double>> Places(string name)
    {
        // All handles of a store read the same file.
        var read = new SortedDictionary<(string Directory, string Place), double>();
        ForEach((store, directory) =>
        {
            foreach (PlaceStatistics place in store.Places.Cache.GetStatistics())
            {
                read[(directory, place.Place)] = name switch
                {
                    "reads" => place.Reads,
                    "seconds" => place.Took.TotalSeconds,
                    "failures" => place.Errors,
                    _ => place.ByteLength,
                };
            }
        });
        return read.Select(one => new Measurement<double>(one.Value, TagOf(one.Key.Directory),
            KeyValuePair.Create(PlaceTag, (object?)one.Key.Place)));
    }

    private static void ForEach(Action<CidStore, string> read)
    {
        foreach ((CidStore store, object directory) in s_open)
        {
            try
            {
                read(store, (string)directory);
            }
            catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
            {
                // Closed, or removed, since it was listed.
            }
        }
    }

    private static KeyValuePair<string, object?> TagOf(string directory) =>
        KeyValuePair.Create(StoreMeter.DirectoryTag, (object?)directory);
}
