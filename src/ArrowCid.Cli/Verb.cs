using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli;

/// <summary>A verb of the command, with the examples at the end of its help.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public string[] Examples { get; } = examples;

    /// <summary>A verb that reports on one block of a store.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="description">What it does.</param>
    /// <param name="run">Does it, with the store's directory, the CID or name, and whether JSON is asked for.</param>
    /// <param name="examples">The examples at the end of its help.</param>
    public static Verb OfBlock(string name, string description, Func<string?, string, bool, int> run,
        params string[] examples)
    {
        Argument<string> cid = CidText();
        Option<string?> store = Store();
        Option<bool> json = Json();
        var verb = new Verb(name, description, examples) { cid, store, json };
        verb.SetAction(parsed => run(parsed.GetValue(store), parsed.GetValue(cid)!, parsed.GetValue(json)));
        return verb;
    }

    public static Argument<string[]> Files() => Inputs("Arrow IPC streams or files, or Parquet files");

    /// <summary>Files to read, at least one.</summary>
    public static Argument<string[]> Inputs(string description) => RefusingOptions(new Argument<string[]>("FILE")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = $"{description}; - is standard input.",
    });

    /// <summary>Files, directories and patterns to read, at least one.</summary>
    public static Argument<string[]> Sources(string description) => Inputs(
        $"{description}; a directory for all of them below it, or a quoted pattern such as 'in/**/*.parquet'");

    /// <summary>An option to refuse directories with files of unknown extensions.</summary>
    public static Option<bool> Strict() => new("--strict")
    {
        Description = "A directory with files of an unknown extension is refused. Default: such files are skipped.",
    };

    public static Argument<string> File(string name, string description) =>
        RefusingOptions(new Argument<string>(name) { Description = description });

    public static Argument<string> CidText() => RefusingOptions(new Argument<string>("CID")
    {
        Description = "A CID, as 'hash', 'put' and 'ls' print it, or a name: @latest, or latest.",
    });

    public static Argument<string[]> CidTexts(string description, bool isNeeded = false) =>
        RefusingOptions(new Argument<string[]>("CID")
        {
            Arity = isNeeded ? ArgumentArity.OneOrMore : ArgumentArity.ZeroOrMore,
            Description = $"{description} CIDs, or names: @latest, or latest.",
        });

    /// <summary>An argument that may be left out.</summary>
    public static Argument<string?> Optional(string name, string description) =>
        RefusingOptions(new Argument<string?>(name) { Arity = ArgumentArity.ZeroOrOne, Description = description });

    /// <summary>A filter after the verb; it may begin with a minus.</summary>
    public static Argument<string?> FilterText(bool isNeeded) => new("FILTER")
    {
        Arity = isNeeded ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
        Description = "The blocks: tests such as rows > 1000, tag.day = \"2026-11-20\", age < 7d, " +
            "name ~ \"quotes/*\", has json.run, pinned, joined by and, or, not and parentheses.",
    };

    public static Option<string?> Where(string description) =>
        new("--where") { HelpName = "FILTER", Description = description };

    public static Option<bool> Force(string description) => new("--force") { Description = description };

    public static Option<bool> DryRun() => new("--dry-run") { Description = "Only a report of what would be done." };

    /// <summary>An option for the time when a block expires.</summary>
    public static Option<Expiry?> Expires(bool isRequired = false)
    {
        var option = new Option<Expiry?>("--expires")
        {
            HelpName = "TIME",
            Description = "The time when the block expires: 7d (from its put, or from now), 2026-12-24, " +
                "2026-12-24T18:00Z, or never.",
            Required = isRequired,
        };
        option.CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            Expiry? expiry = Expiry.TryParse(text, DateTimeOffset.UtcNow);
            if (expiry is null)
                result.AddError($"--expires takes a duration such as 7d or a date or time, not '{text}'.");
            return expiry;
        };
        return option;
    }

    /// <summary>An option for a time in the past.</summary>
    public static Option<DateTimeOffset?> AsOf(string description) => Moment("--as-of", description, isRequired: false,
        (text, now) => Filter.TryParseSpan(text, out TimeSpan span) && span < now - DateTimeOffset.MinValue
            ? now - span
            : Filter.TryParseTime(text, out DateTimeOffset time) ? time : null);

    /// <summary>An option that takes a span of time.</summary>
    public static Option<TimeSpan?> Span(string name, string description)
    {
        var option = new Option<TimeSpan?>(name)
        {
            HelpName = "SPAN",
            Description = description,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (Filter.TryParseSpan(text, out TimeSpan span)) return span;
                result.AddError($"{name} takes a span of time such as 7d, 1h30m or 0s, not '{text}'.");
                return null;
            },
        };
        return option;
    }

    /// <summary>An option that takes a number of bytes, as filters write it or with a trailing M or G.</summary>
    public static Option<long?> Size(string name, long least, string description) => new(name)
    {
        HelpName = "SIZE",
        Description = description,
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            string full = text is [.., 'M' or 'm' or 'G' or 'g']
                ? $"{text[..^1]}{char.ToUpperInvariant(text[^1])}iB"
                : text;
            if (Filter.TryParseSize(full, out long bytes) && bytes >= least) return bytes;
            result.AddError($"{name} takes a number of bytes such as 4096, 512M, 64MiB or 2GB, not '{text}'.");
            return null;
        },
    };

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

    /// <summary>An option for the rows of each block.</summary>
    public static Option<int?> RowsPerBlock() => Number("--rows-per-block", 1,
        "The rows per block, however the file is split into batches; the last block of a file is shorter. This also " +
        "splits batches over 2 GiB. Default: one block per batch or row group; 65536 rows for CSV and JSON lines.");

    private static Option<DateTimeOffset?> Moment(string name, string description, bool isRequired,
        Func<string, DateTimeOffset, DateTimeOffset?> read)
    {
        var option = new Option<DateTimeOffset?>(name)
        {
            HelpName = "TIME",
            Description = description,
            Required = isRequired,
        };
        option.CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            DateTimeOffset? time = read(text, DateTimeOffset.UtcNow);
            if (time is null) result.AddError($"{name} takes a duration such as 7d or a date or time, not '{text}'.");
            return time;
        };
        return option;
    }

    public static Option<bool> Json() => new("--json") { Description = "JSON output, one object per line." };

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

    public static Option<string[]> DropMetadata() => Several("--drop-metadata", "KEY",
        "A key to leave out of the metadata of the schema and of all fields; may be given several times.");

    /// <summary>An option that may be given several times, each time with one value.</summary>
    public static Option<string[]> Several(string name, string value, string description) => new(name)
    {
        HelpName = value,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = description,
    };

    /// <summary>A misspelt option is not taken for a file.</summary>
    private static T RefusingOptions<T>(T argument) where T : Argument
    {
        argument.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(token => token.Value.Length > 1 && token.Value[0] == '-'))
                result.AddError($"there is no option {token.Value}; write ./{token.Value} for a file of that name");
        });
        return argument;
    }
}
