using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using ArrowCid.Cli.Demo;
using ArrowCid.Cli.Inspect;
using ArrowCid.Cli.SelfTest;
using ArrowCid.Cli.Serve;
using ArrowCid.Cli.Verbs;

namespace ArrowCid.Cli;

/// <summary>The command <c>arrowcid</c>: its verbs, its help, and how a run ends.</summary>
internal static class CommandLine
{
    private const string About =
        "Gives every Apache Arrow record batch a content address (CID) and lets processes read it without a copy.";

    private static readonly Dictionary<string, Func<Command>> s_verbs = new(StringComparer.Ordinal)
    {
        ["hash"] = HashVerb.Make,
        ["check"] = CheckVerb.Make,
        ["explain"] = ExplainVerb.Make,
        ["diff"] = DiffVerb.Make,
        ["put"] = PutVerb.Make,
        ["get"] = GetVerb.Make,
        ["cat"] = CatVerb.Make,
        ["ls"] = ListVerb.Make,
        ["query"] = QueryVerb.Make,
        ["snapshot"] = SnapshotVerb.Make,
        ["info"] = InfoVerb.Make,
        ["verify"] = VerifyVerb.Make,
        ["repair"] = RepairVerb.Make,
        ["assert"] = AssertVerb.Make,
        ["watch"] = WatchVerb.Make,
        ["export"] = ExportVerb.Make,
        ["import"] = ImportVerb.Make,
        ["car"] = CarVerb.Make,
        ["dag"] = DagVerb.Make,
        ["tag"] = TagVerb.Make,
        ["name"] = NameVerb.Make,
        ["pin"] = PinVerb.Make,
        ["unpin"] = UnpinVerb.Make,
        ["touch"] = TouchVerb.Make,
        ["rm"] = RemoveVerb.Make,
        ["gc"] = CollectVerb.Make,
        ["forget"] = ForgetVerb.Make,
        ["compact"] = CompactVerb.Make,
        ["maintain"] = MaintainVerb.Make,
        ["backup"] = BackupVerb.Make,
        ["restore"] = RestoreVerb.Make,
        ["migrate"] = MigrateVerb.Make,
        ["stats"] = StatsVerb.Make,
        ["du"] = UsageVerb.Make,
        ["config"] = ConfigVerb.Make,
        ["links"] = LinksVerb.Make,
        ["why"] = WhyVerb.Make,
        ["shm"] = ShmVerb.Make,
        ["log"] = LogVerb.Make,
        ["doctor"] = DoctorVerb.Make,
        ["reap"] = ReapVerb.Make,
        ["batchtest"] = BatchTestVerb.Make,
        ["serve"] = ServeVerb.Make,
        ["demo"] = DemoVerb.Make,
        ["help"] = static () => new Verb("help", "Show the help of the command or of one verb.",
            "arrowcid help", "arrowcid help put") { Verb.Optional("VERB", "The verb.") },
        ["version"] = static () => new Verb("version", "Show the version of the command.", "arrowcid version"),
        [DemoReaderVerb.Name] = DemoReaderVerb.Make,
        [BatchTestWorkerVerb.Name] = BatchTestWorkerVerb.Make,
    };

    // An argument that begins with @ is a name, not a file of arguments.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        string[] plain = Plain(args);
        return Run(() => Root(plain), plain, "arrowcid",
            ["arrowcid demo", "arrowcid hash batches.arrow", "arrowcid put batches.arrow", "arrowcid ls"]);
    }

    /// <summary>Runs a program that has verbs.</summary>
    /// <param name="makeRoot">Makes the program's root command.</param>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="program">How the program is called on a command line.</param>
    /// <param name="examples">The examples at the end of the program's own help.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Func<RootCommand> makeRoot, string[] args, string program, string[] examples)
    {
        try
        {
            RootCommand root = makeRoot();
            AddExamples(root, examples);
            ParseResult parsed = root.Parse(args, s_parsing);
            if (parsed.Errors.Count > 0) return Misused(parsed, program);
            return parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // A server that is interrupted ends its calls, in its own time.
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception e)
        {
            return CommandError.Report(e);
        }
    }

    /// <summary><c>help VERB</c> is <c>VERB --help</c>, and <c>version</c> is <c>--version</c>.</summary>
    private static string[] Plain(string[] args) => args switch
    {
        ["help", "--help" or "-h" or "-?", ..] => args,
        ["help", .. string[] verb] => [.. verb, "--help"],
        ["version"] => ["--version"],
        _ => args,
    };

    /// <summary>Only the verb that is asked for is built: a short-lived command feels every other one.</summary>
    private static RootCommand Root(string[] args)
    {
        var root = new RootCommand(About);
        if (args.Length > 0 && s_verbs.TryGetValue(args[0], out Func<Command>? make)) root.Add(make());
        else foreach (Func<Command> each in s_verbs.Values) root.Add(each());
        return root;
    }

    private static void AddExamples(RootCommand root, string[] examples)
    {
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction usual })
                option.Action = new HelpWithExamples(usual, examples);
        }

        root.SetAction(parsed => new HelpWithExamples(new HelpAction(), examples).Invoke(parsed));
    }

    private static int Misused(ParseResult parsed, string program)
    {
        foreach (ParseError error in parsed.Errors) CommandError.Say(OneLine(error.Message));
        if (Suggestion.For(parsed) is { } meant) CommandError.Say($"did you mean '{meant}'?");
        string verb = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } it;
            at = at.Parent)
        {
            verb = $"{it.Command.Name} {verb}";
        }

        Console.Error.WriteLine($"Try '{program} {verb}--help'.");
        return ErrorTable.ExitCode(ErrorCode.InvalidArgument);
    }

    /// <summary>A list of choices comes in lines of its own.</summary>
    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The usual help and, behind it, the verb's examples.</summary>
    private sealed class HelpWithExamples(HelpAction usual, string[] rootExamples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int exit = usual.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            string[] examples = parseResult.CommandResult.Command is Verb verb
                ? verb.Examples
                : rootExamples;
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (string example in examples) output.WriteLine($"  {example}");
            output.WriteLine();
            return exit;
        }
    }
}
