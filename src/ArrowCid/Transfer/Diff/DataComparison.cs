using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Transfer;

/// <summary>Whether two tables have the same values, however they are cut into batches and encoded
/// (<c>Ipc/Fingerprints/lfp1.md</c>): up to the first difference.</summary>
internal sealed class DataComparison
{
    private const int MostRows = 4096;

    private readonly LogicalBytes _left = new(), _right = new();
    private readonly List<string> _encodings = [];
    private Schema? _schemaOfA, _schemaOfB;
    private bool _isIdentical = true;
    private bool _isCutAlike = true;

    private DataComparison()
    {
    }

    /// <summary>Whether both have the same batches, by CID.</summary>
    public bool IsIdentical => Difference is null && _isIdentical;

    /// <summary>How the encodings of the same values differ.</summary>
    public IReadOnlyList<string> Encodings => _encodings;

    /// <summary>The first difference; null where all values are the same.</summary>
    public DataDifference? Difference { get; private set; }

    /// <summary>The number of rows that were compared, or skipped because their batches have one CID.</summary>
    public long Rows { get; private set; }

    /// <summary>Compares two tables.</summary>
    public static DataComparison Between(IEnumerable<DiffPart> a, IEnumerable<DiffPart> b)
    {
        var made = new DataComparison();
        using var sideA = new Side(a);
        using var sideB = new Side(b);
        made.Run(sideA, sideB);
        if (made.Difference is null && !made._isIdentical) made.Explain(sideA, sideB);
        return made;
    }

    private void Run(Side a, Side b)
    {
        while (a.MoveToRow() & b.MoveToRow())
        {
            if (HaveOneCid(a, b))
            {
                Skip(a, b, a.Part!.Rows);
                continue;
            }

            _isIdentical = false;
            if (!Know(a.Part!.Batch.Schema, b.Part!.Batch.Schema)) return;
            int rows = (int)Math.Min(MostRows, Math.Min(a.Left, b.Left));
            if (FindDifference(a, b, rows) is { } found)
            {
                Difference = found;
                return;
            }

            Skip(a, b, rows);
            _isCutAlike &= a.Left == 0 == (b.Left == 0);
        }

        _isIdentical &= a.Parts == b.Parts;
        _isCutAlike &= a.Parts == b.Parts;
        if (a.Part is null != b.Part is null)
        {
            Difference = new DataDifference(Rows, null, "", a.Part is null ? "no row" : "a row",
                b.Part is null ? "no row" : "a row");
            return;
        }

        // Tables without rows differ by their columns.
        if (_schemaOfA is null && Rows == 0 && a.Schema is { } left && b.Schema is { } right)
        {
            if (CanonicalSchema.Of(left).Digest == CanonicalSchema.Of(right).Digest) return;
            _isIdentical = false;
            _ = Know(left, right);
        }
    }

    private void Skip(Side a, Side b, long rows)
    {
        a.At += rows;
        b.At += rows;
        Rows += rows;
    }

    /// <summary>A CID is computed only as long as nothing differs.</summary>
    private bool HaveOneCid(Side a, Side b)
    {
        if (a.At != 0 || b.At != 0 || a.Part!.Rows != b.Part!.Rows) return false;
        if (a.Part.Cid is { } known && b.Part.Cid is { } other) return known == other;
        return _isIdentical && CidOf(a.Part) == CidOf(b.Part);
    }

    private static Cid CidOf(DiffPart part) => part.Cid ?? CanonicalBlock.Address(part.Batch).Cid;

    /// <summary>Whether the columns are the same by name and logical type.</summary>
    private bool Know(Schema a, Schema b)
    {
        if (ReferenceEquals(a, _schemaOfA) && ReferenceEquals(b, _schemaOfB)) return true;
        (_schemaOfA, _schemaOfB) = (a, b);
        for (int i = 0; i < Math.Max(a.Fields.Count, b.Fields.Count); i++)
        {
            Field? left = i < a.Fields.Count ? a.Fields[i] : null, right = i < b.Fields.Count ? b.Fields[i] : null;
            string name = (left ?? right)!.Name;
            if (left is null || right is null || left.Name != right.Name)
            {
                Difference = new DataDifference(-1, name, "the name of a column", left?.Name ?? "no column",
                    right?.Name ?? "no column");
                return false;
            }

            if (!FingerprintType.AreAlike(left.Type, right.Type))
            {
                Difference = new DataDifference(-1, name, "the type", left.Type.ToString(), right.Type.ToString());
                return false;
            }

            if (left.Type.Equals(right.Type)) continue;
            string encoding = $"{name}: {left.Type} / {right.Type}";
            if (!_encodings.Contains(encoding)) _encodings.Add(encoding);
        }

        return true;
    }

