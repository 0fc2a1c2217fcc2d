using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Exchange;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>cat</c>: the values of a batch or dataset as text.</summary>
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
        var verb = new Verb("cat",
            "Prints the values of a batch or of a dataset's batches: as a table, as CSV, or as JSON, one object a row.",
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
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            return Run(places, places.Resolve(parsed.GetValue(cid)!), parsed.GetValue(head), parsed.GetValue(column),
                parsed.GetValue(format)!);
        });
        return verb;
    }

    private static int Run(BlockPlaces places, Cid cid, int? head, string? column, string format)
    {
        if (places.FindDataset(cid) is not { } dataset)
        {
            return column is not null && cid.Codec == Multicodec.DagCbor
                ? Write([BatchColumn.Read(cid, column, places.Find)], head, format)
                : Write(places.GetBatches([cid]).Select(batch => Only(batch, column)), head, format);
        }

        IReadOnlyList<Cid> cids = ExportRows.BatchesOf(cid, dataset);
        return format == "table"
            ? WriteTable(places, cids, dataset.Rows, head ?? DefaultRows, column)
            : Write(places.GetBatches(cids).Select(batch => Only(batch, column)), head, format);
    }

    /// <summary>The first rows of several batches in one table.</summary>
    private static int WriteTable(BlockPlaces places, IReadOnlyList<Cid> cids, long total, int rows, string? column)
    {
        var open = new List<(RecordBatch Batch, IDisposable Owner)>();
        try
        {
            long have = 0;
            foreach (Cid cid in cids)
            {
                open.Add(places.GetBatch(cid));
                have += open[^1].Batch.Length;
                if (have >= rows) break;
            }

            // What is joined, and what is a slice, is readable as long as its blocks are.
            IEnumerable<RecordBatch> batches = open.Select(each => Only(each.Batch, column));
            RecordBatch first = BatchCut.EveryRows(batches, Math.Max(rows, 1)).First();
            using var output = Output.Open();
            BatchText.WriteTable(rows == 0 ? first.Slice(0, 0) : first, total, output.Writer);
            return 0;
        }
        finally
        {
            foreach ((_, IDisposable owner) in open) owner.Dispose();
        }
    }

    private static RecordBatch Only(RecordBatch batch, string? name) => name is null
        ? batch
        : new RecordBatch(new Schema([batch.Schema.Fields[batch.Schema.IndexOf(name)]], batch.Schema.Metadata),
            batch.Length, batch.Column(name));

    private static int Write(IEnumerable<RecordBatch> batches, int? head, string format)
    {
        using var output = Output.Open();
        if (format == "table")
        {
            foreach (RecordBatch batch in batches) BatchText.WriteTable(batch, output.Writer, head ?? DefaultRows);
            return 0;
        }

        long left = head ?? long.MaxValue;
        bool isFirst = true;
        foreach (RecordBatch each in batches)
        {
            if (left == 0 && !isFirst) break;
            RecordBatch batch = left < each.Length ? each.Slice(0, (int)left) : each;
            left -= batch.Length;
            if (format == "csv") BatchText.WriteCsv(batch, output.Writer, header: isFirst);
            else BatchText.WriteJsonLines(batch, output.Writer);
            isFirst = false;
        }

        return 0;
    }
}
