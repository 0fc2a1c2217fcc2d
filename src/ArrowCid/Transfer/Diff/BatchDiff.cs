using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>
/// Compares two runs of batches row by row, by position or by key. By position it holds one batch of each side, and
/// batches whose CIDs are known and equal are not opened; by key it holds A whole, and a key a row of it.
/// </summary>
internal sealed class BatchDiff(Action<BatchDiff, RowDifference> report)
{
    private const int MostRows = 65_536;

    private readonly List<string> _schemaDifferences = [];
    private readonly List<string> _uncompared = [];
    private ColumnPair[] _pairs = [];
    private bool _hasOtherEncoding, _hasOtherSchema;

    /// <summary>What of the schemas differs, in words.</summary>
    public IReadOnlyList<string> SchemaDifferences => _schemaDifferences;

    /// <summary>The columns that were not compared: those of one side alone, and those of two types.</summary>
    public IReadOnlyList<string> Uncompared => _uncompared;

    /// <summary>Whether the sides differ in nothing but how texts or binaries are encoded.</summary>
    public bool IsSameData =>
        Changed == 0 && OnlyInA == 0 && OnlyInB == 0 && _hasOtherEncoding && !_hasOtherSchema;

    /// <summary>The schemas, once both are known.</summary>
    public Schema? SchemaOfA { get; private set; }

    public Schema? SchemaOfB { get; private set; }

    public long RowsOfA { get; private set; }

    public long RowsOfB { get; private set; }

    /// <summary>Batches that were not looked at, since they have one CID.</summary>
    public long EqualBatches { get; private set; }

    public long Changed { get; private set; }

    public long OnlyInA { get; private set; }

    public long OnlyInB { get; private set; }

    public bool IsEqual => Changed == 0 && OnlyInA == 0 && OnlyInB == 0 && _schemaDifferences.Count == 0;

    /// <summary>The type of a column that is compared, or both where it has two.</summary>
    public string TypesOf(string name) => Array.Find(_pairs, pair => pair.Name == name)?.Types ?? "";

    /// <summary>Compares the first rows, the second rows, and so on.</summary>
    public void ByPosition(IEnumerable<DiffPart> a, IEnumerable<DiffPart> b)
    {
        using IEnumerator<DiffPart> left = a.GetEnumerator(), right = b.GetEnumerator();
        Side sideA = new(left), sideB = new(right);
        try
        {
            while (sideA.MoveToRow() & sideB.MoveToRow())
            {
                if (sideA.At == 0 && sideB.At == 0 && sideA.Part!.Rows == sideB.Part!.Rows
                    && sideA.Part.Cid is { } cid && cid == sideB.Part.Cid)
                {
                    EqualBatches++;
                    sideA.Skip(sideA.Part.Rows);
                    sideB.Skip(sideB.Part.Rows);
                    continue;
                }

                Know(sideA.Part!.Batch.Schema, sideB.Part!.Batch.Schema);
                int rows = (int)Math.Min(MostRows, Math.Min(sideA.Left, sideB.Left));
                Compare(sideA, sideB, rows);
                sideA.Skip(rows);
                sideB.Skip(rows);
            }

            if (sideA.FirstSchema is not null && sideB.FirstSchema is not null)
                Know(sideA.FirstSchema(), sideB.FirstSchema());
            for (; sideA.MoveToRow(); sideA.Skip(1))
                Report(new(RowChange.OnlyInA, sideA.Row, -1, sideA.OneRow(), null, []));
            ReportRest(sideB);
            (RowsOfA, RowsOfB) = (sideA.Row, sideB.Row);
        }
        finally
        {
            sideA.Part?.Dispose();
            sideB.Part?.Dispose();
        }
    }

    /// <summary>Compares rows that have one key.</summary>
    /// <param name="a">One side; all of it is held.</param>
    /// <param name="b">The other.</param>
    /// <param name="key">Columns of both that tell the rows of A apart.</param>
    public void ByKey(IEnumerable<DiffPart> a, IEnumerable<DiffPart> b, string[] key)
    {
        List<DiffPart> held = [.. a];
        try
        {
            KeyIndex? index = null;
            Side side = new(b.GetEnumerator());
            for (; side.MoveToRow(); side.Skip(1))
            {
                if (held.Count == 0) break;
                index ??= Index(held, side.Part!.Batch.Schema, key);
                Know(held[0].Batch.Schema, side.Part!.Batch.Schema);
                if (index.Find(side.Part.Batch, (int)side.At) is not { } rowOfA)
                {
                    Report(new(RowChange.OnlyInB, -1, side.Row, null, side.OneRow(), []));
                    continue;
                }

                (RecordBatch batch, int slot) = index[rowOfA];
                string[] names = [.. _pairs.Where(pair => !pair.AreEqual(pair.A(batch), slot, pair.B(side.Part.Batch),
                    (int)side.At)).Select(pair => pair.Name)];
                if (names.Length > 0)
                    Report(new(RowChange.Changed, rowOfA, side.Row, batch.Slice(slot, 1), side.OneRow(), names));
            }

            ReportRest(side);
            if (held.Count > 0 && index is null)
            {
                Schema schemaOfB = side.FirstSchema?.Invoke() ?? held[0].Batch.Schema;
                index = Index(held, schemaOfB, key);
                Know(held[0].Batch.Schema, schemaOfB);
            }

            foreach (long row in index?.Unfound() ?? [])
            {
                (RecordBatch batch, int slot) = index![row];
                Report(new(RowChange.OnlyInA, row, -1, batch.Slice(slot, 1), null, []));
            }

            (RowsOfA, RowsOfB) = (held.Sum(part => part.Rows), side.Row);
            side.Part?.Dispose();
        }
        finally
        {
            foreach (DiffPart part in held) part.Dispose();
        }
    }

