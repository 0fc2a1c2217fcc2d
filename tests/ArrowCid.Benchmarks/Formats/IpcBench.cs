namespace ArrowCid.Benchmarks;

/// <summary>The measurements of <c>ipc</c>, by name: batches from one Python process to others.</summary>
internal static class IpcBench
{
    private const int Compared = 1 << 20;
    private const int Consumers = 8;
    private const string Columns = "10 columns of float64";

    private static readonly (string Name, Func<IpcBenchRun, IEnumerable<Measurement>> Run)[] s_all =
    [
        ("get", Get),
        ("sizes", Sizes),
        ("put", Put),
        ("consumers", Deliver),
    ];

    /// <summary>How others get a batch: the way, who it is, what is kept and what is done each time, and how many times
    /// faster ours is to be.</summary>
    private static readonly (string Way, string Name, string Note, double? Goal)[] s_competitors =
    [
        ("flight", "pyarrow Flight", "over loopback, the client kept, a DoGet each", 5),
        ("shared", "shared_memory", "attached, opened as an IPC stream and left each time", 5),
        ("mapped", "memory_map", "a file in /dev/shm, mapped, opened and left each time", 5),
        ("redis", "Redis", "Unix socket and buffer kept, a GET each", 5),
        ("lmdb", "LMDB", "environment kept, a read transaction each time, the value not copied", 5),
        ("socket", "a Unix socket", "socket and buffer kept, the bytes sent each time", null),
        ("kept", "mapped IPC bytes", "nothing is looked up or mapped: pyarrow opens bytes that it has", null),
    ];

    public static IEnumerable<string> Names => s_all.Select(each => each.Name);

    /// <summary>Measures everything, or what was named.</summary>
    public static IEnumerable<Measurement> Run(IpcBenchRun run, string[] only) => s_all
        .Where(each => only.Length == 0 || only.Contains(each.Name))
        .SelectMany(each => each.Run(run));

    private static IEnumerable<Measurement> Get(IpcBenchRun run)
    {
        int fast = run.Pick(4000, 400), slow = run.Pick(200, 24);
        double?[] p50 = run.Rounds.AllInTurn(
        [
            run.Side("get", "c-data", Compared, fast),
            run.Side("get", "opened", Compared, fast),
            run.Side("get", "store", Compared, fast),
            .. s_competitors.Select(competitor => run.Side("get", competitor.Way, Compared, slow)),
        ]);
        yield return Alone("get to C Data, 1 MiB", p50[0], 3, "get, __arrow_c_array__, and both dropped");
        yield return Alone("get to a pyarrow batch, 1 MiB", p50[1], 10, "get, to_pyarrow, and both dropped");
        for (int i = 0; i < s_competitors.Length; i++)
        {
            (string way, string name, string note, double? goal) = s_competitors[i];
            yield return new Measurement($"get, 1 MiB, against {name}", p50[2] * 1e6, p50[i + 3] * 1e6,
                "us", name, goal)
            {
                IsLessBetter = true,
                Note = Missing(run, way) ?? $"{note}; both to a pyarrow batch with one value read",
            };
        }

        static Measurement Alone(string name, double? seconds, double goal, string note) =>
            new(name, seconds * 1e6, null, "us", "", null, goal)
            {
                IsLessBetter = true,
                Note = $"{Columns}, warm; {note}",
            };
    }

    private static IEnumerable<Measurement> Sizes(IpcBenchRun run)
    {
        int[] sizes = run.Sizes;
        int count = run.Pick(4000, 400);
        double?[] p50 = run.Rounds.AllInTurn([.. sizes.Select(size => run.Side("get", "store", size, count))]);
        for (int i = 0; i < sizes.Length; i++)
        {
            yield return new Measurement($"get, {GetBench.Size(sizes[i])}", p50[i] * 1e6, null, "us",
                "", null)
            {
                IsLessBetter = true,
                Note = $"{Columns}, warm; get, to_pyarrow, one value",
            };
        }

        yield return new Measurement("get, slowest by fastest size", p50.Max() / p50.Min(), null, "x", "", null, 2)
        {
            IsLessBetter = true,
            Note = run.SizesLack ?? $"{GetBench.Size(sizes[0])} to {GetBench.Size(sizes[^1])}",
        };
    }

    private static IEnumerable<Measurement> Put(IpcBenchRun run)
    {
        int count = run.Pick(64, 16);
        double?[] p50 = run.Rounds.AllInTurn(
            run.Side("put", "store", Compared, count), run.Side("put", "hash", Compared, count));
        yield return new Measurement("put of a pyarrow batch, 1 MiB", Compared / p50[0] / 1e9, Compared / p50[1] / 1e9,
            "GB/s", "hashlib's SHA-256 over as many bytes", 0.7)
        {
            Note = $"{Columns}; a new batch each time, into a ring",
        };
    }

    private static IEnumerable<Measurement> Deliver(IpcBenchRun run)
    {
        int count = run.Pick(100, 8);
        double?[] seconds = run.Rounds.AllInTurn(
            run.Side("deliver", "store", Compared, count),
            run.Side("deliver", "redis", Compared, count),
            run.Side("deliver", "socket", Compared, count));
        yield return Against("redis", "Redis", "SET, PUBLISH of the key, a GET by each", seconds[1]);
        yield return Against("socket", "a socket", "a Unix socket to each", seconds[2]);

        Measurement Against(string way, string competitor, string how, double? theirs) =>
            new($"1 MiB batches to {Consumers} consumers, against {competitor}", Rate(seconds[0]), Rate(theirs), "GB/s",
                $"{competitor}: {how}", 3)
            {
                Note = Missing(run, way) ?? "bytes read by all, from a pyarrow batch here to a value read there",
            };

        double? Rate(double? time) => (double)Consumers * count * Compared / time / 1e9;
    }

    private static string? Missing(IpcBenchRun run, string way) =>
        run.Lack(way) is { } lack ? $"PEER MISSING: {lack}; run interop/peers/setup" : null;
}
