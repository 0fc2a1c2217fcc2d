using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Benchmarks;

/// <summary>The second query of a store that no process maintains, against the same store after a checkpoint: the first
/// query that has much of the log to read leaves an index for the next one.</summary>
internal sealed class UnmaintainedBench(StoreBenchRun run)
{
    private const int Tags = 100, Page = 100;

    // 1.2 times the time of the maintained store at most.
    private const double Goal = 1 / 1.2;

    private readonly int _puts = run.Pick(60_000, 6000);
    private readonly Rounds _rounds = new(run.Pick(7, 1));
    private int _stores;

    public IEnumerable<Measurement> Run()
    {
        double?[] seconds = _rounds.AllInTurn(() => SecondQuery(isMaintained: false),
            () => SecondQuery(isMaintained: true));
        yield return new Measurement($"second query, {_puts:N0} tagged puts, never maintained", seconds[0] * 1000,
            seconds[1] * 1000, "ms", "the same, maintained", Goal)
        {
            IsLessBetter = true,
            Note = $"open, and a page of {Page} by a tag",
        };
    }

    /// <summary>The time of opening the store again and one query, after another process's worth of puts and a first
    /// query.</summary>
    private double SecondQuery(bool isMaintained)
    {
        string directory = run.Memory.PathOf($"unmaintained-{_stores++}");
        var options = new CidStoreOptions { Capacity = 256 << 20, SegmentSize = 32 << 20 };
        using (CidStore store = CidStore.Open(directory, options))
        {
            for (int i = 0; i < _puts; i++)
            {
                _ = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[] { i }))), new PutOptions
                {
                    Tags = new Dictionary<string, string?>(1) { ["day"] = $"d{i % Tags}" },
                });
            }

            while (isMaintained && !store.Maintenance.Checkpoint()) Thread.Sleep(1);
        }

        Query();
        // What the first query left on the heap is not the second one's.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        double seconds = Rounds.Seconds(Query);
        Directory.Delete(directory, recursive: true);
        return seconds;

        void Query()
        {
            using CidStore store = CidStore.Open(directory, options);
            QueryPage page = store.Metadata.QueryPage(new QueryOptions { Filter = Filter.Parse("tag.day = \"d7\""), Limit = Page });
            int expected = Math.Min(Page, _puts / Tags);
            if (page.Entries.Count != expected)
                throw new InvalidOperationException($"a page of {page.Entries.Count} instead of {expected}");
        }
    }
}
