using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Torture;

/// <summary><c>torture</c>: processes that are killed, and a checker that believes nobody.</summary>
internal static class TortureVerb
{
    private const int DefaultSeconds = 60;
    private const int DefaultProcesses = 3;
    private const int RoundsOfAWord = 100;

    public static Command Make()
    {
        Option<bool> json = Verb.Json();
        Option<int?> seconds = Verb.Number("--seconds", 1, "How long to go on. Default: 60.", DefaultSeconds);
        Option<int?> rounds = Verb.Number("--rounds", 1,
            "End after so many rounds, however long they take. Default: when the time is over.");
        Option<int?> kills = Verb.Number("--kills", 1, "End after so many kills. Default: when the time is over.");
        Option<int?> processes = Verb.Number("--processes", 1, "Processes at once, at most. Default: 3.",
            DefaultProcesses);
        Option<int?> seed = Verb.Number("--seed", 0, "The seed of what is done. Default: another one each time.");
        var folder = new Option<string?>("--in")
        {
            HelpName = "DIR",
            Description = "An empty or new directory for the stores. Default: one of its own in /dev/shm.",
        };
        var verb = new Verb("torture",
            "Processes put, get, watch, name, remove, collect, compact, back up and restore in stores of their own " +
            "and are killed, at random and at every step of every protocol; after each round everything that was " +
            "acknowledged is looked for and hashed, backups are restored and compared, the same collection twice " +
            "has to be as good as once, and nothing may be left over. A failure says the seed, the round, the step " +
            "and where the evidence is.",
            "arrowcid torture --seconds 60",
            "arrowcid torture --rounds 10000",
            "arrowcid torture --kills 300 --seed 7 --json")
        {
            seconds, rounds, kills, processes, seed, folder, json,
        };
        verb.SetAction(parsed =>
        {
            int chosen = parsed.GetValue(seed) ?? Random.Shared.Next();
            string directory = parsed.GetValue(folder) ?? CidStore.SharedDirectory(
                string.Create(CultureInfo.InvariantCulture, $"torture-{Environment.ProcessId}"));
            int? most = parsed.GetValue(rounds);
            bool isTimed = most is null || parsed.GetResult(seconds) is { Implicit: false };
            return Run(new TortureOptions(isTimed ? parsed.GetValue(seconds)!.Value : double.PositiveInfinity,
                most ?? int.MaxValue, parsed.GetValue(kills) ?? int.MaxValue, parsed.GetValue(processes)!.Value,
                chosen, Path.GetFullPath(directory)), parsed.GetValue(json));
        });
        return verb;
    }

    private static int Run(TortureOptions options, bool json)
    {
        if (Directory.Exists(options.Directory) && Directory.EnumerateFileSystemEntries(options.Directory).Any())
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{options.Directory} is not empty; name a new directory");
        Directory.CreateDirectory(options.Directory);
        Failure.Say(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}"));
        var run = new TortureRun(options);
        bool isSound = run.Run(ShowProgress);
        if (!Console.IsErrorRedirected) Console.Error.Write("\r\e[K");
        if (isSound) Directory.Delete(options.Directory, recursive: true);
        using var output = Output.Open();
        if (json) PrintJson(output, options, run);
        else Print(output, options, run);
        foreach (string failure in run.Failure?.Split('\n') ?? []) Failure.Say(failure);
        return isSound ? 0 : ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
    }

    /// <summary>On a terminal after every round, elsewhere now and then.</summary>
    private static void ShowProgress(TortureRun run)
    {
        if (Console.IsErrorRedirected && run.Rounds % RoundsOfAWord != 0) return;
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{run.Rounds} rounds, {run.Kills} kills, {run.Hashed} blocks hashed, {run.Elapsed.TotalSeconds:0} s");
        if (Console.IsErrorRedirected) Failure.Say(line);
        else Console.Error.Write($"\r{line}");
    }

    private static void Print(Output output, TortureOptions options, TortureRun run)
    {
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"seed {options.Seed}: {run.Kills} kills in {run.Rounds} rounds over {run.Stores} stores and " +
            $"{run.Elapsed.TotalSeconds:0.0} s; {run.Promised} promises, {run.Hashed} blocks and {run.Restored} " +
            $"restored backups were looked at: {(run.Failure is null ? "all is there" : "FAILED")}"));
        output.Line(string.Create(CultureInfo.InvariantCulture, $"killed at random: {run.AtRandom}; at: ") +
            string.Join(", ", run.Steps.Select(step =>
                string.Create(CultureInfo.InvariantCulture, $"{step.Key} {step.Value}"))));
    }

    private static void PrintJson(Output output, TortureOptions options, TortureRun run) => output.JsonLine(writer =>
    {
        writer.WriteNumber("seed", options.Seed);
        writer.WriteNumber("kills", run.Kills);
        writer.WriteNumber("rounds", run.Rounds);
        writer.WriteNumber("stores", run.Stores);
        writer.WriteNumber("seconds", Math.Round(run.Elapsed.TotalSeconds, 1));
        writer.WriteNumber("promises", run.Promised);
        writer.WriteNumber("blocksHashed", run.Hashed);
        writer.WriteNumber("restored", run.Restored);
        writer.WriteNumber("atRandom", run.AtRandom);
        writer.WriteStartObject("steps");
        foreach ((string step, int count) in run.Steps) writer.WriteNumber(step, count);
        writer.WriteEndObject();
        if (run.Failure is { } failure) writer.WriteString("failure", failure);
    });
}
