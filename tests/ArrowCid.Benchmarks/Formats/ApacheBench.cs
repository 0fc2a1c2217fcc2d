using A = Apache.Arrow;
using ArrowCid.Cli;
using ArrowCid.Columnar;

namespace ArrowCid.Benchmarks;

/// <summary>What batches of Apache.Arrow cost over the engine's own view: a get of one column and of all, and
/// puts.</summary>
internal static class ApacheBench
{
    private const int Columns = 10;
    private const int Each = 16;
    private const int MiB = 1 << 20;
    private const double MostOfSpan = 1.3;
    private const double LeastOfOwn = 0.95;
    private const string Span = "a span of the same column", Own = "the internal path";

    public static IEnumerable<Measurement> Run(StoreBenchRun run) => Get(run).Concat(Put(run));

    private static IEnumerable<Measurement> Get(StoreBenchRun run)
    {
        using BenchStore bench = run.Open("apache", 1L << 30);
        CidStore store = bench.Store;
        Cid cid = store.Put(new NumberedBatch(MiB, Columns).Next()).Cid;
        int groups = run.Pick(800, 60);
        double?[] p50 = run.Rounds.AllInTurn(
            Side(lease => lease.Column<long>("c0").Values.Length),
            Side(lease => ((A.Int64Array)lease.Array("c0")).Values.Length),
            Side(lease => ((A.Int64Array)lease.Batch.Column(0)).Values.Length));
        yield return Row("get with one Apache column (.Array), 1 MiB", p50[1], 1 / MostOfSpan);
        yield return Row("get with the whole Apache batch (.Batch), 1 MiB", p50[2], null);

        Func<double> Side(Func<BatchLease, int> read) => () => Rounds.P50(groups, Each, () =>
        {
            for (int i = 0; i < Each; i++)
            {
                using BatchLease lease = store.TryGet(cid) ?? throw CommandError.NoBlock(cid.ToString(), store);
                if (read(lease) == 0) throw new ArrowCidException(ErrorCode.Internal, $"{cid} has no rows");
            }
        });

        Measurement Row(string name, double? ours, double? goal) =>
            new(name, ours * 1e6, p50[0] * 1e6, "us", Span, goal)
            {
                IsLessBetter = true,
                Note = $"{Columns} columns; TryGet, the values of one, Dispose",
            };
    }

    private static IEnumerable<Measurement> Put(StoreBenchRun run)
    {
        const long roomy = 4L << 30;
        bool isRoomy = !run.IsQuick && run.Memory.FreeBytes > roomy + (roomy / 4);
        // A block of over a quarter of a segment would get one of its own, which nobody prepares.
        long segment = (isRoomy ? 512L : 64L) << 20;
        using BenchStore bench = run.Memory.Open("apache-put", new CidStoreOptions
        {
            Capacity = isRoomy ? roomy : roomy / 8,
            SegmentSize = segment,
        });
        PutBench.FillFirstSegment(bench.Store, segment);
        foreach (int size in (int[])[MiB, 64 * MiB])
        {
            string name = $"put of an Apache batch, {size / MiB} MiB";
            if (size > MiB && !isRoomy)
            {
                yield return new Measurement(name, null, null, "GB/s", Own, LeastOfOwn)
                {
                    Note = "not 5 GiB of shared memory to spare",
                };
                continue;
            }

            var batch = new NumberedBatch(size, columns: 8);
            // Over the same values: what changes in one is changed in the other.
            A.RecordBatch apache = ToApache.Batch(batch.Batch);
            int times = Math.Max(1, run.Pick(64 * MiB, 8 * MiB) / size);
            double?[] p50 = run.Rounds.AllInTurn(
                () => Rounds.P50(times, 1, () =>
                {
                    _ = batch.Next();
                    _ = bench.Store.Put(apache);
                }),
                () => Rounds.P50(times, 1, () => _ = bench.Store.Put(batch.Next())));
            yield return new Measurement(name, size / p50[0] / 1e9, size / p50[1] / 1e9, "GB/s", Own, LeastOfOwn);
        }
    }
}
