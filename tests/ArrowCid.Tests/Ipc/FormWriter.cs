using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Ipc;

/// <summary>
/// Writes batches in any <see cref="Form"/>, a message at a time. It is the tests' own and shares nothing with the
/// library's writer.
/// </summary>
internal sealed class FormWriter(Form form)
{
    private readonly List<byte> _out = [];
    private readonly Dictionary<long, ArrowArray> _written = [];
    private readonly List<(long, int, long)> _dictionaries = [], _batches = [];
    private long _nextId;

    public long Length => _out.Count;

    public static byte[] Stream(Form form, Schema schema, params IEnumerable<RecordBatch> batches)
    {
        var writer = new FormWriter(form);
        writer.Schema(schema);
        foreach (RecordBatch batch in batches) writer.Batch(batch);
        return writer.End();
    }

    public static byte[] File(Form form, Schema schema, params IEnumerable<RecordBatch> batches)
    {
        var writer = new FormWriter(form);
        writer._out.AddRange("ARROW1\0\0"u8);
        writer.Schema(schema);
        foreach (RecordBatch batch in batches) writer.Batch(batch);
        writer.End();
        return writer.Footer(schema);
    }

    public FormWriter Schema(Schema schema) => Message(1, SchemaTable(schema), []);

    /// <summary>The batch, the dictionaries that it newly needs before it.</summary>
    public FormWriter Batch(RecordBatch batch)
    {
        long id = 0;
        foreach (ArrowArray column in batch.Columns) Dictionaries(column, ref id);
        (Flat table, byte[] body) = BatchTable(batch.Length, batch.Columns);
        return Message(3, table, body);
    }

    public FormWriter Dictionary(long id, ArrowArray values, bool isDelta = false)
    {
        (Flat data, byte[] body) = BatchTable(values.Length, [values]);
        return Message(2, new Flat((0, id), (1, data), (2, isDelta)), body);
    }

    public FormWriter Message(byte headerType, Flat header, byte[] body, Flat[]? customMetadata = null)
    {
        byte[] metadata = new Flat((0, form.Version), (1, headerType), (2, header), (3, (long)body.Length),
            (4, customMetadata)).ToBytes();
        int prefix = form.Legacy ? 4 : 8;
        int padded = (metadata.Length + prefix + form.Alignment - 1) / form.Alignment * form.Alignment - prefix;
        long start = _out.Count;
        Array.Resize(ref metadata, padded);
        if (!form.Legacy) Int32(-1);
        Int32(padded);
        _out.AddRange(metadata);
        _out.AddRange(body);
        if (headerType == 2) _dictionaries.Add((start, padded + prefix, body.Length));
        if (headerType == 3) _batches.Add((start, padded + prefix, body.Length));
        return this;
    }

    public FormWriter Raw(params byte[] bytes)
    {
        _out.AddRange(bytes);
        return this;
    }

    public byte[] End()
    {
        if (form.EndOfStream)
        {
            if (!form.Legacy) Int32(-1);
            Int32(0);
        }

        return _out.ToArray();
    }

    public byte[] Footer(Schema schema, Flat[]? customMetadata = null)
    {
        byte[] footer = new Flat((0, form.Version), (1, SchemaTable(schema)), (2, Blocks(_dictionaries)), (3, Blocks(_batches)),
            (4, customMetadata)).ToBytes();
        _out.AddRange(footer);
        Int32(footer.Length);
        _out.AddRange("ARROW1"u8);
        return _out.ToArray();
    }

