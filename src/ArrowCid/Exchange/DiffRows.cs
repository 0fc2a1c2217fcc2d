using ArrowCid.Columnar;

namespace ArrowCid.Exchange;

/// <summary>Rows that differ as Arrow batches: change, row_a, row_b, the columns that differ, and the row in A and in B
/// as structs, null where there is none.</summary>
internal sealed class DiffRows
{
    private readonly BytesBuilder _change = new();
    private readonly FixedBuilder<long> _rowA = new();
    private readonly FixedBuilder<long> _rowB = new();
    private readonly ListBuilder _columns = new(new BytesBuilder());
    private readonly Half _a, _b;

    public DiffRows(Schema a, Schema b)
    {
        (_a, _b) = (new Half("a", a), new Half("b", b));
        Schema = new Schema(
            new Field("change", ArrowType.Utf8, nullable: false), new Field("row_a", ArrowType.Int64),
            new Field("row_b", ArrowType.Int64), new Field("columns", _columns.Type), _a.Field, _b.Field);
    }

    public Schema Schema { get; }

    public int Count => _change.Length;

    public static string NameOf(RowChange change) => change switch
    {
        RowChange.Changed => "changed",
        RowChange.OnlyInA => "only in A",
        _ => "only in B",
    };

    public void Add(RowDifference difference)
    {
        _change.Append(NameOf(difference.Change));
        _rowA.Append(difference.RowA < 0 ? null : difference.RowA);
        _rowB.Append(difference.RowB < 0 ? null : difference.RowB);
        foreach (string name in difference.Columns) ((BytesBuilder)_columns.Items).Append(name);
        _columns.Append();
        _a.Add(difference.A);
        _b.Add(difference.B);
    }

    /// <summary>The batch of what was added since the last one; it owns its memory.</summary>
    public RecordBatch Take()
    {
        int rows = Count;
        return new RecordBatch(Schema, rows, _change.Build(), _rowA.Build(), _rowB.Build(), _columns.Build(),
            _a.Take(), _b.Take());
    }

    /// <summary>One side's rows.</summary>
    private sealed class Half(string name, Schema schema)
    {
        private readonly StructType _type = new([.. schema.Fields]);
        private readonly List<RecordBatch?> _rows = [];

        public Field Field => new(name, _type);

        /// <summary>Takes a row in; it is copied, since the memory behind it may go.</summary>
        public void Add(RecordBatch? row) => _rows.Add(row is null ? null : Copy(row));

        public ArrowArray Take()
        {
            var present = new FixedBuilder<bool>();
            foreach (RecordBatch? row in _rows) present.Append(row is not null);
            var columns = new ArrowArray[_type.Children.Count];
            for (int i = 0; i < columns.Length; i++)
            {
                ArrowArrayBuilder absent = ArrowArrayBuilder.For(_type.Children[i].Type);
                absent.AppendNull();
                ArrowArray none = absent.Build();
                columns[i] = Join([.. _rows.Select(row => row?.Columns[i] ?? none)], _type.Children[i]);
            }

            int count = _rows.Count;
            _rows.Clear();
            return new ArrowArray(_type, count, [present.Build().Buffers[1]], columns);
        }

        private RecordBatch Copy(RecordBatch row)
        {
            if (!row.Schema.Fields.SequenceEqual(schema.Fields))
                throw new ArrowCidException(ErrorCode.SchemaMismatch, "batches of one side have several schemas");
            // Twice the row is joined to new memory; the first of it is the copy.
            ArrowArray[] columns = [.. row.Columns.Select((column, i) =>
                Join([column.Slice(0, 1), column.Slice(0, 1)], _type.Children[i]).Slice(0, 1))];
            return new RecordBatch(schema, 1, columns);
        }

        private static ArrowArray Join(ArrowArray[] parts, Field field)
        {
            if (parts.Length == 0) return ArrayJoin.Empty(field.Type);
            var path = new FieldPath(null, field.Name);
            var budget = new ByteBudget(long.MaxValue);
            return ArrayJoin.Join(OneDictionary.Of(parts, path, budget), path, budget);
        }
    }
}
