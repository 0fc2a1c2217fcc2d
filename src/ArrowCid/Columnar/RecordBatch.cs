namespace ArrowCid.Columnar;

/// <summary>
/// Rows of columns under a schema, over borrowed memory: readable as long as the memory behind its columns is.
/// Immutable and safe for concurrent readers.
/// </summary>
public sealed class RecordBatch
{
    private readonly ArrowArray[] _columns;

    /// <summary>Makes a batch of columns that the caller keeps alive.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="length">Rows.</param>
    /// <param name="columns">One array a field, of the field's type and at least <paramref name="length"/> slots.</param>
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
                throw new InvalidArrowException($"a column is of {columns[i].Type}, its field of {field.Type}", field.Name);
            if (columns[i].Length < length)
                throw new InvalidArrowException($"a column has {columns[i].Length} slots for {length} rows", field.Name);
        }

        (Schema, Length, _columns) = (schema, length, columns);
    }

    /// <summary>The schema.</summary>
    public Schema Schema { get; }

    /// <summary>Rows.</summary>
    public int Length { get; }

    /// <summary>The columns, in the schema's order; each has at least <see cref="Length"/> slots.</summary>
    public IReadOnlyList<ArrowArray> Columns => _columns;

    internal ReadOnlySpan<ArrowArray> ColumnSpan => _columns;

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
                $"No column '{name}'. There are: {string.Join(", ", Schema.Fields.Select(field => field.Name))}.");
        }

        return _columns[index].Slice(0, Length);
    }

    /// <summary>Some of the rows, without a copy.</summary>
    /// <param name="start">The first row, from 0.</param>
    /// <param name="length">Rows.</param>
    /// <returns>A batch over the same memory.</returns>
    public RecordBatch Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length);
        return new RecordBatch(Schema, length, Array.ConvertAll(_columns, column => column.Slice(start, length)));
    }
}
