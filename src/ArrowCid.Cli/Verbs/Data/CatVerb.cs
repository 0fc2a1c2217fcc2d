using System.CommandLine;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>cat</c>: the values of a batch or dataset as text.</summary>
internal static class CatVerb
{
    private const int DefaultRows = 20;

    public static Command Make()
    {
        Argument<string> cid = Verb.CidText();
        Option<string?> store = Verb.Store();
        Option<int?> limit = Verb.Number("--limit", 0,
            "The largest number of rows. Default: 20 in a table, all in CSV and JSON.");
        limit.Aliases.Add("-n");
        limit.Aliases.Add("--head");
        var columns = new Option<string[]>("--column")
        {
            HelpName = "NAME",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A column to print; may be given several times. Of a column manifest, only these " +
                "columns must be in the store. Default: all columns.",
        };
        Option<string?> names = ColumnNames.Make("Columns to print, separated by commas; as several --column.");
        var where = new Option<string?>("--where")
        {
            HelpName = "TEST",
            Description = "A test that rows must pass: px > 100 and sym = \"ES\". Tests are COLUMN = != < <= > >= " +
                "~ VALUE, joined by and, or, not and parentheses; a column's name with other characters goes in " +
                "quotes.",
        };
        var format = new Option<string>("--format")
        {
            Description = "The format of the rows.",
            DefaultValueFactory = _ => "table",
        };
        format.AcceptOnlyFromAmong("table", "csv", "json");
        var verb = new Verb("cat",
            "Print the rows of a batch or dataset. The output is a table, CSV, or JSON with one object per row.",
            "arrowcid cat CID --limit 5",
            "arrowcid cat @trips --where 'px > 100 and sym = \"ES\"' --column sym --column px -n 10",
            "arrowcid cat CID --columns px,qty --format json",
            "arrowcid cat CID --format csv > rows.csv",
            "arrowcid cat CID --from http://127.0.0.1:8816")
        {
            cid, store, limit, columns, names, where, format,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            RowFilter? filter = parsed.GetValue(where) is { } text ? RowFilter.Parse(text) : null;
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            return Run(places, places.Resolve(parsed.GetValue(cid)!),
                new Asked(parsed.GetValue(limit),
                    [.. parsed.GetValue(columns) ?? [], .. ColumnNames.Parse(parsed.GetValue(names))], filter,
                    parsed.GetValue(format)!));
        });
        return verb;
    }

    private static int Run(BlockPlaces places, Cid cid, Asked asked)
    {
        if (asked.Columns.Length > 0) return WriteColumns(places, cid, asked);
        if (places.FindDataset(cid) is not { } dataset) return Write(places.GetBatches([cid]), asked);
        IReadOnlyList<Cid> cids = ExportRows.BatchesOf(cid, dataset);
        return asked is { Format: "table", Filter: null }
            ? WriteTable(places, cids, dataset.Rows, asked)
            : Write(places.GetBatches(cids), asked);
    }

    /// <summary>Prints some columns. Of batches that are elsewhere the others are not read, where that can be
    /// proved.</summary>
    private static int WriteColumns(BlockPlaces places, Cid cid, Asked asked)
    {
        string[] needed = [.. asked.Columns.Union(asked.Filter?.Columns ?? [])];
        // A reader that stops early does not read ahead.
        bool isWhole = asked.Limit is null && asked.Format != "table";
        IEnumerable<RecordBatch> batches = places.GetColumns(cid, needed, isWhole ? 4 : 1);
        bool isTable = asked is { Format: "table", Filter: null };
        if (!isTable || places.FindDataset(cid) is not { } dataset) return Write(batches, asked);
        int rows = asked.Limit ?? DefaultRows, have = 0;
        var kept = new List<RecordBatch>();
        foreach (RecordBatch batch in batches)
        {
            kept.Add(DiffRows.Own(batch.Slice(0, Math.Min(rows - have, batch.Length))));
            have += kept[^1].Length;
            if (have >= rows) break;
        }

        RecordBatch first = rows == 0
            ? asked.Project(kept[0])
            : BatchCut.EveryRows(kept.Select(asked.Project), rows).First();
        using var output = Output.Open();
        BatchText.WriteTable(first, dataset.Rows, output.Writer);
        return 0;
    }

    /// <summary>The first rows of several batches in one table.</summary>
    private static int WriteTable(BlockPlaces places, IReadOnlyList<Cid> cids, long total, Asked asked)
    {
        int rows = asked.Limit ?? DefaultRows;
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
            IEnumerable<RecordBatch> batches = open.Select(each => asked.Project(each.Batch));
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

    private static int Write(IEnumerable<RecordBatch> batches, Asked asked)
    {
        using var output = Output.Open();
        if (asked.Format == "table" && asked.Filter is null)
        {
            foreach (RecordBatch batch in batches)
                BatchText.WriteTable(asked.Project(batch), output.Writer, asked.Limit ?? DefaultRows);
            return 0;
        }

        if (asked.Format == "table") return WritePassing(batches, asked, output);
        long left = asked.Limit ?? long.MaxValue;
        bool isFirst = true;
        foreach (RecordBatch each in batches)
        {
            if (left == 0 && !isFirst) break;
            // The header is written even where no row passes.
            IEnumerable<RecordBatch> rows = asked.Passing(each);
            foreach (RecordBatch passing in isFirst ? rows.Prepend(each.Slice(0, 0)) : rows)
            {
                if (left == 0 && !isFirst) break;
                RecordBatch batch = asked.Project(left < passing.Length ? passing.Slice(0, (int)left) : passing);
                left -= batch.Length;
                if (asked.Format == "csv") BatchText.WriteCsv(batch, output.Writer, header: isFirst);
                else BatchText.WriteJsonLines(batch, output.Writer);
                isFirst = false;
            }
        }

        return 0;
    }

    /// <summary>A table of the first rows that pass. Reading ends where it is full; batches are readable until the
    /// next, so the rows are copied.</summary>
    private static int WritePassing(IEnumerable<RecordBatch> batches, Asked asked, Output output)
    {
        int limit = asked.Limit ?? DefaultRows, have = 0;
        var kept = new List<RecordBatch>();
        bool isMore = false;
        foreach (RecordBatch each in batches)
        {
            // One batch of the schema is there even where no row passes.
            if (kept.Count == 0) kept.Add(DiffRows.Own(asked.Project(each.Slice(0, 0))));
            foreach (RecordBatch passing in asked.Passing(each))
            {
                int take = Math.Min(limit - have, passing.Length);
                isMore = take < passing.Length;
                if (take > 0) kept.Add(DiffRows.Own(asked.Project(passing.Slice(0, take))));
                have += take;
                if (isMore) break;
            }

            if (isMore) break;
        }

        if (kept.Count == 0) return 0;
        BatchText.WriteTable(BatchCut.EveryRows(kept, Math.Max(have, 1)).First(), have, output.Writer);
        if (isMore) output.Line("… more rows pass");
        return 0;
    }

    /// <summary>The options of a run.</summary>
    private sealed record Asked(int? Limit, string[] Columns, RowFilter? Filter, string Format)
    {
        public IEnumerable<RecordBatch> Passing(RecordBatch batch) => Filter is null ? [batch] : Filter.Apply(batch);

        public RecordBatch Project(RecordBatch batch)
        {
            if (Columns.Length == 0) return batch;
            int[] at = Array.ConvertAll(Columns, name => IndexOf(batch.Schema, name));
            return new RecordBatch(new Schema(at.Select(i => batch.Schema.Fields[i]), batch.Schema.Metadata),
                batch.Length, Array.ConvertAll(at, i => batch.Columns[i]));
        }

        private static int IndexOf(Schema schema, string name)
        {
            int at = schema.IndexOf(name);
            return at >= 0 ? at : throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"no column '{name}'; there are: {string.Join(", ", schema.Fields.Select(field => field.Name))}");
        }
    }
}
