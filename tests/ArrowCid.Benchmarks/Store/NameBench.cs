using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>How long after a name changed a watcher in another handle of the store knows it.</summary>
internal sealed class NameBench(StoreBenchRun run)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(1);

    private readonly int _changes = run.Pick(5000, 500);

    public IEnumerable<Measurement> Run()
    {
        string directory = run.Memory.PathOf("names");
        using CidStore store = CidStore.Open(directory, new CidStoreOptions { Capacity = 256 << 20 });
        Cid[] cids = [store.PutRaw(new byte[] { 1 }).Cid, store.PutRaw(new byte[] { 2 }).Cid];
        using CidStore other = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });
        double[] delays = new double[_changes];
        long changed = 0;
        using var isHeard = new SemaphoreSlim(0);
        using var stop = new CancellationTokenSource();
        var options = new WatchOptions { Names = "latest", WithPuts = false };
        Cursor from = other.Blocks.Listing.Fix(Cursor.Now);
        var watcher = new Thread(() =>
        {
            int count = 0;
            foreach (StoreEvent _ in other.Watch(from, options, stop.Token))
            {
                delays[count] = Stopwatch.GetElapsedTime(Volatile.Read(ref changed)).TotalMilliseconds;
                isHeard.Release();
                if (++count == delays.Length) return;
            }
        });
        watcher.Start();
        for (int i = 0; i < _changes; i++)
        {
            // The watcher is asleep by now.
            Thread.Sleep(s_pause);
            Volatile.Write(ref changed, Stopwatch.GetTimestamp());
            _ = store.Names.Set("latest", cids[i % 2]);
            isHeard.Wait();
        }

        watcher.Join();
        Array.Sort(delays);
        foreach ((string name, double quantile, double? goal) in ((string, double, double?)[])
            [("p50", 0.5, null), ("p99", 0.99, 5)])
        {
            yield return new Measurement($"name change to watcher, {name}", delays[(int)(quantile * (_changes - 1))], null,
                "ms", "", null, goal)
            {
                IsLessBetter = true,
                Note = "from before the change to the announcement in another handle, which slept",
            };
        }
    }
}
