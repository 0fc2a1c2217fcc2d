using System.Collections;
using System.CommandLine;
using ArrowCid.Cli.Verbs;

namespace ArrowCid.Cli.Serve;

/// <summary><c>config</c>: every setting of the command, and who said so.</summary>
internal static class ConfigVerb
{
    private const string Start = "ARROWCID_", ByDefault = "default";

    // What belongs to no verb, or to the C interface and the tests.
    private static readonly (string Name, string Help)[] s_variables =
    [
        ("ARROWCID_STORE", "The store's directory."),
        (FromOptions.Variable, "Where blocks come from that the store does not have, as for --from; with commas."),
        ("ARROWCID_DEBUG", "1: errors come with where they arose."),
        ("ARROWCID_LIBRARY", "Where other languages find libarrowcid."),
    ];

    private static readonly string[] s_ofTests =
    [
        "ARROWCID_LONG", "ARROWCID_SEED", "ARROWCID_REQUIRE_PEERS", "ARROWCID_ACCEPT_API", "ARROWCID_PEERS",
    ];

    public static Command Make()
    {
        var verb = new Verb("config", "What the command's settings are, and who said so.", "arrowcid config check");
        verb.Add(MakeCheck());
        return verb;
    }

    private static Verb MakeCheck()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var file = new Option<string?>("--config")
        {
            HelpName = "FILE",
            Description = $"Settings, under 'serve'. Default: {ServeSettings.FileName} here, where it is.",
        };
        var verb = new Verb("check",
            "Lists every setting, its value, and whether a flag, a variable, the file or nobody said so, and sees " +
            "whether they are right: the server would start, the store opens where there is one, and no variable " +
            "ARROWCID_* is misspelt. Exit code 0 where all is well.",
            "arrowcid config check",
            "arrowcid config check --config /etc/arrowcid.json --json")
        {
            store, file, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(file), parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, string? file, bool isJson)
    {
        var settings = ServeSettings.Read(_ => null, file);
        // What is wrong comes first, and not after a page of what is right.
        string[] unknown = [.. Unknown().Order(StringComparer.Ordinal)];
        foreach (string name in unknown) CommandError.Say($"there is no setting {name}; is it misspelt?");
        int exit = ServeVerb.Faults(() => settings.ToOptions().Check(), () => _ = settings.Maintenance(),
            FromOptions.Check, () => OpenStore(directory));
        using var output = Output.Open();
        foreach ((string name, string help) in s_variables) PrintVariable(output, isJson, directory, name, help);
        foreach ((ServeSetting setting, string? value, string from) in settings.Explained)
            ServeVerb.Print(output, isJson, setting.Name, value, from, setting.Help);
        return unknown.Length > 0 ? ErrorTable.ExitCode(ErrorCode.InvalidArgument) : exit;
    }

    private static void PrintVariable(Output output, bool isJson, string? directory, string name, string help)
    {
        bool isStore = name == s_variables[0].Name;
        string? set = Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;
        string from = isStore && directory is not null ? "--store" : set is null ? ByDefault : name;
        string? value = isStore ? directory ?? CidStore.DefaultDirectory : set;
        ServeVerb.Print(output, isJson, name[Start.Length..].ToLowerInvariant(), value, from, help);
    }

    private static IEnumerable<string> Unknown()
    {
        HashSet<string> known = [.. s_variables.Select(each => each.Name), .. s_ofTests,
            .. ServeSetting.All.Select(setting => setting.Variable)];
        foreach (DictionaryEntry each in Environment.GetEnvironmentVariables())
        {
            string name = (string)each.Key;
            if (name.StartsWith(Start, StringComparison.Ordinal) && !known.Contains(name)) yield return name;
        }
    }

    /// <summary>A store that is not made yet is none that is wrong.</summary>
    private static void OpenStore(string? directory)
    {
        try
        {
            CidStore.Open(directory, new CidStoreOptions { MustExist = true, ReadOnly = true }).Dispose();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreGone)
        {
            CommandError.Say($"{directory ?? CidStore.DefaultDirectory}: no store yet; the first put makes it");
        }
    }
}
