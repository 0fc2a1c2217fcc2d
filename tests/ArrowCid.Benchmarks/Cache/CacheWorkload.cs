namespace ArrowCid.Benchmarks;

/// <summary>Reads as programs make them, from a seed: the same ones each time. Sizes are log-normal around 512 KiB, and
/// a tenth of the blocks takes 20 times as long to fetch.</summary>
/// <param name="Name">The pattern.</param>
/// <param name="Reads">The reads in order.</param>
/// <param name="BlockBytes">The bytes of all blocks that are read repeatedly.</param>
internal sealed record CacheWorkload(string Name, CacheRead[] Reads, long BlockBytes)
{
    /// <summary>Datasets that are read once, in the order of their batches.</summary>
    public IReadOnlyList<CacheRead[]> Scans { get; init; } = [];

    private const int Seed = 20261124, ScanBatches = 10_000;
    private const int DearEach = 10, DearBy = 20;
    private const double MedianBytes = 512 << 10, Spread = 0.8;
    private const double LatencyMs = 20, MsPerByte = 1000.0 / (100 << 20);

    /// <summary>Makes the five patterns.</summary>
    /// <param name="isQuick">Whether they are a tenth as long.</param>
    public static IReadOnlyList<CacheWorkload> All(bool isQuick)
    {
        int scale = isQuick ? 10 : 1, blocks = 50_000 / scale, reads = 400_000 / scale;
        return
        [
            Dashboards(blocks, reads), WithScan(blocks, reads), Epochs(blocks), LiveTail(blocks), Moving(blocks, reads),
        ];
    }

    private static CacheWorkload Dashboards(int blocks, int reads)
    {
        var random = new Random(Seed);
        CacheRead[] known = Blocks(blocks, random);
        var zipf = new ZipfNumbers(blocks, 0.9, random);
        return Of("dashboards", known, Times(reads, () => known[zipf.Next()]));
    }

    /// <summary>A quarter of the reads goes once through blocks that nothing else reads.</summary>
    private static CacheWorkload WithScan(int blocks, int reads)
    {
        var random = new Random(Seed);
        CacheRead[] known = Blocks(blocks, random), scanned = Blocks(reads / 3, random, (ulong)blocks);
        var zipf = new ZipfNumbers(blocks, 0.9, random);
        int next = 0;
        return Of("dashboards and a scan", known, Times(reads + scanned.Length, () =>
        {
            bool isScan = next < scanned.Length && random.Next(4) == 0;
            return isScan ? scanned[next++] : known[zipf.Next()];
        })) with
        {
            Scans = [.. scanned.Chunk(ScanBatches)],
        };
    }

    /// <summary>Every block once in each epoch, in another order.</summary>
    private static CacheWorkload Epochs(int blocks)
    {
        const int count = 8;
        var random = new Random(Seed);
        CacheRead[] known = Blocks(blocks, random);
        return Of("training epochs", known, Enumerable.Range(0, count).SelectMany(_ =>
        {
            var order = (CacheRead[])known.Clone();
            random.Shuffle(order);
            return order;
        }));
    }

    /// <summary>New blocks come, and most reads are of the latest.</summary>
    private static CacheWorkload LiveTail(int blocks)
    {
        const int readsPerBlock = 20, oneIn = 2;
        var random = new Random(Seed);
        CacheRead[] known = Blocks(blocks / oneIn, random);
        double meanLag = blocks / oneIn * 0.045;
        int read = 0;
        return Of("live tail", known, Times(known.Length * readsPerBlock, () =>
        {
            int latest = read++ / readsPerBlock;
            int lag = (int)(-meanLag * Math.Log(1 - random.NextDouble()));
            return known[Math.Max(0, latest - lag)];
        }));
    }

    /// <summary>A tenth of the blocks changes places eight times, and so does what is read most.</summary>
    private static CacheWorkload Moving(int blocks, int reads)
    {
        const int moves = 8;
        var random = new Random(Seed);
        CacheRead[] known = Blocks(blocks, random);
        var zipf = new ZipfNumbers(blocks, 0.9, random);
        int read = 0;
        return Of("hot set moves", known, Times(reads, () =>
        {
            if (++read % (reads / moves) == 0)
            {
                for (int i = 0; i < blocks / 10; i++)
                {
                    int other = random.Next(blocks);
                    (known[i], known[other]) = (known[other], known[i]);
                }
            }

            return known[zipf.Next()];
        }));
    }

    private static CacheWorkload Of(string name, CacheRead[] known, IEnumerable<CacheRead> reads) =>
        new(name, [.. reads], known.Sum(read => read.Bytes));

    private static IEnumerable<CacheRead> Times(int count, Func<CacheRead> next) =>
        Enumerable.Range(0, count).Select(_ => next());

    private static CacheRead[] Blocks(int count, Random random, ulong first = 0)
    {
        var blocks = new CacheRead[count];
        for (int i = 0; i < count; i++)
        {
            // Two uniform numbers make a normal one (Box and Muller).
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            long bytes = Math.Max(1, (long)(MedianBytes * Math.Exp(Spread * normal)));
            double cost = LatencyMs + (bytes * MsPerByte);
            blocks[i] = new CacheRead(first + (ulong)i, bytes, random.Next(DearEach) == 0 ? cost * DearBy : cost);
        }

        return blocks;
    }

    /// <summary>Numbers of which the n-th has the weight 1/n^s.</summary>
    private sealed class ZipfNumbers
    {
        private readonly double[] _sums;
        private readonly Random _random;

        public ZipfNumbers(int count, double exponent, Random random)
        {
            _random = random;
            _sums = new double[count];
            double sum = 0;
            for (int i = 0; i < count; i++) _sums[i] = sum += Math.Pow(i + 1, -exponent);
        }

        public int Next()
        {
            int at = Array.BinarySearch(_sums, _random.NextDouble() * _sums[^1]);
            return Math.Min(at < 0 ? ~at : at, _sums.Length - 1);
        }
    }
}
