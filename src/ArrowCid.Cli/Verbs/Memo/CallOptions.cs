using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options that say the arguments of a call.</summary>
internal sealed class CallOptions
{
    private readonly Option<string[]> _parameters = Verb.Several("--param", "NAME=TEXT",
        "An argument that is a value: NAME=TEXT for text, NAME:=JSON for a number, true, null, a list or an object; " +
        "may be given several times.");

    private readonly Option<string[]> _inputs = Verb.Several("--in", "NAME=WHAT",
        "An argument that is a block: a name after @, a CID, a file or a directory; NAME may be left out of @NAME " +
        "and of a file. May be given several times.");

    private readonly Option<string[]> _environment = Verb.Several("--env", "VARIABLE",
        "A variable of the environment on which the result depends; may be given several times.");

    private readonly Option<string?> _version = new("--version")
    {
        HelpName = "TEXT",
        Description = "The version of what is computed; another one is another key. Default: none.",
    };

    public CallOptions() => _parameters.Validators.Add(result =>
    {
        foreach (Token token in result.Tokens.Where(token => token.Value.IndexOf('=') < 1))
            result.AddError($"--param is written NAME=TEXT or NAME:=JSON, not '{token.Value}'.");
    });

    public void AddTo(Verb verb, bool hasEnvironment = true)
    {
        verb.Add(_parameters);
        verb.Add(_inputs);
        verb.Add(_version);
        if (hasEnvironment) verb.Add(_environment);
    }

    /// <summary>Whether one of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_parameters) is { Length: > 0 } ||
        parsed.GetValue(_inputs) is { Length: > 0 } || parsed.GetValue(_version) is not null;

    /// <summary>The version; null where none is given.</summary>
    public string? Version(ParseResult parsed) => parsed.GetValue(_version);

    /// <summary>The values by their names.</summary>
    public Dictionary<string, IpldNode> Parameters(ParseResult parsed)
    {
        var found = new Dictionary<string, IpldNode>(StringComparer.Ordinal);
        foreach (string text in parsed.GetValue(_parameters) ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            bool isJson = text[equals - 1] == ':';
            string name = isJson ? text[..(equals - 1)] : text[..equals], value = text[(equals + 1)..];
            if (!found.TryAdd(name, isJson ? JsonOf(name, value) : IpldNode.Text(value)))
                throw Wrong($"the argument '{name}' is given twice");
        }

        return found;
    }

    /// <summary>The blocks by their names, and the paths of those that are files.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="store">Where names are looked up.</param>
    public Dictionary<string, (Cid Cid, string? Path)> Inputs(ParseResult parsed, CidStore? store)
    {
        var found = new Dictionary<string, (Cid, string?)>(StringComparer.Ordinal);
        foreach (string text in parsed.GetValue(_inputs) ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string what = text[(equals + 1)..];
            string name = equals > 0 ? text[..equals] : what.StartsWith('@') ? what[1..]
                : Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(what));
            if (!found.TryAdd(name, InputOf(what, store))) throw Wrong($"the input '{name}' is given twice");
        }

        return found;
    }

    /// <summary>The variables and their values.</summary>
    public Dictionary<string, string?> Environment(ParseResult parsed) => (parsed.GetValue(_environment) ?? [])
        .Distinct(StringComparer.Ordinal)
        .ToDictionary(name => name, System.Environment.GetEnvironmentVariable, StringComparer.Ordinal);

    /// <summary>The variables as they are written, NAME=VALUE, or NAME alone for the value that it has here.</summary>
    public Dictionary<string, string?> GivenEnvironment(ParseResult parsed) => (parsed.GetValue(_environment) ?? [])
        .Select(text => (Text: text, End: text.IndexOf('=', StringComparison.Ordinal)))
        .ToDictionary(each => each.End < 0 ? each.Text : each.Text[..each.End],
            each => each.End < 0
                ? System.Environment.GetEnvironmentVariable(each.Text)
                : each.Text[(each.End + 1)..], StringComparer.Ordinal);

    private static (Cid Cid, string? Path) InputOf(string what, CidStore? store)
    {
        if (!what.StartsWith('@'))
        {
            if (Cid.TryParse(what, out Cid cid)) return (cid, null);
            if (FileTree.Of(what) is { } content) return (content, Path.GetFullPath(what));
        }

        return store is null
            ? throw Wrong($"'{what}' is no CID, no file and no directory")
            : (BlockReference.Resolve(store, what), null);
    }

    private static IpldNode JsonOf(string name, string json)
    {
        try
        {
            return WithBytes(JsonText.Parse(json));
        }
        catch (Exception e) when (e is ArrowCidException or FormatException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"the argument '{name}': {e.Message}", e);
        }
    }

    /// <summary>A node in which bytes stand as DAG-JSON writes them: <c>{"/":{"bytes":"AP8Q"}}</c>.</summary>
    private static IpldNode WithBytes(IpldNode node)
    {
        const string Slash = "/", Bytes = "bytes";
        bool isWrapped = node is { Kind: IpldKind.Map, Count: 1 } &&
            node[Slash] is { Kind: IpldKind.Map, Count: 1 } inner && inner[Bytes] is { Kind: IpldKind.Text };
        if (isWrapped)
        {
            string text = node[Slash]![Bytes]!.AsText();
            return IpldNode.Bytes(Convert.FromBase64String(text + new string('=', -text.Length & 3)));
        }

        return node.Kind switch
        {
            IpldKind.List => IpldNode.List([.. node.Items.Select(WithBytes)]),
            IpldKind.Map => IpldNode.Map([.. node.Entries.Select(pair => (pair.Key, WithBytes(pair.Value)))]),
            _ => node,
        };
    }

    private static ArrowCidException Wrong(string message) => new(ErrorCode.InvalidArgument, message);
}
