namespace ArrowCid.Columnar;

/// <summary>Some columns of a batch or schema, by their names.</summary>
internal static class ColumnChoice
{
    /// <summary>Gets the schema of the columns; with no names the schema itself.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: there is no such
    /// column.</exception>
    public static Schema Of(Schema schema, IReadOnlyList<string> columns)
    {
        if (columns.Count == 0) return schema;
        return new Schema(columns.Select(name => schema.IndexOf(name) is >= 0 and int index
            ? schema.Fields[index]
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"there is no column '{name}'")), schema.Metadata);
    }

    /// <summary>Gets the columns of a batch; with no names the batch itself.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: there is no such
    /// column.</exception>
    public static RecordBatch Of(RecordBatch batch, IReadOnlyList<string> columns) =>
        Of(batch, Of(batch.Schema, columns), columns);

    /// <summary>Gets the columns of a batch, with a schema of theirs that is known already.</summary>
    public static RecordBatch Of(RecordBatch batch, Schema schema, IReadOnlyList<string> columns) =>
        columns.Count == 0
            ? batch
            : new RecordBatch(schema, batch.Length, [.. columns.Select(name => batch.Column(name))]);
}
