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
        var format = new Option<string>("--format")
        {
            Description = "How to write the rows.",
            DefaultValueFactory = _ => "table",
        };
        format.AcceptOnlyFromAmong("table", "csv", "json");
        var verb = new Verb("cat", "Prints a batch's values: as a table, as CSV, or as JSON, one object a row.",
            "arrowcid cat CID --head 5",
            "arrowcid cat CID --format csv > rows.csv",
            "arrowcid cat CID --from http://127.0.0.1:8816")
        {
            cid, store, head, format,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            string text = parsed.GetValue(cid)!;
            using FromOptions.FetchPlaces? places = from.Open(parsed, parsed.GetValue(store));
            if (places is not null)
            {
                using BackendBlock block = places.Get(text);
                return Run(block.ReadBatch(), parsed.GetValue(head), parsed.GetValue(format)!);
            }

            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            using BatchLease lease = StoreReading.Get(opened, text);
            return Run(lease.Batch, parsed.GetValue(head), parsed.GetValue(format)!);
        });
        return verb;
    }

    private static int Run(RecordBatch batch, int? head, string format)
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
