using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli.Bench;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>bench</c>: what our ways cost against others', measured in one run.</summary>
internal static class BenchVerb
{
    private const int UsualRounds = 5, QuickRounds = 2;
    private const string UsualDisk = "/var/tmp";

    public static Command Make() =>
        new Verb("bench", "Measures against peers, in one run on this machine.", "arrowcid bench hash",
            "arrowcid bench store", "arrowcid bench ipc", "arrowcid bench export", "arrowcid bench registry",
            "arrowcid bench flight")
        {
            MakeHash(), MakeStore(), MakeIpc(), MakeExport(), MakeRegistry(), MakeFlight(),
        };

    private static Verb MakeHash()
    {
        Option<bool> json = Verb.Json();
        Option<int?> rounds = RoundsOption(UsualRounds);
        var hash = new Verb("hash", "Encoding and hashing, against plain SHA-256 and against pyarrow with hashlib.",
            "arrowcid bench hash", "arrowcid bench hash --json")
        {
            json, rounds,
        };
        hash.SetAction(parsed =>
        {
            var turns = new Rounds(parsed.GetValue(rounds) ?? UsualRounds);
            return Print(turns, HashBench.Run(turns), parsed.GetValue(json));
        });
        return hash;
    }

    private static Verb MakeStore()
    {
        var disk = new Option<string>("--disk")
        {
            HelpName = "DIR",
            Description = $"Where durable puts go: a directory on a disk. Default: {UsualDisk}.",
            DefaultValueFactory = _ => UsualDisk,
        };
        Verb store = Against("store",
            "Puts, gets, streams and wake-ups of a store in shared memory, and durable puts on a disk, against " +
            "Redis, LMDB, SQLite and a Unix socket in turn. It starts the peers itself (interop/peers/setup brings " +
            "them) and removes what it makes.",
            StoreBench.Names,
            (parsed, isQuick, rounds) => new StoreBenchRun(isQuick, rounds, parsed.GetValue(disk)!),
            "arrowcid bench store", "arrowcid bench store --quick --json",
            "arrowcid bench store --only put --only get");
        store.Add(disk);
        return store;
    }

    private static Verb MakeIpc() => Against("ipc",
        "Batches from one Python process to others, through libarrowcid (interop/build makes it), against " +
        "pyarrow Flight, shared_memory, memory_map, Redis, LMDB and a Unix socket in turn. It starts the peers " +
        "itself (interop/peers/setup brings them) and removes what it makes.",
        IpcBench.Names, (_, isQuick, rounds) => new IpcBenchRun(isQuick, rounds),
        "arrowcid bench ipc", "arrowcid bench ipc --quick --json", "arrowcid bench ipc --only get");

    private static Verb MakeExport() => Against("export",
        "Parquet written and read, against pyarrow on one thread with the same codec in turn; CARs out of a " +
        "store and into one, against plain SHA-256. Files and stores lie in shared memory and are removed.",
        ExportBench.Names, (_, isQuick, rounds) => new ExportBench(isQuick, new Rounds(rounds)),
        "arrowcid bench export", "arrowcid bench export --only wide --json", "arrowcid bench export --quick");

    private static Verb MakeFlight() => Against("flight",
        "The Flight service against pyarrow's Flight server, both over loopback with the same batches and called by " +
        "one pyarrow client in turn: streams, calls, puts, watchers, and memory of what waits. It starts the servers " +
        "itself and removes what it makes.",
        FlightBench.Names, (_, isQuick, rounds) => new FlightBenchRun(isQuick, rounds),
        "arrowcid bench flight", "arrowcid bench flight --only get --only info --rounds 9",
        "arrowcid bench flight --quick --json");

    private static Verb MakeRegistry()
    {
        Option<bool> json = Verb.Json(), quick = QuickOption();
        var registry = new Verb("registry",
            "Ten million entries with all their indexes: inserts, pages by a tag, single entries, opening and " +
            "recovery, against SQLite with the same rows and indexes, in shared memory; and 200 entries. It takes " +
            "10 GB there.",
            "arrowcid bench registry --quick", "arrowcid bench registry --json")
        {
            quick, json,
        };
        registry.SetAction(parsed =>
        {
            using var run = new StoreBenchRun(parsed.GetValue(quick), 1, UsualDisk);
            if (run.MissingPeers is { } missing) Failure.Say($"PEER MISSING: {missing}; run interop/peers/setup");
            return Print(run.Rounds, new RegistryBench(run).Run(), parsed.GetValue(json));
        });
        return registry;
    }

