using System.Globalization;
using System.Security.Cryptography;
using ArrowCid.Client;

namespace ArrowCid.Benchmarks;

/// <summary>The measurements of <c>flight</c>, by name: what moves batches. What waits is in
/// <see cref="FlightWaitBench"/>.</summary>
internal static class FlightBench
{
    private const int Large = 64 << 20, Middle = 1 << 20, Small = 256;
    private const double MiB = 1 << 20, GiB = 1 << 30;
    private const string PyArrow = "pyarrow's server";

    private static readonly (string Name, Func<FlightBenchRun, IEnumerable<Measurement>> Run)[] s_all =
    [
        ("get", run => Get(run, SecondServer.OverTcp, "DoGet", 0.9, 0.85)),
        ("small", Tiny),
        ("info", Info),
        ("put", Put),
        ("unix", run => Get(run, SecondServer.OverUnix, "DoGet over a Unix socket", 0.8, 0.7)),
        ("tls", run => Get(run, SecondServer.OverTls, "DoGet over TLS", 0.9, 0.9)),
        ("clients", Clients),
        ("local", Local),
        ("announce", FlightWaitBench.Announce),
        ("memory", FlightWaitBench.Memory),
    ];

    public static IEnumerable<string> Names => s_all.Select(each => each.Name);

    /// <summary>Measures everything, or what was named.</summary>
    public static IEnumerable<Measurement> Run(FlightBenchRun run, string[] only) => s_all
        .Where(each => only.Length == 0 || only.Contains(each.Name))
        .SelectMany(each => each.Run(run));

    /// <summary>The large and the middle batch, over and over in one stream.</summary>
    private static IEnumerable<Measurement> Get(FlightBenchRun run, string way, string name, double largeGoal,
        double middleGoal)
    {
        bool isTcp = way == SecondServer.OverTcp;
        foreach ((int bytes, double goal) in new[] { (Large, largeGoal), (Middle, middleGoal) })
        {
            string size = GetBench.Size(bytes);
            if (run.Client is null)
            {
                yield return Missing($"{name}, {size}", "MiB/s", goal);
                continue;
            }

            int total = run.Pick(isTcp ? 1 << 30 : 1 << 29, 64 << 20);
            string cid = run.Show(BenchBatches.Flat(bytes));
            FlightSide ours = run.Ours(way), competitor = run.Competitor(way)!;
            var cpu = new Dictionary<FlightSide, List<double>> { [ours] = [], [competitor] = [] };
            double?[] seconds = run.Rounds.AllInTurn(() => Timed(ours), () => Timed(competitor));
            yield return new Measurement($"{name}, {size}", total / MiB / seconds[0], total / MiB / seconds[1],
                "MiB/s", PyArrow, goal)
            {
                Note = $"a pyarrow client, {total / bytes} batches in one stream",
            };
            yield return new Measurement($"{name}, {size}: server's CPU", Rounds.Median(cpu[ours]),
                Rounds.Median(cpu[competitor]), "s/GiB", PyArrow, isTcp && bytes == Large ? 0.5 : null)
            {
                IsLessBetter = true,
            };

            double Timed(FlightSide side)
            {
                double before = side.Process.CpuSeconds;
                double taken = run.Ask("get", side, cid, total / bytes);
                // The clock of a process ticks every hundredth of a second.
                cpu[side].Add(Math.Max(side.Process.CpuSeconds - before, 0.005) * GiB / total);
                return taken;
            }
        }
    }

    private static IEnumerable<Measurement> Tiny(FlightBenchRun run)
    {
        int count = run.Pick(50_000, 1000);
        // PutMany takes what stands in the batches when it is called.
        string cid = run.Show([.. Enumerable.Range(0, count).Select(i => new NumberedBatch(Small, 1).With(i))]);
        FlightSide ours = run.Ours(SecondServer.OverTcp);
        if (run.Competitor(SecondServer.OverTcp) is { } competitor)
        {
            double?[] seconds = run.Rounds.AllInTurn(
                () => run.Ask("table", ours, cid), () => run.Ask("table", competitor, cid));
            yield return new Measurement("DoGet, 256 B", count / seconds[0], count / seconds[1], "batches/s", PyArrow,
                1.3)
            {
                Note = $"{count:N0} batches of a dataset into a table, pyarrow client",
            };
        }
        else
        {
            yield return Missing("DoGet, 256 B", "batches/s", 1.3);
        }

        using HttpClient channel = BenchCall.Connect(new Uri(ours.Address));
        double own = run.Rounds.AllInTurn(() => Rounds.Seconds(() => Sink(channel, cid, count)))[0]!.Value;
        yield return new Measurement("DoGet, 256 B, a raw reader", count / own, null, "batches/s", "", null, 1_000_000)
        {
            Note = "messages are taken and not decoded",
        };
    }

    private static void Sink(HttpClient channel, string cid, int count)
    {
        using BenchCall call = FlightWaitBench.Open(channel, "-", cid).GetAwaiter().GetResult();
        int messages = Drain(call).GetAwaiter().GetResult();
        // The schema is one more.
        if (messages != count + 1)
            throw new ArrowCidException(ErrorCode.Internal, $"{messages} messages came for {count} batches");

        static async Task<int> Drain(BenchCall call)
        {
            int messages = 0;
            while (await call.NextAsync().ConfigureAwait(false)) messages++;
            return messages;
        }
    }

