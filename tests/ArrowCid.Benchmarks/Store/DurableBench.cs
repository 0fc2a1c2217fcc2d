using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>Puts that are on the medium when they return.</summary>
internal static class DurableBench
{
    private const int Bytes = 1024;
    private const int Threads = 64;
    private const int Connections = 8;

    public static IEnumerable<Measurement> Run(StoreBenchRun run)
    {
        const string name = "durable puts, 1 KiB", against = "durable puts, 1 KiB, against SQLite";
        const string sqlite = "SQLite, WAL, synchronous=FULL";
        if (run.Disk.IsMemory)
        {
            const string note = "the directory of --disk lies in memory: name one on a disk";
            yield return new Measurement(name, null, null, "puts/s", "", null, 5000) { Note = note };
            yield return new Measurement(against, null, null, "puts/s", sqlite, 2) { Note = note };
            yield break;
        }

        double seconds = run.Pick(600, 150) / 1000.0;
        using BenchStore bench = run.Disk.Open("durable", new CidStoreOptions
        {
            Capacity = 1L << 30,
            SegmentSize = 32 << 20,
            Durability = Durability.Always,
        });
        DatabasesCompetitor? databases = run.Databases;
        string file = run.Disk.PathOf("durable.db");
        double?[] rates = run.Rounds.AllInTurn(
            () => Put(bench.Store, seconds),
            databases is null ? null : () => databases.SqliteDurably(file, 1, Bytes, seconds),
            databases is null ? null : () => databases.SqliteDurably(file, Connections, Bytes, seconds));
        yield return new Measurement(name, rates[0], null, "puts/s", "", null, 5000)
        {
            Note = $"{Threads} threads, group commit",
        };
        bool isOneBetter = !(rates[1] < rates[2]);
        yield return new Measurement(against, rates[0], isOneBetter ? rates[1] : rates[2], "puts/s",
            $"{sqlite}, {(isOneBetter ? "one connection" : $"{Connections} connections")}", 2)
        {
            Note = $"the better of one connection and {Connections}",
        };
    }

    private static double Put(CidStore store, double seconds)
    {
        long done = 0;
        var time = TimeSpan.FromSeconds(seconds);
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(PutOn))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;

        void PutOn()
        {
            var blocks = new NumberedBlocks(Bytes);
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                _ = store.PutRaw(blocks.Next());
                _ = Interlocked.Increment(ref done);
            }
        }
    }
}