    private void Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _out.AddRange(bytes);
    }

    private static FlatRaw Blocks(List<(long Offset, int Metadata, long Body)> blocks) =>
        new(FlatRaw.Longs([.. blocks.SelectMany(block => new[] { block.Offset, block.Metadata, block.Body })]).Bytes, 24);

    public Flat SchemaTable(Schema schema)
    {
        _nextId = 0;
        Flat[] fields = [.. schema.Fields.Select(FieldTable)];
        return new Flat((0, form.BigEndian ? (short)1 : form.Sparse ? null : (short)0),
            (1, form.Sparse && fields.Length == 0 ? null : fields), (2, Pairs(schema.Metadata)));
    }

    private Flat[]? Pairs(IReadOnlyList<KeyValuePair<string, string>> metadata) => metadata.Count == 0 && form.Sparse
        ? null
        : [.. metadata.Select(pair => new Flat((0, pair.Key), (1, form.Sparse && pair.Value.Length == 0 ? null : pair.Value)))];

    private Flat FieldTable(Field field)
    {
        ArrowType type = field.Type;
        Flat? encoding = null;
        if (type is DictionaryType encoded)
        {
            Flat? index = form.Sparse && encoded.IndexType.Id == ArrowTypeId.Int32 ? null : TypeTable(encoded.IndexType).Table;
            encoding = new Flat((0, _nextId++), (1, index), (2, encoded.IsOrdered));
            type = encoded.ValueType;
        }

        Flat[] children = [.. type.Children.Select(FieldTable)];
        (byte tag, Flat table) = TypeTable(type);
        return new Flat((0, form.Sparse && field.Name.Length == 0 ? null : field.Name), (1, field.IsNullable), (2, tag),
            (3, table), (4, encoding), (5, form.Sparse && children.Length == 0 ? null : children),
            (6, Pairs(field.Metadata)));
    }

    private (byte Tag, Flat Table) TypeTable(ArrowType type) => type.Id switch
    {
        ArrowTypeId.Null => (1, new Flat()),
        >= ArrowTypeId.Int8 and <= ArrowTypeId.Int64 =>
            (2, new Flat((0, 8 * type.ByteWidth()), (1, true))),
        >= ArrowTypeId.UInt8 and <= ArrowTypeId.UInt64 =>
            (2, new Flat((0, 8 * type.ByteWidth()), (1, form.Sparse ? null : false))),
        ArrowTypeId.Float16 => (3, new Flat((0, form.Sparse ? null : (short)0))),
        ArrowTypeId.Float32 => (3, new Flat((0, (short)1))),
        ArrowTypeId.Float64 => (3, new Flat((0, (short)2))),
        ArrowTypeId.Binary => (4, new Flat()),
        ArrowTypeId.Utf8 => (5, new Flat()),
        ArrowTypeId.Boolean => (6, new Flat()),
        >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256 => (7, Decimal((DecimalType)type)),
        ArrowTypeId.Date32 => (8, new Flat((0, (short)0))),
        ArrowTypeId.Date64 => (8, new Flat((0, form.Sparse ? null : (short)1))),
        ArrowTypeId.Time32 or ArrowTypeId.Time64 => (9, Unit(((TimeType)type).Unit, 1, (1, 8 * type.ByteWidth()))),
        ArrowTypeId.Timestamp => (10, Unit(((TimestampType)type).Unit, 0, (1, ((TimestampType)type).TimeZone))),
        ArrowTypeId.IntervalYearMonth => (11, new Flat((0, form.Sparse ? null : (short)0))),
        ArrowTypeId.IntervalDayTime => (11, new Flat((0, (short)1))),
        ArrowTypeId.IntervalMonthDayNano => (11, new Flat((0, (short)2))),
        ArrowTypeId.List => (12, new Flat()),
        ArrowTypeId.Struct => (13, new Flat()),
        ArrowTypeId.SparseUnion or ArrowTypeId.DenseUnion => (14, Union((UnionType)type)),
        ArrowTypeId.FixedSizeBinary => (15, new Flat((0, type.ByteWidth()))),
        ArrowTypeId.FixedSizeList => (16, new Flat((0, ((FixedSizeListType)type).ListSize))),
        ArrowTypeId.Map => (17, new Flat((0, ((MapType)type).KeysSorted))),
        ArrowTypeId.Duration => (18, Unit(((TimeType)type).Unit, 1)),
        ArrowTypeId.LargeBinary => (19, new Flat()),
        ArrowTypeId.LargeUtf8 => (20, new Flat()),
        ArrowTypeId.LargeList => (21, new Flat()),
        ArrowTypeId.RunEndEncoded => (22, new Flat()),
        ArrowTypeId.BinaryView => (23, new Flat()),
        ArrowTypeId.Utf8View => (24, new Flat()),
        ArrowTypeId.ListView => (25, new Flat()),
        ArrowTypeId.LargeListView => (26, new Flat()),
        _ => throw new ArgumentException(type.ToString()),
    };

    private Flat Unit(TimeUnit unit, int byDefault, params (int, object?)[] more) =>
        new([(0, form.Sparse && (int)unit == byDefault ? null : (short)unit), .. more]);

    private Flat Decimal(DecimalType type) =>
        new((0, type.Precision), (1, type.Scale), (2, form.Sparse && type.BitWidth == 128 ? null : type.BitWidth));

    private Flat Union(UnionType type)
    {
        int[] codes = [.. type.TypeCodes.ToArray().Select(code => (int)code)];
        bool plain = codes.SequenceEqual(Enumerable.Range(0, codes.Length));
        return new Flat((0, type.Id == ArrowTypeId.DenseUnion ? (short)1 : (short)0),
            (1, form.Sparse && plain ? null : FlatRaw.Ints(codes)));
    }

    private void Dictionaries(ArrowArray array, ref long id)
    {
        IReadOnlyList<ArrowArray> children = array.Children;
        if (array.Dictionary is { } values)
        {
            long own = id++;
            if (!_written.TryGetValue(own, out ArrowArray? known) || !ReferenceEquals(known, values))
            {
                Dictionary(own, values);
                _written[own] = values;
            }

            children = values.Children;
        }

        foreach (ArrowArray child in children) Dictionaries(child, ref id);
    }

    private (Flat Table, byte[] Body) BatchTable(int length, IReadOnlyList<ArrowArray> columns)
    {
        var body = new FormBody(form);
        foreach (ArrowArray column in columns) body.Add(column);
        var table = new Flat(
            (0, form.Sparse && length == 0 ? null : (long)length),
            (1, form.Sparse && body.Nodes.Count == 0 ? null : FlatRaw.Pairs([.. body.Nodes])),
            (2, form.Sparse && body.Buffers.Count == 0 ? null : FlatRaw.Pairs([.. body.Buffers])),
            (3, form.Codec < 0 ? null : new Flat((0, (byte)form.Codec), (1, (byte)0))),
            (4, form.Sparse && body.Variadic.Count == 0 ? null : FlatRaw.Longs([.. body.Variadic])));
        return (table, body.ToArray());
    }
}
