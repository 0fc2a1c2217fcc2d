using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>A row that differs; its batches are readable until the next one.</summary>
/// <param name="Change">How.</param>
/// <param name="RowA">Its number in A, from 0; -1 where it is not there.</param>
/// <param name="RowB">Its number in B, or -1.</param>
/// <param name="A">The row in A: a batch of one row, or null.</param>
/// <param name="B">The row in B, or null.</param>
/// <param name="Columns">The columns that differ, by name; empty where the row is in one alone.</param>
internal readonly record struct RowDifference(RowChange Change, long RowA, long RowB, RecordBatch? A, RecordBatch? B,
    IReadOnlyList<string> Columns);
