using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Benchmarks;

/// <summary>What reading ahead gives a reader of a dataset, and what it costs another one that reads at random
/// meanwhile.</summary>
/// <param name="rounds">How often.</param>
/// <param name="server">The server of the bucket.</param>
/// <param name="isQuick">Whether shape matters more than figures.</param>
internal sealed class AheadBench(Rounds rounds, BucketServer server, bool isQuick)
{
    private const int Bytes = 1 << 20, Columns = 10;

    // How long the reader of the dataset works at a batch.
    private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(5);

    private int Batches => isQuick ? 8 : 64;

    /// <summary>Measures.</summary>
    public IEnumerable<Measurement> Run()
    {
        const string place = "bucket";
        using BenchPlace memory = BenchPlace.In("/dev/shm");
        using BenchStore bench = memory.Open("store", new CidStoreOptions
        {
            Capacity = 512L << 20,
            SegmentSize = 16 << 20,
            OpenPlace = (location, _) => S3Blocks.Open(location),
        });
        CidStore store = bench.Store;
        store.Places.Add(new BlockPlace
        {
            Name = place,
            Location = $"s3://{BucketServer.Bucket}/ahead?endpoint={server.Url}",
        });
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 256 << 20 });
        var batch = new NumberedBatch(Bytes, Columns);
        Cid[] batches = [.. Enumerable.Range(0, Batches).Select(_ => store.Put(batch.Next()).Cid)];
        Cid[] others = [.. Enumerable.Range(0, Batches).Select(_ => store.Put(batch.Next()).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = store.Places.Copy([dataset, .. others], place);
        using BlockBackend cache = store.Places.Cache.AsBackend();
        cache.Get(dataset).Dispose();
        // No two of these are next to one another, so that nothing is fetched ahead.
        Cid[] scattered = [.. batches.Where((_, i) => i % 2 == 0), .. batches.Where((_, i) => i % 2 == 1)];
        (double ahead, double alone) = rounds.InTurn(() => Seconds(batches), () => Seconds(scattered));
        yield return new Measurement($"{Batches} batches of 1 MiB in order, {s_work.TotalMilliseconds:0} ms of work at each",
            ahead * 1e3, alone * 1e3, "ms", "each fetched when it is read", null)
        {
            IsLessBetter = true,
            Note = server.Name,
        };
        (double beside, double quiet) = rounds.InTurn(() => SecondsOfOthers(batches), () => SecondsOfOthers([]));
        yield return new Measurement("a batch of 1 MiB while another thread reads a dataset in order", beside * 1e3,
            quiet * 1e3, "ms", "the same alone", null)
        {
            IsLessBetter = true,
            Note = server.Name,
        };

        double Seconds(Cid[] order)
        {
            Empty();
            return Rounds.Seconds(() => Read(order));
        }

        double SecondsOfOthers(Cid[] order)
        {
            Empty();
            Task reader = Task.Factory.StartNew(() => Read(order), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            double seconds = Rounds.Seconds(() =>
            {
                foreach (Cid cid in others) cache.Get(cid).Dispose();
            });
            reader.Wait();
            return seconds / others.Length;
        }

        void Read(Cid[] order)
        {
            foreach (Cid cid in order)
            {
                cache.Get(cid).Dispose();
                Thread.Sleep(s_work);
            }
        }

        void Empty()
        {
            store.Places.Cache.Ahead.Idle.Wait();
            _ = store.Places.Drop([.. batches, .. others]);
            _ = store.Maintenance.Compact();
        }
    }
}
