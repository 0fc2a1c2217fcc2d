using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Exchange.Backends;
using ArrowCid.Ipld;

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
            string text = parsed.GetValue(cid)!, form = parsed.GetValue(format)!;
            string? name = parsed.GetValue(column);
            using FromOptions.FetchPlaces? places = from.Open(parsed, parsed.GetValue(store));
            if (places is null) return Run(text, parsed.GetValue(store), parsed.GetValue(head), name, form);
            using BackendBlock block = places.Get(text);
            return Write([Only(block.ReadBatch(), name)], parsed.GetValue(head), form);
        });
        return verb;
    }

    private static int Run(string text, string? directory, int? head, string? column, string format)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid cid = Reference.Resolve(store, text);
        bool isDataset = cid.Codec == Multicodec.DagCbor && store.ReadNode(cid) is { } node &&
            ManifestNode.KindOf(node) == Dataset.Kind;
        if (!isDataset && column is not null && cid.Codec == Multicodec.DagCbor)
            return Write([store.TryGetColumn(cid, column) ?? throw Failure.NoBlock(text, store)], head, format);
        IReadOnlyList<Cid> cids = isDataset ? ExportRows.BatchesOf(store, cid) : [cid];
        return isDataset && format == "table"
            ? WriteTable(store, cids, head ?? DefaultRows, column)
            : Write(Leased(store, cids).Select(batch => Only(batch, column)), head, format);
    }

    /// <summary>The first rows of several batches in one table.</summary>
    private static int WriteTable(CidStore store, IReadOnlyList<Cid> cids, int rows, string? column)
    {
        var leases = new List<BatchLease>();
        try
        {
            long have = 0;
            foreach (Cid cid in cids)
            {
                leases.Add(store.TryGet(cid) ?? throw Failure.NoBlock(cid.ToString(), store));
                have += leases[^1].Batch.Length;
                if (have >= rows) break;
            }

            // What is joined, and what is a slice, is readable as long as the leases are.
            IEnumerable<RecordBatch> batches = leases.Select(lease => Only(lease.Batch, column));
            RecordBatch first = BatchCut.EveryRows(batches, Math.Max(rows, 1)).First();
            long total = cids.Sum(cid => Reference.Known(store, cid).Rows);
            using var output = Output.Open();
            BatchText.WriteTable(rows == 0 ? first.Slice(0, 0) : first, total, output.Writer);
            return 0;
        }
        finally
        {
            foreach (BatchLease lease in leases) lease.Dispose();
        }
    }

    /// <summary>Each batch is readable until the next.</summary>
    private static IEnumerable<RecordBatch> Leased(CidStore store, IEnumerable<Cid> cids)
    {
        foreach (Cid cid in cids)
        {
            using BatchLease lease = store.TryGet(cid) ?? throw Failure.NoBlock(cid.ToString(), store);
            yield return lease.Batch;
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
