using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>The form in which <c>ls</c> and <c>query</c> write entries, and where to.</summary>
internal sealed class ListingForm
{
    private const string Table = "table", Json = "json", Arrow = "arrow", Parquet = "parquet";

    private readonly Option<bool> _json = Verb.Json();
    private readonly Option<bool> _count = new("--count") { Description = "Only the number of blocks." };
    private readonly Option<bool> _explain = PlanText.Option();
    private readonly Option<string?> _format = new("--format")
    {
        Description = "The format: lines, JSON lines (--json), or the table of src/ArrowCid/Registry/CATALOG.md " +
            "as an Arrow stream or a Parquet file. Default: table.",
    };

    private readonly Option<string?> _output = new("-o", "--output")
    {
        HelpName = "FILE",
        Description = "The output file. Default: -, standard output.",
    };

    public ListingForm() => _format.AcceptOnlyFromAmong(Table, Json, Arrow, Parquet);

    public void AddTo(Verb verb)
    {
        verb.Add(_format);
        verb.Add(_output);
        verb.Add(_count);
        verb.Add(_explain);
        verb.Add(_json);
        verb.Validators.Add(result =>
        {
            string? format = result.GetValue(_format);
            if (result.GetValue(_json) && format is not (null or Json))
                result.AddError($"--json is --format json, and not --format {format}.");
            bool isTold = result.GetValue(_count) || result.GetValue(_explain);
            if (isTold && (format is Arrow or Parquet || result.GetValue(_output) is not null))
                result.AddError("--count and --explain write no entries; leave out --format and -o.");
        });
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json) || parsed.GetValue(_format) == Json;

    /// <summary>Whether only the number is asked for.</summary>
    public bool OnlyCount(ParseResult parsed) => parsed.GetValue(_count);

    /// <summary>Whether only the way is asked for.</summary>
    public bool OnlyPlan(ParseResult parsed) => parsed.GetValue(_explain);

    /// <summary>Whether lines are for a person: on a terminal, as a table.</summary>
    public bool IsForTerminal(ParseResult parsed) => Output.IsTerminal && !IsJson(parsed)
        && parsed.GetValue(_format) is null or Table && parsed.GetValue(_output) is null or "-";

    /// <summary>Writes entries in the form that was asked for.</summary>
    /// <param name="parsed">What was asked for.</param>
    /// <param name="entries">The entries, read once, or not at all for a table.</param>
    /// <param name="lines">A table's lines of the same.</param>
    public void Write(ParseResult parsed, IEnumerable<StoredEntry> entries, IEnumerable<string> lines)
    {
        string format = IsJson(parsed) ? Json : parsed.GetValue(_format) ?? Table;
        string file = parsed.GetValue(_output) ?? "-";
        if (file == "-" && format is Arrow or Parquet && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"--format {format} is binary and this is a terminal; say -o FILE");
        }

        OutputFile.Write(file, stream =>
        {
            if (format is Arrow) WriteArrow(entries, stream);
            else if (format is Parquet) WriteParquet(entries, stream);
            else WriteText(format == Json ? entries : null, lines, stream);
        });
    }

    private static void WriteText(IEnumerable<StoredEntry>? entries, IEnumerable<string> lines, Stream stream)
    {
        using var output = Output.Over(stream);
        if (entries is null) foreach (string line in lines) output.Line(line);
        else foreach (StoredEntry entry in entries) output.JsonLine(writer => EntryJson.Write(writer, entry));
    }

    private static void WriteArrow(IEnumerable<StoredEntry> entries, Stream stream)
    {
        var writer = new ArrowWriter(stream, StoreMetadata.CatalogSchemaView);
        foreach (RecordBatch batch in CatalogTable.Of(entries)) writer.Write(batch);
        // Only a stream that is whole gets its end.
        writer.Finish();
    }

    private static void WriteParquet(IEnumerable<StoredEntry> entries, Stream stream)
    {
        using var writer = new ParquetWriter(stream, StoreMetadata.CatalogSchemaView);
        foreach (RecordBatch batch in CatalogTable.Of(entries)) _ = writer.Write(batch);
        writer.Finish();
    }
}
