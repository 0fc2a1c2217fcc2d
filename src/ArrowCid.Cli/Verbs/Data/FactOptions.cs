using System.CommandLine;
using System.CommandLine.Parsing;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that say something about the blocks.</summary>
internal sealed class FactOptions
{
    private readonly Option<string[]> _tags = Tags();

    private readonly Option<string[]> _parents = Parents();

    private readonly Option<string?> _producer = new("--producer")
    {
        HelpName = "P",
        Description = "The producer of the batches.",
    };

    private readonly Option<string?> _name = new("--name")
    {
        HelpName = "N",
        Description = "A name for the batch, or for a dataset of several batches; an existing name is changed.",
    };

    private readonly Option<string[]> _locations = Locations();

    private readonly Option<string?> _about = new("--about")
    {
        HelpName = "JSON",
        Description = "JSON about the batches, which filters reach as json.PATH.",
    };

    private readonly Option<bool> _pin = new("--pin")
    {
        Description = "A pin for the blocks: 'rm' and 'gc' keep them.",
    };

    private readonly Option<Expiry?> _expires = Verb.Expires();

    /// <summary>Tags, as K=V.</summary>
    public static Option<string[]> Tags()
    {
        Option<string[]> option = Verb.Several("--tag", "K=V", "A tag; may be given several times.");
        option.Validators.Add(Judge);
        return option;
    }

    /// <summary>Parents.</summary>
    public static Option<string[]> Parents() => Verb.Several("--parent", "CID",
        "A parent: a block that these were made from, by CID or name; may be given several times.");

    /// <summary>Locations.</summary>
    public static Option<string[]> Locations() => Verb.Several("--location", "URL",
        "A location where others find the blocks: a server (grpc://…, http://…), a bucket, a directory or a " +
        "multiaddr; may be given several times. Verbs that read blocks follow it.");

    public void AddTo(Command verb)
    {
        foreach (Option option in (Option[])[_tags, _parents, _producer, _name, _expires, _pin, _about, _locations])
            verb.Add(option);
    }

    /// <summary>What was said, or null where nothing was. Parents are looked up in the store.</summary>
    public PutOptions? Read(ParseResult parsed, CidStore store)
    {
        bool isAny = parsed.CommandResult.Children.OfType<OptionResult>()
            .Any(each => !each.Implicit && Is(each.Option));
        if (!isAny) return null;
        return new PutOptions
        {
            Tags = parsed.GetValue(_tags) is { Length: > 0 } tags ? Assignment.All(tags) : null,
            Parents = parsed.GetValue(_parents) is { Length: > 0 } parents
                ? Array.ConvertAll(parents, text => BlockReference.Resolve(store, text))
                : null,
            Producer = parsed.GetValue(_producer),
            Name = parsed.GetValue(_name),
            Expires = parsed.GetValue(_expires)?.At,
            ExpiresAfter = parsed.GetValue(_expires)?.After,
            Pin = parsed.GetValue(_pin),
            Json = parsed.GetValue(_about),
            Locations = parsed.GetValue(_locations) is { Length: > 0 } locations ? locations : null,
        };
    }

    private bool Is(Option option) => option == _tags || option == _parents || option == _producer || option == _name
        || option == _about || option == _pin || option == _expires ||
        option == _locations;

    private static void Judge(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (Assignment.Fault(token.Value) is { } fault) result.AddError($"--tag: {fault}");
        }
    }
}
