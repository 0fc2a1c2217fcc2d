using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Transfer;

/// <summary>Rows that differ as Arrow batches: change, row_a, row_b, the columns that differ, the key as a struct where
/// rows were found by one, and the row in A and in B as structs, null where there is none.</summary>
internal sealed class DiffRows
{
    private readonly BytesBuilder _change = new();
    private readonly FixedBuilder<long> _rowA = new();
    private readonly FixedBuilder<long> _rowB = new();
    private readonly ListBuilder _columns = new(new BytesBuilder());
    private readonly Half _a, _b;
    private readonly Half? _key;
    private readonly Field[] _keyFields;

    /// <summary>Makes the builder of the batches.</summary>
    /// <param name="a">The schema of A.</param>
    /// <param name="b">The schema of B.</param>
    /// <param name="key">The columns of both by which rows were found; may be none.</param>
    public DiffRows(Schema a, Schema b, IReadOnlyList<string> key)
    {
        (_a, _b) = (new Half("a", a), new Half("b", b));
        _keyFields = [.. key.Select(name => KeyField(a.Fields[a.IndexOf(name)], b.Fields[b.IndexOf(name)]))];
        if (_keyFields.Length > 0) _key = new Half("key", new Schema(_keyFields));
        Schema = new Schema([
            new Field("change", ArrowType.Utf8, nullable: false), new Field("row_a", ArrowType.Int64),
            new Field("row_b", ArrowType.Int64), new Field("columns", _columns.Type),
            .. _key is null ? (Field[])[] : [_key.Field], _a.Field, _b.Field,
        ]);
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
        _key?.Add(KeyOf((difference.A ?? difference.B)!));
        _a.Add(difference.A);
        _b.Add(difference.B);
    }

    /// <summary>The batch of what was added since the last one; it owns its memory.</summary>
    public RecordBatch Take()
    {
        int rows = Count;
        return new RecordBatch(Schema, rows, [_change.Build(), _rowA.Build(), _rowB.Build(), _columns.Build(),
            .. _key is null ? (ArrowArray[])[] : [_key.Take()], _a.Take(), _b.Take()]);
    }

    /// <summary>A key's column as it is; of two encodings as the plain one.</summary>
    private static Field KeyField(Field a, Field b)
    {
        if (a.Type.Equals(b.Type)) return new Field(a.Name, a.Type);
        bool isText = ColumnPair.Plain(a.Type).IsText();
        return new Field(a.Name, isText ? ArrowType.Utf8 : ArrowType.Binary);
    }

    private RecordBatch KeyOf(RecordBatch row) => new(new Schema(_keyFields), 1, [.. _keyFields.Select(field =>
    {
        ArrowArray value = row.Column(field.Name);
        if (value.Type.Equals(field.Type)) return value;
        var plain = new BytesBuilder(field.Type);
        int slot = 0;
        if (ValueText.Follow(value, ref slot) is { } found) plain.Append(found.GetBytes(slot));
        else plain.AppendNull();
        return plain.Build();
    })]);

    /// <summary>The batch in its canonical form and in memory of its own, so that it outlives the block it came
    /// from.</summary>
    public static RecordBatch Own(RecordBatch batch) => CanonicalBlock.DecodeView(CanonicalBlock.Encode(batch).Bytes);

    /// <summary>One side's rows.</summary>
    private sealed class Half
    {
        private readonly string _name;
        private readonly StructType _type;
        private readonly List<RecordBatch?> _rows = [];

        public Half(string name, Schema schema)
        {
            var nothing = new RecordBatch(schema, 0, [.. schema.Fields.Select(field => ArrayJoin.Empty(field.Type))]);
            (_name, _type) = (name, new StructType([.. Own(nothing).Schema.Fields]));
        }

        public Field Field => new(_name, _type);

        public void Add(RecordBatch? row) => _rows.Add(row is null ? null : Own(row));

        public ArrowArray Take()
        {
            var present = new FixedBuilder<bool>();
            foreach (RecordBatch? row in _rows) present.Append(row is not null);
            var columns = new ArrowArray[_type.Children.Count];
            for (int i = 0; i < columns.Length; i++)
            {
                Field field = _type.Children[i];
                ArrowArrayBuilder absent = ArrowArrayBuilder.For(field.Type);
                absent.AppendNull();
                ArrowArray none = absent.Build();
                var path = new FieldPath(null, field.Name);
                var budget = new ByteBudget(long.MaxValue);
                ArrowArray[] parts = [.. _rows.Select(row => row?.Columns[i] ?? none)];
                columns[i] = parts.Length == 0
                    ? ArrayJoin.Empty(field.Type)
                    : ArrayJoin.Join(OneDictionary.Of(parts, path, budget), path, budget);
            }

            int count = _rows.Count;
            _rows.Clear();
            return new ArrowArray(_type, count, [present.Build().Buffers[1]], columns);
        }
    }
}