    private static IEnumerable<Measurement> Info(FlightBenchRun run)
    {
        // Six tenths of the time at most.
        const double Goal = 1 / 0.6;
        if (run.Client is not { } client)
        {
            yield return Missing("GetFlightInfo, p50", "us", Goal);
            yield break;
        }

        int count = run.Pick(3000, 100);
        string cid = run.Show(BenchBatches.Flat(Middle));
        FlightSide[] sides = [run.Ours(SecondServer.OverTcp), run.Competitor(SecondServer.OverTcp)!];
        List<double>[] last = [[], []];
        double?[] p50 = run.Rounds.AllInTurn(() => Timed(0), () => Timed(1));
        yield return Figure("p50", p50[0], p50[1]);
        yield return Figure("p99", Rounds.Median(last[0]), Rounds.Median(last[1]));

        double Timed(int side)
        {
            double[] times = Numbers(client.Ask(FlightBenchRun.Line("info", sides[side], cid, count)));
            last[side].Add(times[1]);
            return times[0];
        }

        static Measurement Figure(string which, double? ours, double? theirs) =>
            new($"GetFlightInfo, {which}", ours * 1e6, theirs * 1e6, "us", $"{PyArrow}, whose handler is Python", Goal)
            {
                IsLessBetter = true,
                Note = "one caller, a look-up and a token each",
            };
    }

    private static IEnumerable<Measurement> Put(FlightBenchRun run)
    {
        const double Goal = 0.85;
        if (run.Competitor(SecondServer.OverTcp) is not { } competitor)
        {
            yield return Missing("DoPut, 64 MiB", "MiB/s", Goal);
            yield break;
        }

        using BenchStore ring = run.OpenRing();
        FlightSide ours = run.Ring(ring);
        foreach (int bytes in new[] { Large, Middle })
        {
            int total = run.Pick(1 << 29, 64 << 20);
            byte[] plain = new byte[bytes];
            double?[] seconds = run.Rounds.AllInTurn(
                () => run.Ask("put", ours, bytes, total / bytes),
                () => run.Ask("put", competitor, bytes, total / bytes),
                () => Rounds.Seconds(() => Hash(plain, total / bytes)));
            double? sink = total / MiB / seconds[1], hash = total / MiB / seconds[2];
            yield return new Measurement($"DoPut, {GetBench.Size(bytes)}", total / MiB / seconds[0],
                Math.Min(sink!.Value, hash!.Value), "MiB/s",
                sink < hash ? $"{PyArrow}, which drops what comes" : "SHA-256 of the same bytes on one core", Goal)
            {
                Note = string.Create(CultureInfo.InvariantCulture,
                    $"hashed and stored, new each time; pyarrow drops {sink:N0}, SHA-256 alone does {hash:N0}"),
            };
        }
    }

    private static void Hash(byte[] plain, int times)
    {
        for (int i = 0; i < times; i++) _ = SHA256.HashData(plain);
    }

    private static IEnumerable<Measurement> Clients(FlightBenchRun run)
    {
        int clients = run.Pick(64, 8), each = run.Pick(16, 2);
        string name = $"DoGet, 1 MiB, {clients} clients at once";
        if (run.Competitor(SecondServer.OverTcp) is not { } competitor)
        {
            yield return Missing(name, "MiB/s", null);
            yield break;
        }

        string cid = run.Show(BenchBatches.Flat(Middle));
        FlightSide ours = run.Ours(SecondServer.OverTcp);
        double?[] seconds = run.Rounds.AllInTurn(
            () => run.Ask("many", ours, cid, each, clients), () => run.Ask("many", competitor, cid, each, clients));
        yield return new Measurement(name, clients * each / seconds[0], clients * each / seconds[1], "MiB/s", PyArrow,
            null)
        {
            Note = "a connection each, made first",
        };
    }

    /// <summary>A client that finds the server's store on its own machine, against one that does not look.</summary>
    private static IEnumerable<Measurement> Local(FlightBenchRun run)
    {
        const double Goal = 5;
        FlightSide ours = run.Ours(SecondServer.OverTcp);
        using CidClient shared = Client(isLocal: true), remote = Client(isLocal: false);
        foreach (int bytes in new[] { Middle, Large })
        {
            Cid cid = Cid.Parse(run.Show(BenchBatches.Flat(bytes)));
            int often = run.Pick(bytes == Large ? 4 : 64, 2);
            double?[] p50 = run.Rounds.AllInTurn(() => Fetch(shared, cid, often), () => Fetch(remote, cid, often));
            yield return new Measurement($"get on the server's machine, {GetBench.Size(bytes)}", p50[0] * 1e6,
                p50[1] * 1e6, "us", "the same client over TCP", Goal)
            {
                IsLessBetter = true,
                Note = "CidClient, one value read; nothing is hashed again",
            };
        }

        CidClient Client(bool isLocal) => new(new Uri(ours.Address), new CidClientOptions
        {
            Token = ours.Token,
            UseLocalStore = isLocal,
            Verify = false,
        });

        static double Fetch(CidClient client, Cid cid, int often) => Rounds.P50(often, 1, () =>
        {
            using RemoteBatch got = client.TryGetAsync(cid).GetAwaiter().GetResult()
                ?? throw new ArrowCidException(ErrorCode.BlockNotFound, $"the server lost {cid}");
            _ = got.View.Column<long>("c0").Values[0];
        });
    }

    public static Measurement Missing(string name, string unit, double? goal) =>
        new(name, null, null, unit, PyArrow, goal) { Note = "PEER MISSING: pyarrow; run interop/peers/setup" };

    public static double[] Numbers(string line) =>
        Array.ConvertAll(line.Split(' '), text => double.Parse(text, CultureInfo.InvariantCulture));
}
