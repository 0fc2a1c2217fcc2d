using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Benchmarks;

/// <summary>The registry at scale: blocks, and many more entries that are facts about blocks elsewhere, against the
/// same rows and indexes in SQLite.</summary>
internal sealed class RegistryBench(StoreBenchRun run)
{
    private const int Tags = 1000, Producers = 100, Page = 100, Pages = 1000, Looks = 20_000, Few = 200, Warm = 10;
    private const string Sqlite = "SQLite, WAL, synchronous=OFF";

    private readonly int _entries = run.Pick(10_000_000, 100_000);
    private readonly int _blocks = run.Pick(100_000, 1000);
    private readonly Random _random = new(20261122);

    public static IEnumerable<string> Names => ["scale", "few", "unmaintained", "names"];

    /// <summary>Measures everything, or what was named.</summary>
    public IEnumerable<Measurement> Run(string[] only)
    {
        bool IsAsked(string name) => only.Length == 0 || only.Contains(name);
        return (IsAsked("scale") ? Scale() : [])
            .Concat(IsAsked("few") ? FewEntries() : [])
            .Concat(IsAsked("unmaintained") ? new UnmaintainedBench(run).Run() : [])
            .Concat(IsAsked("names") ? new NameBench(run).Run() : []);
    }

    private IEnumerable<Measurement> Scale()
    {
        string directory = run.Memory.PathOf("registry");
        var options = new CidStoreOptions { Capacity = run.Pick(8, 1) * (1L << 30), SegmentSize = 64 << 20 };
        double inserts = Insert(directory, options);
        double? sqlite = run.Databases?.RegistryInsert(run.Memory.PathOf("registry.db"), _entries);
        string name = string.Create(CultureInfo.InvariantCulture, $"inserts, {_entries:N0} entries, all indexes");
        yield return new Measurement(name, inserts, sqlite, "entries/s", Sqlite, 3)
        {
            Note = string.Create(CultureInfo.InvariantCulture, $"goal 300,000; RssAnon {AnonymousMiB():F0} MiB"),
        };
        double open = Rounds.Seconds(() =>
        {
            using CidStore opened = CidStore.Open(directory, options);
            _ = opened.Metadata.Get(CidOf(1)) ?? throw new InvalidOperationException("an entry is lost");
        });
        yield return Alone("open, and one entry", open * 1000, "ms", 1000);
        using (CidStore store = CidStore.Open(directory, options))
        {
            WarmUp(() => LookAtPage(store, _random.Next(Warm)));
            double page = Quantile(Pages, 0.5, () => LookAtPage(store, _random.Next(Tags))) * 1000;
            double? otherPage = run.Databases?.RegistryPage(Tags, Page, Pages) * 1000;
            yield return new Measurement($"page of {Page} by a tag, p50", page, otherPage, "ms", Sqlite, 1)
            {
                IsLessBetter = true,
                Note = "goal 1 ms",
            };
            WarmUp(() => _ = store.Metadata.Get(CidOf(_random.Next(Warm))));
            foreach ((double quantile, string note) in new[] { (0.5, ""), (0.99, "goal 100 us") })
            {
                double point = Quantile(Looks, quantile, () => _ = store.Metadata.Get(CidOf(_random.Next(_entries)))) * 1e6;
                double? otherPoint = run.Databases?.RegistryPoint(_entries, Looks, quantile) * 1e6;
                yield return new Measurement($"point look-up, p{quantile * 100:F0}", point, otherPoint, "us", Sqlite, 1)
                {
                    IsLessBetter = true,
                    Note = note,
                };
            }
        }

        foreach (string file in Directory.GetFiles(directory, "reg*")) File.Delete(file);
        double recovery = Rounds.Seconds(() =>
        {
            using CidStore opened = CidStore.Open(directory, options);
            (long count, _) = opened.Metadata.Count(Filter.Parse("has tag.day"), includeMissing: true);
            if (count != _entries) throw new InvalidOperationException($"{count} of {_entries} entries came back");
        });
        yield return Alone("recovery without derived files", recovery, "s", 60) with
        {
            Note = string.Create(CultureInfo.InvariantCulture, $"RssAnon {AnonymousMiB():F0} MiB"),
        };
    }

    private static Measurement Alone(string name, double ours, string unit, double goal) =>
        new(name, ours, null, unit, "", null, goal) { IsLessBetter = true };

