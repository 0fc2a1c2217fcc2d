using System.CommandLine;

namespace ArrowCid.Cli;

/// <summary>A verb of the command, with the examples that its help ends in.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public string[] Examples { get; } = examples;

    public static Argument<string[]> Files() => new("FILE")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "Arrow IPC streams or files; - is standard input.",
    };

    public static Argument<string> CidText() => new("CID") { Description = "A CID, as 'hash', 'put' and 'ls' print it." };

    public static Option<bool> Json() => new("--json") { Description = "One JSON object a line." };

    public static Option<string?> Store() => new("--store")
    {
        HelpName = "DIR",
        Description = "The store's directory. Default: $ARROWCID_STORE, else /dev/shm/arrowcid-UID/default.",
    };

    public static Option<string[]> DropMetadata() => new("--drop-metadata")
    {
        HelpName = "KEY",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "Leave this key out of the schema's and all fields' metadata; may be given several times.",
    };
}
