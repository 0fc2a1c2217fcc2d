using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Exchange.Backends;

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
            "arrowcid cat CID --format csv > rows.csv",
            "arrowcid cat CID --from http://127.0.0.1:8816")
        {
            cid, store, head, column, format,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            string text = parsed.GetValue(cid)!, form = parsed.GetValue(format)!;
            string? name = parsed.GetValue(column);
            using FromOptions.FetchPlaces? places = from.Open(parsed, parsed.GetValue(store));
            if (places is null) return Run(text, parsed.GetValue(store), parsed.GetValue(head), name, form);
            using BackendBlock block = places.Get(text);
            return Write(Only(block.ReadBatch(), name), parsed.GetValue(head), form);
        });
        return verb;
    }

    private static int Run(string text, string? directory, int? head, string? column, string format)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid cid = Reference.Resolve(store, text);
        if (column is not null && cid.Codec == Multicodec.DagCbor)
            return Write(store.TryGetColumn(cid, column) ?? throw Failure.NoBlock(text, store), head, format);

        using BatchLease lease = StoreReading.Get(store, text);
        return Write(Only(lease.Batch, column), head, format);
    }

    private static RecordBatch Only(RecordBatch batch, string? name) => name is null
        ? batch
        : new RecordBatch(new Schema([batch.Schema.Fields[batch.Schema.IndexOf(name)]], batch.Schema.Metadata),
            batch.Length, batch.Column(name));

    private static int Write(RecordBatch batch, int? head, string format)
    {
        using var output = Output.Open();
        if (format == "table")
        {
            BatchText.WriteTable(batch, output.Writer, head ?? DefaultRows);
            return 0;
        }

        if (head is { } rows && rows < batch.Length) batch = batch.Slice(0, rows);
        if (format == "csv") BatchText.WriteCsv(batch, output.Writer);
        else BatchText.WriteJsonLines(batch, output.Writer);
        return 0;
    }
}
