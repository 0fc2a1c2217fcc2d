using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowCid.Cli;
using ArrowCid.Storage;

namespace ArrowCid.Torture;

/// <summary>The program: processes that are killed at work, and a checker that trusts none of them.</summary>
internal static class TortureCommand
{
    private const string About =
        "Kills processes that work on a store, at random and at every step of every protocol, and checks what is left.";

    private const int DefaultSeconds = 60;
    private const int DefaultProcesses = 3;
    private const int RoundsPerLine = 100;

    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Runs the torture, or one of its workers.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <returns>The exit code: 0 where nothing was lost.</returns>
    public static int Run(string[] args)
    {
        if (!CrashPoint.IsBuiltIn)
        {
            Say("the loaded library has no fault points; build this project as Debug, or as Release, which takes " +
                "the library's configuration FaultPoints");
            return ErrorTable.ExitCode(ErrorCode.Unsupported);
        }

        try
        {
            ParseResult parsed = Make().Parse(args);
            foreach (var error in parsed.Errors) Say(error.Message.ReplaceLineEndings(" "));
            if (parsed.Errors.Count > 0) return ErrorTable.ExitCode(ErrorCode.InvalidArgument);
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (ArrowCidException e)
        {
            Say(e.Message);
            return ErrorTable.ExitCode(e.Code);
        }
    }

    private static RootCommand Make()
    {
        Option<bool> json = new("--json") { Description = "Print the result as one JSON object." };
        Option<int?> seconds = Verb.Number("--seconds", 1, "The duration in seconds. Default: 60.", DefaultSeconds);
        Option<int?> rounds = Verb.Number("--rounds", 1,
            "The number of rounds, however long they take. Default: as many as fit into --seconds.");
        Option<int?> kills = Verb.Number("--kills", 1, "The number of kills. Default: as many as fit into --seconds.");
        Option<int?> processes = Verb.Number("--processes", 1,
            "The largest number of processes at the same time. Default: 3.", DefaultProcesses);
        Option<int?> seed = Verb.Number("--seed", 0, "The seed of all random choices. Default: a new one per run.");
        var folder = new Option<string?>("--in")
        {
            HelpName = "DIR",
            Description = "An empty or new directory for the stores. Default: a new one in /dev/shm.",
        };
        var bucket = new Option<string?>("--bucket")
        {
            HelpName = "URL",
            Description = "A folder of a bucket (s3://BUCKET/FOLDER?endpoint=URL) that some workers copy blocks to. " +
                "Default: none, and no worker is killed at the steps of buckets.",
        };
        var steps = new Option<string?>("--steps")
        {
            HelpName = "LETTERS",
            Description = "The first letters of the steps to kill at, such as OVXY. Default: all.",
        };
        var command = new RootCommand(About)
        {
            seconds, rounds, kills, processes, seed, folder, bucket, steps, json, TortureWorkerCommand.Make(),
        };
        command.SetAction(parsed =>
        {
            int chosen = parsed.GetValue(seed) ?? Random.Shared.Next();
            string directory = parsed.GetValue(folder) ?? CidStore.SharedDirectory(
                string.Create(CultureInfo.InvariantCulture, $"torture-{Environment.ProcessId}"));
            int? most = parsed.GetValue(rounds);
            bool isTimed = most is null || parsed.GetResult(seconds) is { Implicit: false };
            return Run(new TortureOptions(isTimed ? parsed.GetValue(seconds)!.Value : double.PositiveInfinity,
                most ?? int.MaxValue, parsed.GetValue(kills) ?? int.MaxValue, parsed.GetValue(processes)!.Value,
                chosen, Path.GetFullPath(directory), parsed.GetValue(bucket), parsed.GetValue(steps)),
                parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(TortureOptions options, bool json)
    {
        if (Directory.Exists(options.Directory) && Directory.EnumerateFileSystemEntries(options.Directory).Any())
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{options.Directory} is not empty; name a new directory");
        Directory.CreateDirectory(options.Directory);
        Say(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}"));
        var run = new TortureRun(options);
        bool isSound = run.Run(ShowProgress);
        if (!Console.IsErrorRedirected) Console.Error.Write("\r\e[K");
        if (options.Bucket is null) Say("no --bucket: the steps of buckets were left out");
        if (isSound) Directory.Delete(options.Directory, recursive: true);
        if (json) PrintJson(options, run);
        else Print(options, run);
        foreach (string failure in run.Failure?.Split('\n') ?? []) Say(failure);
        return isSound ? 0 : ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
    }

    private static void Say(string message) => Console.Error.WriteLine($"torture: {CommandError.Visible(message)}");

    /// <summary>Shows progress: on a terminal after every round, elsewhere once per hundred rounds.</summary>
    private static void ShowProgress(TortureRun run)
    {
        if (Console.IsErrorRedirected && run.Rounds % RoundsPerLine != 0) return;
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{run.Rounds} rounds, {run.Kills} kills, {run.Hashed} blocks hashed, {run.Elapsed.TotalSeconds:0} s");
        if (Console.IsErrorRedirected) Say(line);
        else Console.Error.Write($"\r{line}");
    }

    private static void Print(TortureOptions options, TortureRun run)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {options.Seed}: {run.Kills} kills in {run.Rounds} rounds over {run.Stores} stores and " +
            $"{run.Elapsed.TotalSeconds:0.0} s; checked {run.Promised} promises, {run.Hashed} blocks and " +
            $"{run.Restored} restored backups: {(run.Failure is null ? "nothing lost" : "FAILED")}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"killed at random: {run.AtRandom}; at: ") +
            string.Join(", ", run.Steps.Select(step =>
                string.Create(CultureInfo.InvariantCulture, $"{step.Key} {step.Value}"))));
    }

    private static void PrintJson(TortureOptions options, TortureRun run)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("seed", options.Seed);
            writer.WriteNumber("kills", run.Kills);
            writer.WriteNumber("rounds", run.Rounds);
            writer.WriteNumber("stores", run.Stores);
            writer.WriteNumber("seconds", Math.Round(run.Elapsed.TotalSeconds, 1));
            writer.WriteNumber("promises", run.Promised);
            writer.WriteNumber("blocksHashed", run.Hashed);
            writer.WriteNumber("restored", run.Restored);
            writer.WriteNumber("damaged", run.Damaged);
            writer.WriteNumber("atRandom", run.AtRandom);
            writer.WriteStartObject("steps");
            foreach ((string step, int count) in run.Steps) writer.WriteNumber(step, count);
            writer.WriteEndObject();
            if (run.Failure is { } failure) writer.WriteString("failure", failure);
            writer.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
