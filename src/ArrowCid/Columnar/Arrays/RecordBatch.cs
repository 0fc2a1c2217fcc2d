namespace ArrowCid.Columnar;

/// <summary>
/// Rows of columns under a schema, over borrowed memory: readable as long as the memory behind its columns is.
/// Immutable and safe for concurrent readers.
/// </summary>
internal sealed partial class RecordBatch
{
    private readonly ArrowArray?[] _columns;

    // Makes the columns that are still null; null where none is.
    private ColumnSource? _source;

    /// <summary>Makes a batch of columns that the caller keeps alive.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="length">Rows.</param>
    /// <param name="columns">One array a field, of the field's type and at least <paramref name="length"/>
    /// slots.</param>
    /// <exception cref="InvalidArrowException">The columns do not fit the schema or the length.</exception>
    public RecordBatch(Schema schema, int length, params ArrowArray[] columns)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (columns.Length != schema.Fields.Count)
            throw new InvalidArrowException($"{columns.Length} columns stand against {schema.Fields.Count} fields");
        for (int i = 0; i < columns.Length; i++)
        {
            Field field = schema.Fields[i];
            if (!columns[i].Type.Equals(field.Type))
                throw new InvalidArrowException(
                    $"a column is of {columns[i].Type}, its field of {field.Type}", field.Name);
            if (columns[i].Length < length)
                throw new InvalidArrowException(
                    $"a column has {columns[i].Length} slots for {length} rows", field.Name);
        }

        (Schema, Length, _columns) = (schema, length, columns);
    }

    internal RecordBatch(Schema schema, int length, ColumnSource source) =>
        (Schema, Length, _columns, _source) = (schema, length, new ArrowArray?[schema.Fields.Count], source);

    /// <summary>A batch of named columns of one length, with nullable fields and without metadata.</summary>
    /// <param name="columns">The columns, in order, that the caller keeps alive.</param>
    /// <returns>The batch.</returns>
    /// <exception cref="ArgumentException">The columns are not of one length.</exception>
    public static RecordBatch Of(params (string Name, ArrowArray Values)[] columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        int length = columns.Length == 0 ? 0 : columns[0].Values?.Length ?? 0;
        foreach ((string name, ArrowArray values) in columns)
        {
            ArgumentNullException.ThrowIfNull(values, nameof(columns));
            if (values.Length != length)
                throw new ArgumentException(
                    $"'{name}' has {values.Length} slots, the first column {length}.", nameof(columns));
        }

        var schema = new Schema(columns.Select(column => new Field(column.Name, column.Values.Type)));
        return new RecordBatch(schema, length, Array.ConvertAll(columns, column => column.Values));
    }

    /// <summary>The schema.</summary>
    public Schema Schema { get; }

    /// <summary>Rows.</summary>
    public int Length { get; }

    /// <summary>The columns, in the schema's order; each has at least <see cref="Length"/> slots.</summary>
    public IReadOnlyList<ArrowArray> Columns => All;

    internal ReadOnlySpan<ArrowArray> ColumnSpan => All;

    private ArrowArray[] All
    {
        get
        {
            if (Volatile.Read(ref _source) is { } source)
            {
                for (int i = 0; i < _columns.Length; i++) _ = At(i, source);
                Volatile.Write(ref _source, null);
            }

            return _columns!;
        }
    }

    /// <summary>The first column of that name.</summary>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>The column, cut to <see cref="Length"/>.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column.</exception>
    public ArrowArray Column(string name)
    {
        int index = Schema.IndexOf(name);
        if (index < 0)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"No column '{name}'; there are: {string.Join(", ", Schema.Fields.Select(field => field.Name))}");
        }

        return ColumnAt(index);
    }

    /// <summary>A column by its place, cut to <see cref="Length"/>.</summary>
    internal ArrowArray ColumnAt(int index)
    {
        ArrowArray column = Volatile.Read(ref _source) is { } source ? At(index, source) : _columns[index]!;
        return column.Slice(0, Length);
    }

    /// <summary>The first column of that name as C# values: <c>batch.Column&lt;double&gt;("px").Values</c>.</summary>
    /// <typeparam name="T">The value in memory; see <see cref="Column{T}"/>.</typeparam>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>The column, cut to <see cref="Length"/>. Valid as long as the memory behind the batch.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column, or its slots are not
    /// such values.</exception>
    public Column<T> Column<T>(string name) where T : unmanaged => new(Column(name), $"Column '{name}'");

    /// <summary>Some of the rows, without a copy.</summary>
    /// <param name="start">The first row, from 0.</param>
    /// <param name="length">Rows.</param>
    /// <returns>A batch over the same memory.</returns>
    public RecordBatch Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length);
        return new RecordBatch(Schema, length, Array.ConvertAll(All, column => column.Slice(start, length)));
    }

    /// <summary>A column that may not be built yet; if two threads build it, one result is used by all.</summary>
    private ArrowArray At(int index, ColumnSource source)
    {
        if (Volatile.Read(ref _columns[index]) is { } known) return known;
        ArrowArray made = source.Make(index);
        return Interlocked.CompareExchange(ref _columns[index], made, null) ?? made;
    }
}
