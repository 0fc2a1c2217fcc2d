using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of verbs that read CSV and JSON lines beside Arrow.</summary>
internal sealed class RowOptions
{
    private readonly Option<string?> _format = new("--format")
    {
        Description = "The format of the files. Default: by extension, .csv and .tsv, .jsonl and .ndjson; any " +
            "other is Arrow.",
    };

    private readonly Option<string?> _types = new("--types")
    {
        HelpName = "TYPES",
        Description = "Types of columns of CSV or JSON lines: a=int64,b=timestamp[us, UTC]. The others are inferred.",
    };

    private readonly Option<string?> _schema = new("--schema")
    {
        HelpName = "FILE",
        Description = "An Arrow file with the schema of the CSV or JSON lines; no type is inferred.",
    };

    private readonly Option<string?> _delimiter = new("--delimiter")
    {
        HelpName = "C",
        Description = "The separator of CSV fields, such as ';', or tab. Default: a comma; in .tsv a tab.",
    };

    private readonly Option<bool> _noHeader = new("--no-header")
    {
        Description = "CSV without a header line; the columns are f0, f1 and so on.",
    };

    public RowOptions()
    {
        _format.AcceptOnlyFromAmong(RowInput.Arrow, RowInput.Csv, RowInput.Json);
        _delimiter.Validators.Add(result =>
        {
            if (DelimiterOf(result.GetValueOrDefault<string?>()) is null)
                result.AddError("--delimiter takes one ASCII character that is neither quote nor line end, or tab.");
        });
    }

    public void AddTo(Command verb)
    {
        verb.Add(_format);
        verb.Add(_types);
        verb.Add(_schema);
        verb.Add(_delimiter);
        verb.Add(_noHeader);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(_types) is not null && result.GetResult(_schema) is not null)
                result.AddError("--types and --schema exclude each other.");
        });
    }

    public RowInput Read(ParseResult parsed)
    {
        IReadOnlyDictionary<string, ArrowType> types = parsed.GetValue(_types) is { } text
            ? TypeTextReader.Types(text)
            : new Dictionary<string, ArrowType>();
        return new RowInput(parsed.GetValue(_format), SchemaOf(parsed.GetValue(_schema)), types,
            DelimiterOf(parsed.GetValue(_delimiter)), !parsed.GetValue(_noHeader));
    }

    private static Schema? SchemaOf(string? file)
    {
        if (file is null) return null;
        try
        {
            using var reader = ArrowReader.Open(Input.Open(file));
            return reader.SchemaView;
        }
        catch (ArrowCidException e)
        {
            throw new ArrowCidException(e.Code, $"{file}: {e.Message}", e);
        }
    }

    private static char? DelimiterOf(string? text) => text switch
    {
        "tab" or "\\t" => '\t',
        [var one] when char.IsAscii(one) && one is not ('"' or '\r' or '\n') => one,
        _ => null,
    };
}