    private double Insert(string directory, CidStoreOptions options)
    {
        using CidStore store = CidStore.Open(directory, options);
        var blocks = new ReadOnlyMemory<byte>[100];
        var results = new PutResult[blocks.Length];
        for (int from = 0; from < _blocks; from += blocks.Length)
        {
            for (int i = 0; i < blocks.Length; i++) blocks[i] = BitConverter.GetBytes(from + i);
            store.PutRawMany(blocks, results);
        }

        return _entries / Rounds.Seconds(() =>
        {
            _ = store.Metadata.Set(Enumerable.Range(0, _entries).Select(number => KeyValuePair.Create(CidOf(number),
                new BlockMetadata
                {
                    Producer = Text('p', number % Producers),
                    Tags = new Dictionary<string, string?>(1) { ["day"] = Text('d', number % Tags) },
                })));
            while (!store.Maintenance.Checkpoint()) Thread.Sleep(1);
        });
    }

    private static void LookAtPage(CidStore store, int tag)
    {
        QueryPage page = store.Metadata.QueryPage(new QueryOptions
        {
            Filter = Filter.Parse($"tag.day = \"{Text('d', tag)}\""),
            IncludeMissing = true,
            Limit = Page,
        });
        if (page.Entries.Count != Page) throw new InvalidOperationException($"a page of {page.Entries.Count}");
    }

    /// <summary>Two hundred entries, in memory.</summary>
    private IEnumerable<Measurement> FewEntries()
    {
        using BenchStore place = run.Open("few", 512 << 20);
        CidStore store = place.Store;
        var blocks = new ReadOnlyMemory<byte>[Few];
        for (int i = 0; i < Few; i++) blocks[i] = BitConverter.GetBytes(i);
        var results = new PutResult[Few];
        Cid[] PutAll()
        {
            store.PutRawMany(blocks, results);
            _ = store.Metadata.Set(results.Select(put => KeyValuePair.Create(put.Cid,
                new BlockMetadata { Tags = new Dictionary<string, string?> { ["few"] = "1" } })));
            return Array.ConvertAll(results, put => put.Cid);
        }

        Cid[] cids = PutAll();
        var until = new BlockMetadata { Expires = DateTimeOffset.UtcNow.AddDays(1) };
        double touch = Quantile(50, 0.5,
            () => _ = store.Metadata.Set(cids.Select(cid => KeyValuePair.Create(cid, until)))) * 1000;
        yield return Alone($"touch, {Few} entries", touch, "ms", 0.79);
        double list = Quantile(50, 0.5, () =>
        {
            if (store.Query().Count() != Few) throw new InvalidOperationException("an entry is lost");
        }) * 1000;
        yield return Alone($"list, {Few} entries", list, "ms", 0.40);
        var filter = Filter.Parse("tag.few = \"1\"");
        var times = new List<double>();
        for (int i = 0; i < 10; i++)
        {
            if (i > 0) _ = PutAll();
            times.Add(Rounds.Seconds(() =>
            {
                int removed = store.Retention.Remove([.. store.Query(filter).Select(entry => entry.Cid)]).Removed.Count;
                if (removed != Few) throw new InvalidOperationException($"{removed} of {Few} were removed");
            }) * 1000);
        }

        yield return Alone($"delete by filter, {Few} entries", Rounds.Median(times), "ms", 44);
    }

    /// <summary>For a second, of always the same few entries: then the code is compiled to the end, and the index is
    /// as it was.</summary>
    private static void WarmUp(Action look)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(1)) look();
    }

    private static double Quantile(int count, double quantile, Action look)
    {
        for (int i = 0; i < count / 10; i++) look();
        var times = new double[count];
        for (int i = 0; i < count; i++) times[i] = Rounds.Seconds(look);
        Array.Sort(times);
        return times[(int)(quantile * (count - 1))];
    }

    private static double AnonymousMiB()
    {
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(
            each => each.StartsWith("RssAnon:", StringComparison.Ordinal));
        string[] words = (line ?? "RssAnon: 0 kB").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return double.Parse(words[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static string Text(char kind, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}{number:d4}");

    // The first ones are the blocks that are here.
    private static Cid CidOf(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Cid.Sha256(Multicodec.Raw, bytes);
    }
}