    /// <summary>A bench with peers, whole or in parts.</summary>
    private static Verb Against(string name, string description, IEnumerable<string> parts,
        Func<ParseResult, bool, int, IBench> open, params string[] examples)
    {
        Option<bool> json = Verb.Json();
        Option<int?> rounds = RoundsOption(QuickRounds);
        Option<bool> quick = QuickOption();
        Option<string[]> only = OnlyOption(parts);
        var verb = new Verb(name, description, examples) { quick, json, only, rounds };
        verb.SetAction(parsed =>
        {
            bool isQuick = parsed.GetValue(quick);
            int count = parsed.GetValue(rounds) ?? (isQuick ? QuickRounds : UsualRounds);
            using IBench bench = open(parsed, isQuick, count);
            if (bench.MissingPeers is { } missing)
                Failure.Say($"PEER MISSING: {missing}; run interop/peers/setup");
            return Print(bench.Rounds, bench.Run(parsed.GetValue(only) ?? []), parsed.GetValue(json));
        });
        return verb;
    }

    private static Option<bool> QuickOption() => new("--quick")
    {
        Description = $"Small sizes and {QuickRounds} rounds: shows that everything runs, not how fast.",
    };

    private static Option<string[]> OnlyOption(IEnumerable<string> names)
    {
        var only = new Option<string[]>("--only")
        {
            HelpName = "NAME",
            Description = "Only this measurement; may be given several times.",
        };
        only.AcceptOnlyFromAmong([.. names]);
        return only;
    }

    private static Option<int?> RoundsOption(int least) =>
        Verb.Number("--rounds", least, "Rounds in which all sides are timed in turn; the medians count.");

    private static int Print(Rounds rounds, IEnumerable<Measurement> measurements, bool json)
    {
        using var output = Output.Open();
        if (!json) output.Line($"{"",-46}{"ours",12}{"peer",12}  {"unit",-10}{"ratio",8}{"goal",14}");
        output.Writer.Flush();
        var missed = new List<string>();
        foreach (Measurement measured in measurements)
        {
            if (measured.IsMet == false) missed.Add(measured.Name);
            if (json) PrintJson(output, measured);
            else PrintLine(output, measured);
            output.Writer.Flush();
        }

        if (missed.Count > 0) Console.Error.WriteLine($"goals missed: {string.Join("; ", missed)}");
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"noise {rounds.Noise:F2} (slowest by fastest of one fixed loop); " +
            $"{rounds.Count} rounds; {Environment.ProcessorCount} cores"));
        return 0;
    }

    private static void PrintLine(Output output, Measurement measured)
    {
        string said = measured.PeerName.Length > 0 ? $"; peer: {measured.PeerName}" : "";
        if (measured.Note is { } note) said += $"; {note}";
        output.Line($"{measured.Name,-46}{Number(measured.Ours),12}{Number(measured.Peer),12}  {measured.Unit,-10}" +
            $"{Number(measured.Ratio),8}{Goal(measured),14}  {measured.Verdict}{said}");
    }

    private static string Goal(Measurement measured)
    {
        if (measured.Goal is { } ratio) return $">= {Bound(ratio)}x";
        if (measured.FigureGoal is { } figure) return $"{(measured.IsLessBetter ? "<=" : ">=")} {Bound(figure)}";
        return "-";
    }

    private static string Number(double? value) => value switch
    {
        null => "-",
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("F1", CultureInfo.InvariantCulture),
        // Fine enough to tell a goal that was met from one that was missed.
        _ => value.Value.ToString("F3", CultureInfo.InvariantCulture),
    };

    private static string Bound(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static void PrintJson(Output output, Measurement measured) => output.JsonLine(writer =>
    {
        writer.WriteString("name", measured.Name);
        Write("ours", measured.Ours);
        Write("peer", measured.Peer);
        writer.WriteString("unit", measured.Unit);
        writer.WriteBoolean("lessIsBetter", measured.IsLessBetter);
        Write("ratio", measured.Ratio);
        Write("goal", measured.Goal ?? measured.FigureGoal);
        writer.WriteBoolean("goalIsRatio", measured.Goal is not null);
        writer.WriteString("verdict", measured.Verdict);
        writer.WriteString("peerName", measured.PeerName);
        writer.WriteString("note", measured.Note);

        void Write(string name, double? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    });
}
