using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.SelfTest;

/// <summary><c>batchtest</c>: throughput and correctness here, on a store of its own.</summary>
internal static class BatchTestVerb
{
    private const int DefaultCount = 1000;
    private const int DefaultRows = 1000;

    public static Command Make()
    {
        Option<int?> count = Verb.Number("--count", 1, "The number of batches.", DefaultCount);
        Option<int?> batch = Verb.Number("--batch", 1, "The rows per batch, each of 16 bytes.", DefaultRows);
        Option<int?> seed = Verb.Number("--seed", 0, "The seed of the rows. Default: a new one for each run.");
        Option<bool> verify = Step("--verify", "A step that hashes every block again.");
        Option<bool> query = Step("--query", "A step that finds batches by tag and compares them with the stored " +
            "ones.");
        Option<bool> crash = Step("--crash", "A step that kills a writing process and looks for every batch that " +
            "it had acknowledged.");
        Option<bool> json = Verb.Json();
        var folder = new Option<string?>("--in")
        {
            HelpName = "DIR",
            Description = "A new directory for the store, which is deleted afterwards. Default: one in /dev/shm.",
        };
        var verb = new Verb("batchtest",
            "Measure and check puts and reads in a store of its own. Every value is read again and compared. The " +
            "output is STEP  COUNT  SECONDS  RATE. Exit code 4 if a value differs.",
            "arrowcid batchtest",
            "arrowcid batchtest --count 10000 --batch 100 --verify --query --crash --seed 7",
            "arrowcid batchtest --in /srv/try --crash --json")
        {
            count, batch, verify, query, crash, seed, folder, json,
        };
        verb.SetAction(parsed =>
        {
            string directory = parsed.GetValue(folder) ?? CidStore.SharedDirectory(
                string.Create(CultureInfo.InvariantCulture, $"batchtest-{Environment.ProcessId}"));
            var options = new BatchTestOptions(Path.GetFullPath(directory), parsed.GetValue(count)!.Value,
                parsed.GetValue(batch)!.Value, parsed.GetValue(seed) ?? Random.Shared.Next());
            var test = new BatchTest(options);
            var steps = new List<Func<CidStore, BatchTestStep>> { test.Put, test.Get };
            if (parsed.GetValue(verify)) steps.Add(test.Verify);
            if (parsed.GetValue(query)) steps.Add(test.Query);
            if (parsed.GetValue(crash)) steps.Add(test.Crash);
            return Run(options, test, steps, parsed.GetValue(json));
        });
        return verb;
    }

    private static Option<bool> Step(string name, string description) => new(name) { Description = description };

    private static int Run(BatchTestOptions options, BatchTest test, List<Func<CidStore, BatchTestStep>> steps,
        bool json)
    {
        if (Directory.Exists(options.Directory) && Directory.EnumerateFileSystemEntries(options.Directory).Any())
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{options.Directory} is not empty; name a new directory");
        CommandError.Say(string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}"));
        try
        {
            using CidStore store = BatchTest.Open(options);
            using var output = Output.Open();
            foreach (Func<CidStore, BatchTestStep> step in steps) Print(output, step(store), json);
        }
        finally
        {
            if (Directory.Exists(options.Directory)) Directory.Delete(options.Directory, recursive: true);
        }

        foreach (string fault in test.Faults) CommandError.Say(fault);
        return test.Faults.Count == 0 ? 0 : ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
    }

    private static void Print(Output output, BatchTestStep step, bool json)
    {
        double seconds = Math.Max(step.Elapsed.TotalSeconds, 1e-9);
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("step", step.Name);
                writer.WriteNumber("count", step.Count);
                writer.WriteNumber("bytes", step.Bytes);
                writer.WriteNumber("seconds", Math.Round(seconds, 6));
            });
            return;
        }

        string rate = step.Bytes == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {step.Bytes / seconds / 1e6:0.0} MB/s");
        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{step.Name,-7} {step.Count,9}  {seconds,9:0.000} s  {step.Count / seconds,11:0} a second{rate}"));
    }
}