    private static KeyIndex Index(List<DiffPart> a, Schema b, string[] key)
    {
        ColumnPair[] pairs = ColumnPair.Of(a[0].Batch.Schema, b, [], []);
        return new KeyIndex(a, [.. key.Select(name => Array.Find(pairs, pair => pair.Name == name && pair.IsKey)
            ?? throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the key '{name}' is no column of one type in both; there are: " +
                $"{string.Join(", ", pairs.Where(pair => pair.IsKey).Select(pair => pair.Name))}"))]);
    }

    /// <summary>Finds the columns that two batches share, once for a pair of schemas.</summary>
    private void Know(Schema a, Schema b)
    {
        if (ReferenceEquals(a, SchemaOfA) && ReferenceEquals(b, SchemaOfB)) return;
        var differences = new List<string>();
        var uncompared = new List<string>();
        _pairs = ColumnPair.Of(a, b, differences, uncompared);
        int encodings = _pairs.Count(pair => pair.IsOtherEncoding);
        _hasOtherEncoding |= encodings > 0;
        _hasOtherSchema |= differences.Count > encodings;
        _uncompared.AddRange(uncompared.Except(_uncompared));
        (SchemaOfA, SchemaOfB) = (a, b);
        foreach (string difference in differences)
        {
            if (!_schemaDifferences.Contains(difference)) _schemaDifferences.Add(difference);
        }
    }

    private void Compare(Side sideA, Side sideB, int rows)
    {
        (RecordBatch a, RecordBatch b) = (sideA.Part!.Batch, sideB.Part!.Batch);
        (int fromA, int fromB) = ((int)sideA.At, (int)sideB.At);
        ColumnPair[] unlike = Array.FindAll(_pairs,
            pair => !ColumnPair.AreAlike(pair.A(a), fromA, pair.B(b), fromB, rows));
        if (unlike.Length == 0) return;
        var names = new List<string>();
        for (int row = 0; row < rows; row++)
        {
            names.Clear();
            foreach (ColumnPair pair in unlike)
            {
                if (!pair.AreEqual(pair.A(a), fromA + row, pair.B(b), fromB + row)) names.Add(pair.Name);
            }

            if (names.Count == 0) continue;
            Report(new(RowChange.Changed, sideA.Row + row, sideB.Row + row, a.Slice(fromA + row, 1),
                b.Slice(fromB + row, 1), [.. names]));
        }
    }

    private void ReportRest(Side sideB)
    {
        for (; sideB.MoveToRow(); sideB.Skip(1))
            Report(new(RowChange.OnlyInB, -1, sideB.Row, null, sideB.OneRow(), []));
    }

    private void Report(RowDifference difference)
    {
        if (difference.Change == RowChange.Changed) Changed++;
        else if (difference.Change == RowChange.OnlyInA) OnlyInA++;
        else OnlyInB++;
        report(this, difference);
    }

    /// <summary>Where a side stands.</summary>
    private sealed class Side(IEnumerator<DiffPart> parts)
    {
        public DiffPart? Part { get; private set; }

        /// <summary>The row in the part.</summary>
        public long At { get; private set; }

        /// <summary>The row in all.</summary>
        public long Row { get; private set; }

        public long Left => Part!.Rows - At;

        /// <summary>The schema of the first part, where there is one.</summary>
        public Func<Schema>? FirstSchema { get; private set; }

        /// <summary>Goes to a part that has a row left.</summary>
        public bool MoveToRow()
        {
            while (Part is null || Left == 0)
            {
                if (!parts.MoveNext()) return false;
                Part?.Dispose();
                (Part, At) = (parts.Current, 0);
                if (FirstSchema is not null) continue;
                Schema? schema = null;
                DiffPart first = Part;
                FirstSchema = () =>
                {
                    schema ??= first.Batch.Schema;
                    if (!ReferenceEquals(first, Part)) first.Dispose();
                    return schema;
                };
            }

            return true;
        }

        public void Skip(long rows)
        {
            At += rows;
            Row += rows;
        }

        public RecordBatch OneRow() => Part!.Batch.Slice((int)At, 1);
    }
}