    private DataDifference? FindDifference(Side a, Side b, int rows)
    {
        (RecordBatch left, RecordBatch right) = (a.Part!.Batch, b.Part!.Batch);
        (int fromA, int fromB) = ((int)a.At, (int)b.At);
        int row = rows, column = -1;
        for (int i = 0; i < left.Columns.Count; i++)
        {
            int first = FirstRow(left.Columns[i], fromA, right.Columns[i], fromB, row);
            if (first < 0) continue;
            (row, column) = (first, i);
        }

        if (column < 0) return null;
        return new DataDifference(Rows + row, left.Schema.Fields[column].Name, "a value",
            Text(left.Columns[column], fromA + row), Text(right.Columns[column], fromB + row));
    }

    /// <summary>The first of some rows by which two columns differ, or -1.</summary>
    private int FirstRow(ArrowArray a, int fromA, ArrowArray b, int fromB, int rows)
    {
        if (rows == 0 || (a.Type.Equals(b.Type) && ColumnPair.AreAlike(a, fromA, b, fromB, rows))) return -1;
        if (AreEqual(a, fromA, b, fromB, rows)) return -1;
        int low = 0, count = rows;
        while (count > 1)
        {
            int half = count / 2;
            bool isLater = AreEqual(a, fromA + low, b, fromB + low, half);
            if (isLater) low += half;
            count = isLater ? count - half : half;
        }

        return low;
    }

    private bool AreEqual(ArrowArray a, int fromA, ArrowArray b, int fromB, int rows)
    {
        _left.Clear();
        _right.Clear();
        LogicalValues.Append(_left, a, fromA, rows);
        LogicalValues.Append(_right, b, fromB, rows);
        return _left.Written.SequenceEqual(_right.Written);
    }

    private void Explain(Side a, Side b)
    {
        if (!_isCutAlike)
        {
            _encodings.Add(string.Create(CultureInfo.InvariantCulture,
                $"batches: {a.Parts}{(a.Parts == b.Parts ? ", cut elsewhere" : "")} / {b.Parts}"));
        }

        if (_encodings.Count > 0 || _schemaOfA is null || _schemaOfB is null) return;
        if (CanonicalSchema.Of(_schemaOfA).Digest == CanonicalSchema.Of(_schemaOfB).Digest)
        {
            _encodings.Add("the sign of a zero, or the entries of an ordered dictionary");
            return;
        }

        Difference first = FirstDifference.OfSchemas(_schemaOfA, _schemaOfB, -1);
        string of = first.FieldPath.Length > 0 ? $" of '{first.FieldPath}'" : "";
        _encodings.Add($"{first.Rule}{of}: {first.InA} / {first.InB}");
    }

    private static string Text(ArrowArray column, int slot)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        BatchText.WriteJsonLines(RecordBatch.Of(("v", column.Slice(slot, 1))), text);
        return text.ToString().TrimEnd('\n')["{\"v\":".Length..^1];
    }

    /// <summary>The position in one table.</summary>
    private sealed class Side(IEnumerable<DiffPart> parts) : IDisposable
    {
        private readonly IEnumerator<DiffPart> _parts = parts.GetEnumerator();

        /// <summary>The batch at the position; null after the last one.</summary>
        public DiffPart? Part { get; private set; }

        /// <summary>The row in the part.</summary>
        public long At { get; set; }

        /// <summary>The number of batches up to the position.</summary>
        public int Parts { get; private set; }

        /// <summary>The schema of the first batch, where that has no rows.</summary>
        public Schema? Schema { get; private set; }

        public long Left => Part!.Rows - At;

        /// <summary>Moves to a batch that has a row left.</summary>
        public bool MoveToRow()
        {
            while (Part is null || Left == 0)
            {
                Part?.Dispose();
                Part = null;
                if (!_parts.MoveNext()) return false;
                (Part, At) = (_parts.Current, 0);
                if (Parts++ == 0 && Part.Rows == 0) Schema = Part.Batch.Schema;
            }

            return true;
        }

        public void Dispose()
        {
            Part?.Dispose();
            _parts.Dispose();
        }
    }
}
