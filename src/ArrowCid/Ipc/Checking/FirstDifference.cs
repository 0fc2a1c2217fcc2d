using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>The first schema part or value by which two canonical batches differ.</summary>
internal static class FirstDifference
{
    private const int MaxShown = 200;

    public static Difference Between(RecordBatch a, RecordBatch b, int index)
    {
        if (CanonicalSchema.Of(a.Schema).Digest != CanonicalSchema.Of(b.Schema).Digest)
            return OfSchemas(a.Schema, b.Schema, index);
        if (a.Length != b.Length)
            return new Difference
            {
                Batch = index,
                Rule = "the number of rows",
                FieldPath = "",
                Row = -1,
                InA = Text(a.Length),
                InB = Text(b.Length),
            };
        CanonicalField[] fields = CanonicalSchema.Of(a.Schema).Fields;
        (int Row, int Column) first = (int.MaxValue, -1);
        for (int c = 0; c < fields.Length; c++)
        {
            int row = FirstRow(fields[c], a.Columns[c], b.Columns[c], Math.Min(first.Row, a.Length));
            if (row >= 0) first = (row, c);
        }

        if (first.Column < 0) return OfDictionaries(fields, a, b, index);
        CanonicalField field = fields[first.Column];
        return new Difference
        {
            Batch = index,
            Rule = "a value",
            FieldPath = field.Path,
            Row = first.Row,
            InA = Show(a, first),
            InB = Show(b, first),
        };
    }

    private static int FirstRow(CanonicalField field, ArrowArray a, ArrowArray b, int rows)
    {
        var left = new ValueKey(new Scratch(long.MaxValue, long.MaxValue));
        var right = new ValueKey(new Scratch(long.MaxValue, long.MaxValue));
        for (int row = 0; row < rows; row++)
        {
            left.Set(field, a, row, isHidden: false);
            right.Set(field, b, row, isHidden: false);
            if (!left.Bytes.SequenceEqual(right.Bytes)) return row;
        }

        return -1;
    }

    /// <summary>All values are alike, so an ordered dictionary holds other entries or another order.</summary>
    private static Difference OfDictionaries(CanonicalField[] fields, RecordBatch a, RecordBatch b, int index)
    {
        for (int c = 0; c < fields.Length; c++)
        {
            if (a.Columns[c].Dictionary is not { } left || b.Columns[c].Dictionary is not { } right) continue;
            int row = FirstRow(fields[c].DictionaryValues!, left, right, Math.Min(left.Length, right.Length));
            if (row < 0 && left.Length == right.Length) continue;
            return new Difference
            {
                Batch = index,
                Rule = "an ordered dictionary's entries",
                FieldPath = fields[c].Path,
                Row = row,
                InA = $"{left.Length} entries",
                InB = $"{right.Length} entries",
            };
        }

        return new Difference
        {
            Batch = index,
            Rule = "a nested ordered dictionary's entries",
            FieldPath = "",
            Row = -1,
            InA = "",
            InB = "",
        };
    }

    public static Difference OfSchemas(Schema a, Schema b, int index)
    {
        CanonicalField[] left = CanonicalSchema.Of(a).Fields, right = CanonicalSchema.Of(b).Fields;
        if (OfFields(left, right, "", index) is { } found) return found;
        return new Difference
        {
            Batch = index,
            Rule = "the schema's metadata",
            FieldPath = "",
            Row = -1,
            InA = Pairs(a.Metadata),
            InB = Pairs(b.Metadata),
        };
    }

    private static Difference? OfFields(CanonicalField[] a, CanonicalField[] b, string path, int index)
    {
        if (a.Length != b.Length)
            return new Difference
            {
                Batch = index,
                Rule = "the number of fields",
                FieldPath = path,
                Row = -1,
                InA = Text(a.Length),
                InB = Text(b.Length),
            };
        for (int i = 0; i < a.Length; i++)
        {
            CanonicalField left = a[i], right = b[i];
            Difference? found = left.Name != right.Name ? Of("a field's name", left.Name, right.Name)
                : left.Type.Id != right.Type.Id ? Of("a field's type", $"{left.Type}", $"{right.Type}")
                : left.IsNullable != right.IsNullable
                    ? Of("a field's nullability", $"{left.IsNullable}", $"{right.IsNullable}")
                : !left.Metadata.SequenceEqual(right.Metadata)
                    ? Of("a field's metadata", Pairs(left.Metadata), Pairs(right.Metadata))
                : OfFields(left.Children, right.Children, left.Path, index);
            if (found is null && !left.Type.Equals(right.Type) && $"{left.Type}" != $"{right.Type}")
                found = Of("a field's type", $"{left.Type}", $"{right.Type}");
            if (found is not null) return found;

            Difference Of(string what, string inA, string inB) => new()
            {
                Batch = index,
                Rule = what,
                FieldPath = left.Path,
                Row = -1,
                InA = inA,
                InB = inB,
            };
        }

        return null;
    }

    /// <summary>The value as JSON.</summary>
    private static string Show(RecordBatch batch, (int Row, int Column) at)
    {
        var column = new RecordBatch(new Schema(new Field("v", batch.Schema.Fields[at.Column].Type)), 1,
            batch.Columns[at.Column].Slice(at.Row, 1));
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(column, text);
        string line = text.ToString().TrimEnd();
        string value = line["{\"v\":".Length..^1];
        return value.Length <= MaxShown ? value : $"{value.AsSpan(0, MaxShown)}…";
    }

    private static string Pairs(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        string.Join(", ", pairs.Select(pair => $"{pair.Key}={pair.Value}"));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
