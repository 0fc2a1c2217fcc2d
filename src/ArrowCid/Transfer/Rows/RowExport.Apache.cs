using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Transfer;

public static partial class RowExport
{
    /// <summary>Writes CSV: a row of names and the rows of all batches.</summary>
    /// <param name="batches">The batches; at least one.</param>
    /// <param name="writer">Where to.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column that CSV cannot hold;
    /// <see cref="ErrorCode.SchemaMismatch"/>: another schema than the first.</exception>
    /// <exception cref="InvalidArrowException">A batch breaks a rule of the format.</exception>
    public static void WriteCsv(IEnumerable<A.RecordBatch> batches, TextWriter writer) =>
        WriteCsv(batches?.Select(FromApache.Batch)!, writer);

    /// <summary>Writes JSON lines: one object per row.</summary>
    /// <param name="batches">The batches; at least one.</param>
    /// <param name="writer">Where to.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a column that JSON cannot hold;
    /// <see cref="ErrorCode.SchemaMismatch"/>: another schema than the first.</exception>
    /// <exception cref="InvalidArrowException">A batch breaks a rule of the format.</exception>
    public static void WriteJsonLines(IEnumerable<A.RecordBatch> batches, TextWriter writer) =>
        WriteJsonLines(batches?.Select(FromApache.Batch)!, writer);
}
