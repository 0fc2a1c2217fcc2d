using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Inputs;

/// <summary>How files of rows are read, from the options of the command.</summary>
/// <param name="Format">arrow, csv or json; null to tell by the file's name.</param>
/// <param name="Schema">All columns, or null.</param>
/// <param name="Types">Types of some columns.</param>
/// <param name="Delimiter">What stands between fields of CSV; null for a comma, in a .tsv file a tab.</param>
/// <param name="HasHeader">Whether CSV has a row of names.</param>
internal sealed record RowInput(string? Format, Schema? Schema, IReadOnlyDictionary<string, ArrowType> Types,
    char? Delimiter, bool HasHeader)
{
    public const string Arrow = "arrow", Csv = "csv", Json = "json";

    /// <summary>Whether all of a file is read before its first batch is given, so that one which fails leaves nothing
    /// half done. Standard input with a schema is taken as it comes all the same.</summary>
    public bool ChecksFirst { get; init; }

    /// <summary>Whether a file is CSV or JSON lines.</summary>
    public bool IsRows(string file) => FormatOf(file) != BatchFormat.Arrow;

    /// <summary>How a file is read.</summary>
    public RowReadOptions OptionsFor(string file, int? rowsPerBlock, bool isStream) => new()
    {
        SchemaView = Schema,
        TypeViews = Types,
        RowsPerBatch = rowsPerBlock ?? RowReadOptions.DefaultRowsPerBatch,
        Delimiter = Delimiter ?? (HasExtension(file, ".tsv") ? '\t' : ','),
        HasHeader = HasHeader,
        CheckFirst = ChecksFirst && !isStream,
    };

    /// <summary>Says on standard error that CSV seems to be separated by another character than the comma.</summary>
    public void HintAtDelimiter(string file, ReadOnlySpan<byte> start)
    {
        if (Delimiter is not null || FormatOf(file) != BatchFormat.Csv || HasExtension(file, ".tsv")) return;
        int end = start.IndexOfAny((byte)'\r', (byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? start : start[..end];
        bool isQuoted = false;
        Span<int> counts = stackalloc int[3];
        foreach (byte each in line)
        {
            if (each == '"') isQuoted = !isQuoted;
            if (isQuoted) continue;
            if (each == ',') return;
            int at = ";\t|"u8.IndexOf(each);
            if (at >= 0) counts[at]++;
        }

        int most = counts.IndexOf(Math.Max(counts[0], Math.Max(counts[1], counts[2])));
        if (counts[most] == 0) return;
        string shown = most == 1 ? "tabs" : $"'{";\t|"[most]}'";
        string option = most == 1 ? "tab" : $"'{";\t|"[most]}'";
        CommandError.Say(
            $"{file}: the first line has {shown} and no comma; --delimiter {option} splits it into columns");
    }

    /// <summary>The format of a file, as it is named in the options or shown by the file's name.</summary>
    public BatchFormat FormatOf(string file) => Format switch
    {
        Csv => BatchFormat.Csv,
        Json => BatchFormat.JsonLines,
        null when HasExtension(file, ".csv", ".tsv") => BatchFormat.Csv,
        null when HasExtension(file, ".jsonl", ".ndjson") => BatchFormat.JsonLines,
        _ => BatchFormat.Arrow,
    };

    private static bool HasExtension(string file, params ReadOnlySpan<string> extensions)
    {
        file = Input.NameOf(file);
        foreach (string extension in extensions)
        {
            if (file.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
