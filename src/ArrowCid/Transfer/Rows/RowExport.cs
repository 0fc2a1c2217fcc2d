using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>Batches of one schema as CSV or JSON lines that are read back as they were; what these cannot hold is
/// refused before anything is written (<c>INFERENCE.md</c>).</summary>
public static partial class RowExport
{
    /// <summary>Writes CSV: a row of names and the rows of all batches; see <see cref="BatchText.WriteCsv"/>.</summary>
    /// <param name="batches">The batches; at least one.</param>
    /// <param name="writer">Where to.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column that CSV cannot hold;
    /// <see cref="ErrorCode.SchemaMismatch"/>: another schema than the first.</exception>
    internal static void WriteCsv(IEnumerable<RecordBatch> batches, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Write(batches, CheckCsv, (batch, isFirst) => BatchText.WriteCsv(batch, writer, isFirst));
    }

    /// <summary>Writes JSON lines; see <see cref="BatchText.WriteJsonLines"/>.</summary>
    /// <param name="batches">The batches; at least one.</param>
    /// <param name="writer">Where to.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column that JSON cannot hold;
    /// <see cref="ErrorCode.SchemaMismatch"/>: another schema than the first.</exception>
    internal static void WriteJsonLines(IEnumerable<RecordBatch> batches, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Write(batches, schema => _ = new JsonColumn.Members(schema.Fields, null),
            (batch, _) => BatchText.WriteJsonLines(batch, writer));
    }

    private static void Write(IEnumerable<RecordBatch> batches, Action<Schema> check, Action<RecordBatch, bool> write)
    {
        ArgumentNullException.ThrowIfNull(batches);
        Schema? first = null;
        foreach (RecordBatch batch in batches)
        {
            if (first is null) check(batch.Schema);
            else if (!batch.Schema.Equals(first))
                throw Mismatch();
            write(batch, first is null);
            first ??= batch.Schema;
        }
    }

    private static ArrowCidException Mismatch() =>
        new(ErrorCode.SchemaMismatch, "a batch has another schema than the first; a file has one");

    private static void CheckCsv(Schema schema)
    {
        if (schema.Fields.Count == 0)
            throw new ArrowCidException(ErrorCode.Unsupported, "CSV holds no rows without columns; write JSON lines");
        foreach (Field field in schema.Fields)
        {
            try
            {
                _ = TextColumn.For(field.Type);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
            {
                throw new ArrowCidException(e.Code,
                    $"column '{field.Name}' is {field.Type}, which CSV cannot hold; write JSON lines or Parquet", e);
            }
        }
    }
}
