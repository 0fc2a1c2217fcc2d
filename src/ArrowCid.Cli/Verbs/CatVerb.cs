using System.CommandLine;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>cat</c>: a batch's values as text.</summary>
internal static class CatVerb
{
    private const int DefaultRows = 20;

    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<int?> head = Verb.Number("--head", 0,
            "Only the first N rows. Default: 20 in a table, all in CSV and JSON.");
        var column = new Option<string?>("--column")
        {
            Description = "Only this column; of a column manifest, whose other columns need not be here.",
        };
        var format = new Option<string>("--format")
        {
            Description = "How to write the rows.",
            DefaultValueFactory = _ => "table",
        };
        format.AcceptOnlyFromAmong("table", "csv", "json");
        var verb = new Verb("cat", "Prints a batch's values: as a table, as CSV, or as JSON, one object a row.",
            "arrowcid cat CID --head 5",
            "arrowcid cat CID --column px --format json",
            "arrowcid cat CID --format csv > rows.csv")
        {
            cid, store, head, column, format,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(cid)!, parsed.GetValue(store), parsed.GetValue(head),
            parsed.GetValue(column), parsed.GetValue(format)!));
        return verb;
    }

    private static int Run(string text, string? directory, int? head, string? column, string format)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid cid = Reference.Resolve(store, text);
        if (column is not null && cid.Codec == Multicodec.DagCbor)
        {
            Write(store.TryGetColumn(cid, column) ?? throw Failure.NoBlock(text, store), head, format);
            return 0;
        }

        using BatchLease lease = StoreReading.Get(store, text);
        Write(column is null ? lease.Batch : Only(lease.Batch, column), head, format);
        return 0;
    }

    private static RecordBatch Only(RecordBatch batch, string name)
    {
        ArrowArray column = batch.Column(name);
        return new RecordBatch(new Schema([batch.Schema.Fields[batch.Schema.IndexOf(name)]], batch.Schema.Metadata),
            batch.Length, column);
    }

    private static void Write(RecordBatch batch, int? head, string format)
    {
        using var output = Output.Open();
        if (format == "table")
        {
            BatchText.WriteTable(batch, output.Writer, head ?? DefaultRows);
            return;
        }

        if (head is { } rows && rows < batch.Length) batch = batch.Slice(0, rows);
        if (format == "csv") BatchText.WriteCsv(batch, output.Writer);
        else BatchText.WriteJsonLines(batch, output.Writer);
    }
}
