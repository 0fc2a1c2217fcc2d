using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>The first values that differ, as a table, and how many rows do.</summary>
/// <param name="most">The lines of the table at most.</param>
/// <param name="key">The columns by which rows were found; none where rows of one number were compared.</param>
internal sealed class DiffLines(int most, string[] key)
{
    private TextTable? _table;

    public void Add(BatchDiff diff, RowDifference each)
    {
        if (_table?.Count >= most) return;
        string[] row = key.Length > 0 ? KeyOf(each) : [RowOf(each)];
        if (each.Change != RowChange.Changed)
        {
            Add(each, [.. row, DiffRows.NameOf(each.Change), "", Json(each.A), Json(each.B)]);
            return;
        }

        foreach (string name in each.Columns)
            Add(each, [.. row, name, diff.TypesOf(name), Value(each.A!, name), Value(each.B!, name)]);
    }

    public void Print(Output output, BatchDiff diff)
    {
        foreach (string difference in diff.SchemaDifferences) output.Line(CommandError.Visible(difference));
        _table?.Write(output, isRuled: true);
        output.Line(Summary(diff));
    }

    private static string Summary(BatchDiff diff)
    {
        string same = diff.EqualBatches > 0
            ? string.Create(CultureInfo.InvariantCulture, $"; {diff.EqualBatches} batches have one CID")
            : "";
        if (diff.IsEqual) return string.Create(CultureInfo.InvariantCulture, $"equal: {diff.RowsOfA} rows{same}");
        if (diff.IsSameData)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"same values, other encoding: {diff.RowsOfA} rows{same}");
        }

        string rows = string.Create(CultureInfo.InvariantCulture,
            $"{diff.OnlyInA} only in A, {diff.OnlyInB} only in B; {diff.RowsOfA} rows in A, {diff.RowsOfB} in B{same}");
        if (diff.Uncompared.Count == 0)
            return string.Create(CultureInfo.InvariantCulture, $"{diff.Changed} rows changed, {rows}");
        // A number of changed rows says nothing of a column that was not compared.
        string changed = diff.Changed == 0
            ? "no change in the columns that were compared"
            : string.Create(CultureInfo.InvariantCulture,
                $"{diff.Changed} rows changed in the columns that were compared");
        return $"{changed}, {rows}; not compared: " +
            CommandError.Visible(string.Join(", ", diff.Uncompared.Select(name => $"'{name}'")));
    }

    private void Add(RowDifference each, string[] cells)
    {
        if (_table?.Count >= most) return;
        _table ??= new TextTable([.. Heads(each), "column", "type", "A", "B"]);
        _table.Add(cells);
    }

    /// <summary>The names of the columns that tell a row; those of numbers are aligned at the right.</summary>
    private IEnumerable<string> Heads(RowDifference each) => key.Length == 0
        ? [">row"]
        : key.Select(name => ValueText.IsNumber((each.A ?? each.B)!.Column(name).Type) ? $">{name}" : name);

    private string[] KeyOf(RowDifference each) => Array.ConvertAll(key, name =>
    {
        string value = Value((each.A ?? each.B)!, name);
        if (!value.StartsWith('"')) return value;
        using JsonDocument text = JsonDocument.Parse(value);
        return text.RootElement.GetString()!;
    });

    private static string RowOf(RowDifference each) => each.RowA == each.RowB || each.RowB < 0 ? Number(each.RowA)
        : each.RowA < 0 ? Number(each.RowB)
        : $"{Number(each.RowA)}, {Number(each.RowB)}";

    private static string Number(long row) => row.ToString(CultureInfo.InvariantCulture);

    private static string Json(RecordBatch? row)
    {
        if (row is null) return "";
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(row, text);
        return text.ToString().TrimEnd('\n');
    }

    private static string Value(RecordBatch row, string name) =>
        Json(RecordBatch.Of(("v", row.Column(name))))["{\"v\":".Length..^1];
}
