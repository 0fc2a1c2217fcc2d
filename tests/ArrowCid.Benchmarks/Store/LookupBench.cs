using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>Look-ups in a store of many blocks, and how they scale over two cores.</summary>
internal static class LookupBench
{
    private const int BlockBytes = 64;
    private const int Each = 1024;
    private const int Many = 64;

    public static IEnumerable<Measurement> LookUp(StoreBenchRun run)
    {
        int blocks = run.Pick(450_000, 30_000);
        using BenchStore bench = Open(run);
        Cid[] cids = Shuffled(Put(bench.Store, blocks), seed: 1);
        var found = new bool[Many];
        int groups = run.Pick(400, 40), at = 0;
        double?[] medians = run.Rounds.AllInTurn(
            () => Rounds.P50(groups, Each, () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    if (!bench.Store.Contains(cids[at])) throw CommandError.NoBlock(cids[at].ToString(), bench.Store);
                    if (++at == cids.Length) at = 0;
                }
            }),
            () => Rounds.P50(groups, Each, () =>
            {
                for (int i = 0; i < Each; i += Many)
                {
                    if (at > cids.Length - Many) at = 0;
                    bench.Store.ContainsMany(cids.AsSpan(at, Many), found);
                    int missing = Array.IndexOf(found, false);
                    if (missing >= 0) throw CommandError.NoBlock(cids[at + missing].ToString(), bench.Store);
                    at += Many;
                }
            }));
        string name = $"look-up at {blocks:N0} blocks";
        yield return Figure(name, medians[0], "Contains, in random order");
        yield return Figure($"{name}, {Many} in a call", medians[1], "ContainsMany, in random order");

        static Measurement Figure(string name, double? median, string note) =>
            new(name, median * 1e9, null, "ns", "", null, 60) { IsLessBetter = true, Note = note };
    }

    public static IEnumerable<Measurement> Readers(StoreBenchRun run)
    {
        const string threads = "readers on two cores, threads", processes = "readers on two cores, processes";
        const string loop = "an ALU loop on two cores";
        if (Environment.ProcessorCount < 2)
        {
            foreach (string name in new[] { threads, processes })
                yield return new Measurement(name, null, null, "x one", loop, 0.9) { Note = "one core here" };
            yield break;
        }

        int blocks = run.Pick(450_000, 30_000), time = run.Pick(250, 60);
        using BenchStore bench = Open(run);
        Cid[] cids = Put(bench.Store, blocks);
        Cid[][] orders = [Shuffled(cids, seed: 1), Shuffled(cids, seed: 2)];
        using var second = LineProcess.Second("read", bench.Directory);
        _ = second.Ask($"blocks {blocks}");
        double?[] rates = run.Rounds.AllInTurn(
            () => ReaderLoops.LookUp(bench.Store, orders[0], time),
            () => Both(i => ReaderLoops.LookUp(bench.Store, orders[i], time)),
            () => Beside(second, $"look {time}", () => ReaderLoops.LookUp(bench.Store, orders[0], time)),
            () => ReaderLoops.Count(time),
            () => Both(_ => ReaderLoops.Count(time)),
            () => Beside(second, $"count {time}", () => ReaderLoops.Count(time)));
        yield return new Measurement(threads, rates[1] / rates[0], rates[4] / rates[3], "x one", loop, 0.9)
        {
            Note = "look-ups through one handle",
        };
        yield return new Measurement(processes, rates[2] / rates[0], rates[5] / rates[3], "x one", loop, 0.9)
        {
            Note = "look-ups through a handle each",
        };
    }

    /// <summary>The CIDs of the blocks that <see cref="Put"/> puts.</summary>
    public static Cid[] Cids(int count)
    {
        var block = new NumberedBlocks(BlockBytes);
        return [.. Enumerable.Range(0, count).Select(i => Cid.Sha256(Multicodec.Raw, block.At(i).Span))];
    }

    public static Cid[] Shuffled(Cid[] cids, int seed)
    {
        Cid[] order = [.. cids];
        new Random(seed).Shuffle(order);
        return order;
    }

    private static BenchStore Open(StoreBenchRun run) => run.Open("lookup", 512 << 20);

    private static Cid[] Put(CidStore store, int count)
    {
        var block = new NumberedBlocks(BlockBytes);
        return [.. Enumerable.Range(0, count).Select(i => store.PutRaw(block.At(i)).Cid)];
    }

    /// <summary>The sum of two threads' rates.</summary>
    private static double Both(Func<int, double> loop)
    {
        double other = 0;
        var thread = new Thread(() => other = loop(1));
        thread.Start();
        double own = loop(0);
        thread.Join();
        return own + other;
    }

    /// <summary>The sum of two processes' rates.</summary>
    private static double Beside(LineProcess second, string line, Func<double> loop)
    {
        second.Tell(line);
        double own = loop();
        return own + second.HearNumber();
    }
}
