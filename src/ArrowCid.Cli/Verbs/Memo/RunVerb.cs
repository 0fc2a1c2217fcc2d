using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>run</c>: runs a command once, and repeats its result.</summary>
internal static class RunVerb
{
    public static Command Make()
    {
        var command = new Argument<string[]>("COMMAND")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "The command and its arguments, after --.",
        };
        var call = new CallOptions();
        Option<TimeSpan?> life = Verb.Span("--ttl", "The time for which the result is kept. Default: 30d.");
        var name = new Option<string?>("--name")
        {
            HelpName = "N",
            Description = "A name for the result: for its batch or dataset, or its bytes.",
        };
        var format = new Option<string?>("--format")
        {
            Description = "What the standard output is. Default: told by its first bytes: arrow, parquet, json, else " +
                "bytes.",
        };
        _ = format.AcceptOnlyFromAmong(RunOutput.Formats);
        var explain = new Option<bool>("--explain")
        {
            Description = "Only the key, and what differs from the last run of this program; nothing is run.",
        };
        var keepFailures = new Option<bool>("--keep-failures")
        {
            Description = "Keeps the result of a command that fails too. Default: it runs again the next time.",
        };
        Option<string?> store = Verb.Store();
        var verb = new Verb("run",
            "Run a command, or repeat what it printed. A command that ran before with the same arguments, files and " +
            "inputs is not run: its standard output, standard error and exit code are repeated. Processes that miss " +
            "together run it once. The last line on standard error is ran or hit, and the time. The command has no " +
            "standard input; an input is a file whose path is in ARROWCID_IN_NAME.",
            "arrowcid run -- python features.py > features.arrows",
            "arrowcid run --in @trades --in rules.json --param day=2026-11-20 --ttl 7d --name features -- python " +
            "features.py",
            "arrowcid run --explain --param day=2026-11-21 -- python features.py")
        {
            command, life, name, format, explain, keepFailures, store,
        };
        call.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using var opened = CidStore.Open(parsed.GetValue(store),
                new CidStoreOptions { OpenPlace = Locations.Open });
            Dictionary<string, (Cid Cid, string? Path)> inputs = call.Inputs(parsed, opened);
            string[] words = parsed.GetValue(command)!;
            CallKey key = RunKey.Of(words, call.Version(parsed) ?? "", call.Parameters(parsed),
                inputs.ToDictionary(input => input.Key, input => input.Value.Cid), call.Environment(parsed));
            if (parsed.GetValue(explain)) return RunKey.Explain(opened, key);
            var run = new RunCommand(opened, key, words, inputs)
            {
                Life = parsed.GetValue(life),
                Name = parsed.GetValue(name),
                Format = parsed.GetValue(format),
                KeepsFailures = parsed.GetValue(keepFailures),
            };
            return run.Run();
        });
        return verb;
    }
}
