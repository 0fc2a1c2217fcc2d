using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Exchange;

namespace ArrowCid.Cli.Verbs;

/// <summary>The first values that differ, as a table, and how many rows do.</summary>
internal sealed class DiffLines(int most)
{
    private readonly BytesBuilder _row = new(), _column = new(), _a = new(), _b = new();

    public void Add(RowDifference each)
    {
        if (_row.Length >= most) return;
        string row = each.RowA == each.RowB || each.RowB < 0 ? Number(each.RowA)
            : each.RowA < 0 ? Number(each.RowB)
            : $"{Number(each.RowA)}, {Number(each.RowB)}";
        if (each.Change != RowChange.Changed)
        {
            Add(row, DiffRows.NameOf(each.Change), Json(each.A), Json(each.B));
            return;
        }

        foreach (string name in each.Columns) Add(row, name, Value(each.A!, name), Value(each.B!, name));
    }

    public void Print(Output output, BatchDiff diff)
    {
        foreach (string difference in diff.SchemaDifferences) output.Line(Failure.Visible(difference));
        if (_row.Length > 0)
        {
            RecordBatch table = RecordBatch.Of(("row", _row.Build()), ("column", _column.Build()), ("A", _a.Build()),
                ("B", _b.Build()));
            BatchText.WriteTable(table, output.Writer, most);
        }

        string same = diff.EqualBatches > 0
            ? string.Create(CultureInfo.InvariantCulture, $"; {diff.EqualBatches} batches have one CID")
            : "";
        output.Line(diff.IsEqual
            ? string.Create(CultureInfo.InvariantCulture, $"equal: {diff.RowsOfA} rows{same}")
            : string.Create(CultureInfo.InvariantCulture,
                $"{diff.Changed} rows changed, {diff.OnlyInA} only in A, {diff.OnlyInB} only in B; " +
                $"{diff.RowsOfA} rows in A, {diff.RowsOfB} in B{same}"));
    }

    private void Add(string row, string column, string? a, string? b)
    {
        if (_row.Length >= most) return;
        _row.Append(row);
        _column.Append(column);
        _a.Append(a);
        _b.Append(b);
    }

    private static string Number(long row) => row.ToString(CultureInfo.InvariantCulture);

    private static string Json(RecordBatch? row)
    {
        if (row is null) return "";
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(row, text);
        return text.ToString().TrimEnd('\n');
    }

    private static string? Value(RecordBatch row, string name)
    {
        ArrowArray column = row.Column(name);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(RecordBatch.Of(("v", column)), text);
        string json = text.ToString()["{\"v\":".Length..^2];
        return json == "null" ? null : json;
    }
}
