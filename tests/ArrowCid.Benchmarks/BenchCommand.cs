using System.CommandLine;
using System.Globalization;
using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>The program: measures against competitors, both sides in turn in one run.</summary>
internal static class BenchCommand
{
    private const string About = "Measures ArrowCid against competitors, in one run on this machine.";

    private const string Invocation = "dotnet run --project tests/ArrowCid.Benchmarks -c Release --";

    private const int DefaultRounds = 5, QuickRounds = 2;
    private const string Only = "--only";
    private const string DefaultDisk = "/var/tmp";

    /// <summary>Runs a benchmark, or the second process of one.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args) => CommandLine.Run(static () => new RootCommand(About)
    {
        MakeHash(), MakeStore(), MakeIpc(), MakeExport(), MakeRegistry(), MakeFlight(), MakePlaces(), MakeMemo(),
        MakeSign(), MakeSync(), MakePool(), MakeChannel(), MakeSds(),
        SecondCommand.Make(),
    }, args, Invocation, Examples("hash", "store --quick", "export --only wide --json"));

    private static Verb MakeHash()
    {
        Option<bool> json = Verb.Json();
        Option<int?> rounds = RoundsOption(DefaultRounds);
        var hash = new Verb("hash", "Measure encoding and hashing. The competitors are plain SHA-256, and pyarrow with " +
            "hashlib.", Examples("hash", "hash --json"))
        {
            json, rounds,
        };
        hash.SetAction(parsed =>
        {
            var turns = new Rounds(parsed.GetValue(rounds) ?? DefaultRounds);
            return Print(turns, HashBench.Run(turns), parsed.GetValue(json));
        });
        return hash;
    }

    private static Verb MakeStore()
    {
        var disk = new Option<string>("--disk")
        {
            HelpName = "DIR",
            Description = "The directory of durable puts, on a disk.",
            DefaultValueFactory = _ => DefaultDisk,
        };
        Verb store = Against("store",
            "Measure puts, gets, streams and wake-ups of a store. The store is in shared memory; durable puts go to a " +
            "disk. The competitors are Redis, LMDB, SQLite and a Unix socket. The run starts the competitors " +
            "(interop/peers/setup installs them) and removes every file that it created.",
            StoreBench.Names,
            (parsed, isQuick, rounds) => new StoreBenchRun(isQuick, rounds, parsed.GetValue(disk)!),
            "store", "store --quick --json", "store --only put --only get");
        store.Add(disk);
        return store;
    }

    private static Verb MakeIpc() => Against("ipc",
        "Measure batches from one Python process to others. They go through libarrowcid (interop/build builds it). " +
        "The competitors are pyarrow Flight, shared_memory, memory_map, Redis, LMDB and a Unix socket. The run starts " +
        "the competitors (interop/peers/setup installs them) and removes every file that it created.",
        IpcBench.Names, (_, isQuick, rounds) => new IpcBenchRun(isQuick, rounds),
        "ipc", "ipc --quick --json", "ipc --only get");

    private static Verb MakeExport() => Against("export",
        "Measure Parquet files and CARs. The competitors are pyarrow on one thread with the same codec, ParquetSharp " +
        "and Parquet.Net for Parquet, and plain SHA-256 for CARs. Files and stores are in shared memory and are removed.",
        ExportBench.Names, (_, isQuick, rounds) => new ExportBench(isQuick, new Rounds(rounds)),
        "export", "export --only wide --json", "export --quick");

    private static Verb MakeFlight() => Against("flight",
        "Measure the Flight service: streams, calls, puts, watchers and memory. The competitor is pyarrow's Flight " +
        "server. One pyarrow client calls both servers in turn, over loopback and with the same batches. The run starts " +
        "the servers and removes every file that it created.",
        FlightBench.Names, (_, isQuick, rounds) => new FlightBenchRun(isQuick, rounds),
        "flight", "flight --only get --only info --rounds 9", "flight --quick --json");

    private static Verb MakePlaces()
    {
        var trace = new Option<string?>("--trace")
        {
            HelpName = "FILE",
            Description = "Reads that 'arrowcid place trace' recorded, for the policies of a cache. Default: five " +
                "patterns of reads.",
        };
        Verb places = Against("places",
            "Measure blocks to a bucket and back, and policies of a cache. The competitors are the AWS command line " +
            "and the plain AWS SDK, on the same server: Ceph's S3 gateway where it is installed (as root), else moto; " +
            "for caches ARC, LRU and BitFaster's W-TinyLFU over the same reads. The run starts the server and removes " +
            "every file that it created, up to 15 GB below /var/tmp.",
            PlacesBench.Names,
            (parsed, isQuick, rounds) => new PlacesBench(isQuick, new Rounds(rounds), parsed.GetValue(trace),
                withServer: parsed.GetValue<string[]>(Only) is not [PlacesBench.Cache]),
            "places", "places --quick --json", "places --only get", "places --only cache --trace reads.arrows");
        places.Add(trace);
        return places;
    }

    private static Verb MakeMemo() => Against("memo",
        "Measure cached functions of Python: hits, calls that miss together, and what follows when a process dies. They " +
        "go through libarrowcid (interop/build builds it). The competitors are joblib and diskcache, in the same process " +
        "and with the same values. Files and stores are in shared memory and are removed.",
        MemoBench.Names, (_, isQuick, rounds) => new MemoBench(isQuick, rounds),
        "memo", "memo --quick --json", "memo --only small");

    private static Verb MakeSign() => Against("sign",
        "Measure signed puts, verifications and evidence bundles. The competitors are the COSE of .NET for signatures, " +
        "SHA-256 for bundles, and hashlib for their verification in Python. Stores and files are in shared memory, take " +
        "3.5 GB, and are removed.",
        SignBench.Names, (_, isQuick, rounds) => new SignBench(isQuick, new Rounds(rounds)),
        "sign", "sign --only verify", "sign --quick --json");

    private static Verb MakeSync() => Against("sync",
        "Measure sync: the bytes and time to find the differences of sets of up to ten million blocks, and stores that come " +
        "into step. The competitors are rsync and git-annex, as programs, where they are installed; figures of negentropy, " +
        "which were measured elsewhere, are printed beside. Stores and files are in shared memory, and are removed.",
        SyncBench.Names, (_, isQuick, rounds) => new SyncBench(isQuick, new Rounds(rounds)),
        "sync", "sync --only find", "sync --quick --json");

    private static Verb MakePool() => Against("pool",
        "Measure pools: facts and names of members, how soon a store hears of a name, a store that joins, and a collection. " +
        "The competitor is bare PostgreSQL, on the same server, which the run starts; its data are below the temporary " +
        "directory, stores and objects in shared memory, and all are removed. ARROWCID_BENCH_ENTRIES is the number of " +
        "entries of the store that joins.",
        PoolBench.Names, (_, isQuick, rounds) => new PoolBench(isQuick, new Rounds(rounds)),
        "pool", "pool --only names", "pool --quick --json");

    private static Verb MakeChannel() => Against("channel",
        "Measure channels: from the publish to the message in another process, sizes of messages, what they take to make, " +
        "and a channel of a million messages. The competitors are 'watch' of the same store, plain puts, and SHA-256 and " +
        "ECDSA alone. Stores are in shared memory, take 2 GB, and are removed.",
        ChannelBench.Names, (_, isQuick, rounds) => new ChannelBench(isQuick, new Rounds(rounds)),
        "channel", "channel --only wake", "channel --quick --json");

    private static Verb MakeSds() => Against("sds",
        "Measure messages of Scalable Data Sync in both dialects: what they take to wrap and to receive, and their lengths. " +
        "The competitor is @waku/sds, in a process of its own (interop/peers/setup installs it).",
        SdsBench.Names, (_, isQuick, rounds) => new SdsBench(isQuick, new Rounds(rounds)),
        "sds", "sds --only wrap", "sds --quick --json");

    private static Verb MakeRegistry()
    {
        Option<bool> json = Verb.Json(), quick = QuickOption();
        Option<string[]> only = OnlyOption(RegistryBench.Names);
        var registry = new Verb("registry",
            "Measure ten million entries with all their indexes. It measures inserts, pages by a tag, single entries, " +
            "opening and recovery, a registry of 200 entries, and the second query of a store that no process " +
            "maintained. The competitor is SQLite with the same rows and indexes. Both are in shared memory and take " +
            "10 GB.",
            Examples("registry --quick", "registry --only unmaintained", "registry --json"))
        {
            quick, json, only,
        };
        registry.SetAction(parsed =>
        {
            using var run = new StoreBenchRun(parsed.GetValue(quick), 1, DefaultDisk);
            ReportMissing(run);
            return Print(run.Rounds, new RegistryBench(run).Run(parsed.GetValue(only) ?? []), parsed.GetValue(json));
        });
        return registry;
    }

    /// <summary>A bench with competitors, whole or in parts.</summary>
    private static Verb Against(string name, string description, IEnumerable<string> parts,
        Func<ParseResult, bool, int, IBench> open, params string[] examples)
    {
        Option<bool> json = Verb.Json();
        Option<int?> rounds = RoundsOption(QuickRounds);
        Option<bool> quick = QuickOption();
        Option<string[]> only = OnlyOption(parts);
        var verb = new Verb(name, description, Examples(examples)) { quick, json, only, rounds };
        verb.SetAction(parsed =>
        {
            bool isQuick = parsed.GetValue(quick);
            int count = parsed.GetValue(rounds) ?? (isQuick ? QuickRounds : DefaultRounds);
            using IBench bench = open(parsed, isQuick, count);
            ReportMissing(bench);
            return Print(bench.Rounds, bench.Run(parsed.GetValue(only) ?? []), parsed.GetValue(json));
        });
        return verb;
    }

    private static string[] Examples(params string[] arguments) =>
        Array.ConvertAll(arguments, each => $"{Invocation} {each}");

    private static void ReportMissing(IBench bench)
    {
        if (bench.MissingCompetitors is { } missing)
            CommandError.Say($"PEER MISSING: {missing}; run interop/peers/setup");
    }

    private static Option<bool> QuickOption() => new("--quick")
    {
        Description = $"Small sizes and {QuickRounds} rounds, which show that everything runs, not how fast.",
    };

    private static Option<string[]> OnlyOption(IEnumerable<string> names)
    {
        var only = new Option<string[]>(Only)
        {
            HelpName = "NAME",
            Description = "One measurement to run; may be given several times.",
        };
        only.AcceptOnlyFromAmong([.. names]);
        return only;
    }

    private static Option<int?> RoundsOption(int least) =>
        Verb.Number("--rounds", least,
            $"The number of rounds, each of which times all sides in turn. Default: {DefaultRounds}, or " +
            $"{QuickRounds} with --quick.");

    private static int Print(Rounds rounds, IEnumerable<Measurement> measurements, bool json)
    {
        using var output = Output.Open();
        if (!json) output.Line($"{"",-46}{"ours",12}{"competitor",12}  {"unit",-10}{"ratio",8}{"goal",14}");
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
        string details = measured.CompetitorName.Length > 0 ? $"; competitor: {measured.CompetitorName}" : "";
        if (measured.Note is { } note) details += $"; {note}";
        output.Line($"{measured.Name,-46}{Number(measured.Ours),12}{Number(measured.Competitor),12}  " +
            $"{measured.Unit,-10}{Number(measured.Ratio),8}{Goal(measured),14}  {measured.Verdict}{details}");
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
        Write("peer", measured.Competitor);
        writer.WriteString("unit", measured.Unit);
        writer.WriteBoolean("lessIsBetter", measured.IsLessBetter);
        Write("ratio", measured.Ratio);
        Write("goal", measured.Goal ?? measured.FigureGoal);
        writer.WriteBoolean("goalIsRatio", measured.Goal is not null);
        writer.WriteString("verdict", measured.Verdict);
        writer.WriteString("peerName", measured.CompetitorName);
        writer.WriteString("note", measured.Note);

        void Write(string name, double? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    });
}
