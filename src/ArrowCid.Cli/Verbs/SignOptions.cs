using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary>The key and the words of verbs that sign.</summary>
internal sealed class SignOptions
{
    private readonly Option<string?> _key;

    private readonly Option<string[]> _says = new("--say")
    {
        HelpName = "K=V",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "A word of the signed statement; may be given several times.",
    };

    /// <summary>Adds the options to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="name">The name of the option for the key.</param>
    /// <param name="description">What is signed.</param>
    /// <param name="isRequired">Whether the verb does nothing else.</param>
    public SignOptions(Verb verb, string name, string description, bool isRequired = false)
    {
        _key = new Option<string?>(name)
        {
            HelpName = "FILE",
            Description = description,
            Required = isRequired,
        };
        verb.Add(_key);
        verb.Add(_says);
        _says.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (token.Value.IndexOf('=', StringComparison.Ordinal) <= 0)
                    result.AddError($"--say is written KEY=VALUE, not '{token.Value}'.");
            }
        });
        verb.Validators.Add(result =>
        {
            if (result.GetValue(_says) is { Length: > 0 } && result.GetValue(_key) is null)
                result.AddError($"--say goes with {name}.");
        });
    }

    /// <summary>The key, to be disposed of; null where none is given.</summary>
    public SigningKey? Key(ParseResult parsed) =>
        parsed.GetValue(_key) is { } path ? SigningKey.Load(path) : null;

    /// <summary>Whether a key is given.</summary>
    public bool IsGiven(CommandResult result) => result.GetValue(_key) is not null;

    /// <summary>The words.</summary>
    public Dictionary<string, string> Says(ParseResult parsed)
    {
        var says = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string text in parsed.GetValue(_says) ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (!says.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    $"the word '{text[..equals]}' is given twice; a key has one value");
            }
        }

        return says;
    }
}
