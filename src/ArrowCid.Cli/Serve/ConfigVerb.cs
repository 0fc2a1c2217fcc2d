using System.Collections;
using System.CommandLine;
using ArrowCid.Cli.Verbs;

namespace ArrowCid.Cli.Serve;

/// <summary><c>config check</c>: every setting, and where it is set; also <c>serve --check</c>.</summary>
internal static class ConfigVerb
{
    private const string Start = "ARROWCID_", ByDefault = "default";

    // The variables that are no setting of 'serve'.
    private static readonly (string Name, string Help)[] s_variables =
    [
        ("ARROWCID_STORE", "The store's directory."),
        (FromOptions.Variable, "The sources of blocks that the store lacks, as for --from, separated by commas."),
        (HedgedSources.Variable, "The time after which the next of several gateways of --from is asked too, such as " +
            "200ms; off: only where one fails. Default: the time in which 95 % of the answers came."),
        ("ARROWCID_DEBUG", "1 prints errors with their stack trace."),
        ("ARROWCID_LIBRARY", "The path of libarrowcid for other languages."),
    ];

    private static readonly string[] s_ofTests =
    [
        "ARROWCID_LONG", "ARROWCID_SEED", "ARROWCID_REQUIRE_PEERS", "ARROWCID_ACCEPT_API", "ARROWCID_PEERS",
    ];

    public static Command Make()
    {
        var verb = new Verb("config",
            "Show the settings of the command and where they are set.", "arrowcid serve --check");
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
            Description = $"The file of the settings, under 'serve'. Default: {ServeSettings.FileName} here, if it " +
                "exists.",
        };
        var verb = new Verb("check",
            "Check every setting and show where it is set. The same as 'serve --check'.",
            "arrowcid serve --check",
            "arrowcid serve --check --config /etc/arrowcid.json --json")
        {
            store, file, json,
        };
        verb.SetAction(parsed => Check(
            ServeSettings.Read(_ => null, parsed.GetValue(file)), parsed.GetValue(store), parsed.GetValue(json)));
        return verb;
    }

    /// <summary>Checks all settings and prints them; faults come first.</summary>
    /// <param name="settings">The settings of the server.</param>
    /// <param name="directory">The store's directory, or null for the default.</param>
    /// <param name="isJson">Whether the lines are JSON.</param>
    /// <returns>The exit code.</returns>
    public static int Check(ServeSettings settings, string? directory, bool isJson)
    {
        string[] unknown = [.. Unknown().Order(StringComparer.Ordinal)];
        foreach (string name in unknown) CommandError.Say($"there is no setting {name}; check the spelling");
        int exit = ServeVerb.Faults(() => settings.ToOptions().Check(), () => _ = HedgedSources.Delay(),
            () => _ = settings.Maintenance(), () => _ = settings.Cache(), () => _ = settings.Pool(),
            () => _ = settings.ReadsPlaces, () => _ = settings.Write, () => _ = settings.MaxBacklog,
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

    /// <summary>Opens the store; a store that does not exist yet is no fault.</summary>
    private static void OpenStore(string? directory)
    {
        try
        {
            CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true }).Dispose();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreGone)
        {
            CommandError.Say($"{directory ?? CidStore.DefaultDirectory}: no store yet; the first put creates it");
        }
    }
}
