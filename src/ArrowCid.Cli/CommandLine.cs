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

    private static readonly (string Name, Func<Command> Make)[] s_hidden =
    [
        // Former names, which show the same as the verbs that their help names.
        ("query", QueryVerb.Make), ("why", WhyVerb.Make), ("du", UsageVerb.Make),
        ("shm", ShmVerb.Make), ("reap", ReapVerb.Make), ("compact", CompactVerb.Make), ("config", ConfigVerb.Make),
        (DemoReaderVerb.Name, DemoReaderVerb.Make), (BatchTestWorkerVerb.Name, BatchTestWorkerVerb.Make),
    ];

    /// <summary>The visible verbs, in the groups and the order of the help.</summary>
    public static IReadOnlyList<VerbGroup> Groups { get; } =
    [
        new("Data",
        [
            ("put", PutVerb.Make), ("get", GetVerb.Make), ("cat", CatVerb.Make), ("export", ExportVerb.Make),
            ("import", ImportVerb.Make), ("hash", HashVerb.Make), ("check", CheckVerb.Make),
            ("explain", ExplainVerb.Make), ("diff", DiffVerb.Make), ("same", SameVerb.Make),
            ("compare", CompareVerb.Make), ("assert", AssertVerb.Make),
            ("car", CarVerb.Make), ("dag", DagVerb.Make), ("run", RunVerb.Make), ("memo", MemoVerb.Make),
            ("bundle", BundleVerb.Make), ("channel", ChannelVerb.Make),
        ]),
        new("Find",
        [
            ("ls", ListVerb.Make), ("info", InfoVerb.Make), ("links", LinksVerb.Make),
            ("watch", WatchVerb.Make),
        ]),
        new("Places",
        [
            ("copy", CopyVerb.Make), ("place", PlaceVerb.Make), ("whereis", WhereIsVerb.Make),
            ("drop", DropVerb.Make), ("replicas", ReplicasVerb.Make), ("prefetch", PrefetchVerb.Make),
            ("heat", HeatVerb.Make), ("publish", PublishVerb.Make), ("sync", SyncVerb.Make),
            ("mirror", MirrorVerb.Make), ("pool", PoolVerb.Make),
        ]),
        new("Metadata",
        [
            ("tag", TagVerb.Make), ("annotate", AnnotateVerb.Make), ("name", NameVerb.Make),
            ("schema", SchemaVerb.Make), ("snapshot", SnapshotVerb.Make), ("key", KeyVerb.Make),
            ("sign", SignVerb.Make), ("trust", TrustVerb.Make),
        ]),
        new("Retention",
        [
            ("pin", PinVerb.Make), ("unpin", UnpinVerb.Make), ("touch", TouchVerb.Make), ("rm", RemoveVerb.Make),
            ("gc", CollectVerb.Make), ("forget", ForgetVerb.Make),
        ]),
        new("Store",
        [
            ("stats", StatsVerb.Make), ("maintain", MaintainVerb.Make), ("verify", VerifyVerb.Make),
            ("repair", RepairVerb.Make), ("doctor", DoctorVerb.Make), ("log", LogVerb.Make), ("seal", SealVerb.Make),
            ("backup", BackupVerb.Make), ("restore", RestoreVerb.Make), ("migrate", MigrateVerb.Make),
            ("batchtest", BatchTestVerb.Make),
        ]),
        new("Service",
        [
            ("serve", ServeVerb.Make), ("demo", DemoVerb.Make), ("completion", CompletionVerb.Make),
            ("help", static () => new Verb("help", "Show the help of the command or of a verb.",
                "arrowcid help", "arrowcid help put") { Verb.Optional("VERB", "The verb.") }),
            ("version", static () => new Verb("version", "Show the version of the command.", "arrowcid version")),
        ]),
    ];

    // An argument that begins with @ is a name, not a file of arguments.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (args is [CompletionVerb.Complete, .. string[] words]) return CompletionVerb.Print(words);
        string[] plain = Plain(args);
        return Run(() => Root(plain), plain, "arrowcid",
            ["arrowcid demo", "arrowcid hash batches.arrow", "arrowcid put batches.arrow", "arrowcid ls"], Groups);
    }

    /// <summary>Runs a program that has verbs.</summary>
    /// <param name="makeRoot">Makes the program's root command.</param>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="program">How the program is called on a command line.</param>
    /// <param name="examples">The examples at the end of the program's own help.</param>
    /// <param name="groups">The groups of its verbs in that help; null for no groups.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Func<RootCommand> makeRoot, string[] args, string program, string[] examples,
        IReadOnlyList<VerbGroup>? groups = null)
    {
        try
        {
            RootCommand root = makeRoot();
            AddHelp(root, examples, groups);
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

    /// <summary>Makes the root command, for a line that begins with a verb with that verb alone: to make all of them
    /// takes longer than a short command runs.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    public static RootCommand Root(string[] args)
    {
        var root = new RootCommand(About);
        string? first = args.Length > 0 ? args[0] : null;
        (string Name, Func<Command> Make)[] visible = [.. Groups.SelectMany(group => group.Verbs)];
        Func<Command>? one = visible.FirstOrDefault(verb => verb.Name == first).Make;
        if (one is not null) root.Add(one());
        else if (s_hidden.FirstOrDefault(verb => verb.Name == first).Make is { } hidden) root.Add(Hide(hidden()));
        else
        {
            foreach ((_, Func<Command> make) in visible) root.Add(make());
            foreach ((_, Func<Command> make) in s_hidden) root.Add(Hide(make()));
        }

        return root;

        static Command Hide(Command verb)
        {
            verb.Hidden = true;
            return verb;
        }
    }

    /// <summary>Parses a command line as <see cref="Run(string[])"/> does.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    public static ParseResult Parse(string[] args)
    {
        string[] plain = Plain(args);
        return Root(plain).Parse(plain, s_parsing);
    }

    /// <summary>Returns the first sentence of a description, without its full stop.</summary>
    public static string FirstSentence(string description)
    {
        int end = description.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? description.TrimEnd('.') : description[..end];
    }

    private static void AddHelp(RootCommand root, string[] examples, IReadOnlyList<VerbGroup>? groups)
    {
        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction usual })
                option.Action = new HelpWithExamples(usual, examples, groups);
        }

        root.SetAction(parsed => new HelpWithExamples(new HelpAction(), examples, groups).Invoke(parsed));
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

    /// <summary>The help of a verb with its examples, or of the command with its verbs in groups.</summary>
    private sealed class HelpWithExamples(HelpAction usual, string[] rootExamples, IReadOnlyList<VerbGroup>? groups)
        : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            Command command = parseResult.CommandResult.Command;
            int exit = 0;
            if (command is RootCommand && groups is not null) WriteGroups(output, command, groups);
            else exit = usual.Invoke(parseResult);
            string[] examples = command is Verb verb ? verb.Examples : rootExamples;
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (string example in examples) output.WriteLine($"  {example}");
            output.WriteLine();
            return exit;
        }

        private static void WriteGroups(TextWriter output, Command root, IReadOnlyList<VerbGroup> groups)
        {
            Dictionary<string, string> texts =
                root.Subcommands.ToDictionary(verb => verb.Name, verb => verb.Description ?? "");
            int width = groups.Max(group => group.Verbs.Max(verb => verb.Name.Length));
            output.WriteLine($"Description:\n  {root.Description}\n\nUsage:\n  arrowcid VERB [OPTIONS]\n");
            foreach (VerbGroup group in groups)
            {
                output.WriteLine($"{group.Title}:");
                foreach ((string name, _) in group.Verbs)
                    output.WriteLine($"  {name.PadRight(width)}  {FirstSentence(texts[name])}");
                output.WriteLine();
            }

            output.WriteLine("Options:");
            output.WriteLine("  -?, -h, --help  Show the options and examples of a verb: arrowcid VERB --help");
            output.WriteLine("  --version       Show the version of the command\n");
        }
    }
}
