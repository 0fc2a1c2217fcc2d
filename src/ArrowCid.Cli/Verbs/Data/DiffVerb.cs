using System.CommandLine;
using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>diff</c>: the rows by which two files or batches differ.</summary>
internal static class DiffVerb
{
    private const int DefaultLines = 20;
    private const int ExitWhereDifferent = 1;

    public static Command Make()
    {
        Argument<string> a = Verb.File("A", "A file, or a batch or dataset by CID or name; - is standard input.");
        Argument<string> b = Verb.File("B", "The other one.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<string[]> drop = Verb.DropMetadata();
        Option<int?> head = Verb.Number("--head", 0, "The number of differing values to print.", DefaultLines);
        var key = new Option<string?>("--key")
        {
            HelpName = "COL[,COL]",
            Description = "The columns that identify a row. Default: rows at the same position are compared.",
        };
        var output = new Option<string?>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "An Arrow stream for the rows that differ, with the row of A and of B as structs.",
        };
        var exit = new Option<bool>("--exit-code") { Description = "Exit code 1 if there is a difference." };
        var verb = new Verb("diff",
            "Compare two files, batches or datasets. The output lists differences of the schema, then of the rows. " +
            "Batches with the same CID are skipped. NaN equals NaN. Columns of two encodings (utf8, large_utf8, " +
            "utf8_view, a dictionary of texts, decimals of two widths) are compared by value; a column of two other " +
            "types is not compared, and the summary names it. Exit code 0 if the two could be compared.",
            "arrowcid diff monday.csv tuesday.csv --key id",
            "arrowcid diff CID trips.arrow --exit-code",
            "arrowcid diff @prices CID -o changes.arrows")
        {
            a, b, key, head, output, exit, store, json, drop,
        };
        var text = new RowOptions();
        text.AddTo(verb);
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(output) == OutputFile.StandardOutput)
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    "-o names a file: standard output has the differences as text");
            }

            if (parsed.GetValue(a) == "-" && parsed.GetValue(b) == "-")
                throw new ArrowCidException(ErrorCode.InvalidArgument, "only one of the two can be standard input");
            using var sides = new DiffSides(parsed.GetValue(store), parsed.GetValue(drop), text.Read(parsed));
            bool isJson = parsed.GetValue(json);
            using var shown = Output.Open();
            string[] keys = parsed.GetValue(key)?.Split(',') ?? [];
            var lines = isJson ? null : new DiffLines(parsed.GetValue(head) ?? DefaultLines, keys);
            bool isEqual = false;
            void Run(Action<BatchDiff, RowDifference> report)
            {
                var diff = new BatchDiff((diff, each) =>
                {
                    if (lines is not null) lines.Add(diff, each);
                    else PrintJson(shown, each, keys);
                    report(diff, each);
                });
                IEnumerable<DiffPart> left = sides.Of(parsed.GetValue(a)!), right = sides.Of(parsed.GetValue(b)!);
                if (keys.Length > 0) diff.ByKey(left, right, keys);
                else diff.ByPosition(left, right);
                isEqual = diff.IsEqual;
                if (lines is null) PrintJson(shown, diff);
                else lines.Print(shown, diff);
            }

            if (parsed.GetValue(output) is { } file) OutputFile.Write(file, stream => WriteArrow(stream, keys, Run));
            else Run((_, _) => { });
            return parsed.GetValue(exit) && !isEqual ? ExitWhereDifferent : 0;
        });
        return verb;
    }

    /// <summary>Writes the rows that differ; a side that has none has the other's schema.</summary>
    public static void WriteArrow(Stream stream, string[] key, Action<Action<BatchDiff, RowDifference>> run)
    {
        const int rowsPerBatch = 1024;
        DiffRows? rows = null;
        ArrowWriter? writer = null;
        run((diff, each) =>
        {
            Schema one = (each.A ?? each.B)!.Schema;
            rows ??= new DiffRows(diff.SchemaOfA ?? one, diff.SchemaOfB ?? one, key);
            writer ??= new ArrowWriter(stream, rows.Schema);
            rows.Add(each);
            if (rows.Count == rowsPerBatch) writer.Write(rows.Take());
        });
        rows ??= new DiffRows(new Schema(), new Schema(), []);
        writer ??= new ArrowWriter(stream, rows.Schema);
        if (rows.Count > 0) writer.Write(rows.Take());
        writer.Finish();
    }

    public static void PrintJson(Output output, RowDifference each, string[] key) => output.JsonLine(writer =>
    {
        writer.WriteString("change", DiffRows.NameOf(each.Change));
        if (each.RowA >= 0) writer.WriteNumber("rowA", each.RowA);
        if (each.RowB >= 0) writer.WriteNumber("rowB", each.RowB);
        if (key.Length > 0)
            WriteRow("key", RecordBatch.Of(Array.ConvertAll(key, name => (name, (each.A ?? each.B)!.Column(name)))));
        if (each.Columns.Count > 0) EntryJson.WriteTexts(writer, "columns", each.Columns);
        if (each.A is { } a) WriteRow("a", a);
        if (each.B is { } b) WriteRow("b", b);

        void WriteRow(string name, RecordBatch row)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            BatchText.WriteJsonLines(row, text);
            writer.WritePropertyName(name);
            writer.WriteRawValue(text.ToString().TrimEnd('\n'));
        }
    });

    public static void PrintJson(Output output, BatchDiff diff) => output.JsonLine(writer =>
    {
        writer.WriteBoolean("isEqual", diff.IsEqual);
        writer.WriteBoolean("isSameData", diff.IsEqual || diff.IsSameData);
        EntryJson.WriteTexts(writer, "schema", diff.SchemaDifferences);
        EntryJson.WriteTexts(writer, "notCompared", diff.Uncompared);
        writer.WriteNumber("changed", diff.Changed);
        writer.WriteNumber("onlyInA", diff.OnlyInA);
        writer.WriteNumber("onlyInB", diff.OnlyInB);
        writer.WriteNumber("rowsOfA", diff.RowsOfA);
        writer.WriteNumber("rowsOfB", diff.RowsOfB);
        writer.WriteNumber("equalBatches", diff.EqualBatches);
    });
}
