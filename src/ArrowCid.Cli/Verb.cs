using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ArrowCid.Cli;

/// <summary>A verb of the command, with the examples that its help ends in.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public string[] Examples { get; } = examples;

    public static Argument<string[]> Files() => RefusingOptions(new Argument<string[]>("FILE")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "Arrow IPC streams or files; - is standard input.",
    });

    public static Argument<string> File(string name, string description) =>
        RefusingOptions(new Argument<string>(name) { Description = description });

    public static Argument<string> CidText() =>
        RefusingOptions(new Argument<string>("CID") { Description = "A CID, as 'hash', 'put' and 'ls' print it." });

    public static Argument<string[]> CidTexts(string description) =>
        RefusingOptions(new Argument<string[]>("CID") { Arity = ArgumentArity.ZeroOrMore, Description = description });

    /// <summary>An option that takes a whole number.</summary>
    public static Option<int?> Number(string name, int least, string description, int? byDefault = null)
    {
        var option = new Option<int?>(name)
        {
            HelpName = "N",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                bool isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
                if (isNumber && number >= least) return number;
                result.AddError($"{name} takes a whole number from {least}, not '{text}'.");
                return null;
            },
        };
        if (byDefault is { } value) option.DefaultValueFactory = _ => value;
        return option;
    }

    public static Option<bool> Json() => new("--json") { Description = "One JSON object a line." };

    public static Option<string?> Store()
    {
        var option = new Option<string?>("--store")
        {
            HelpName = "DIR",
            Description = "The store's directory. Default: $ARROWCID_STORE, else /dev/shm/arrowcid-UID/default.",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is "") result.AddError("--store takes a directory.");
        });
        return option;
    }

    public static Option<string[]> DropMetadata() => new("--drop-metadata")
    {
        HelpName = "KEY",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "Leave this key out of the schema's and all fields' metadata; may be given several times.",
    };

    /// <summary>A misspelt option is not taken for a file.</summary>
    private static T RefusingOptions<T>(T argument) where T : Argument
    {
        argument.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(token => token.Value.Length > 1 && token.Value[0] == '-'))
                result.AddError($"There is no option {token.Value}; a file of that name is ./{token.Value}.");
        });
        return argument;
    }
}
