using ArrowCid.Columnar;

namespace ArrowCid.Exchange;

/// <summary>A batch of one side of a comparison. One that lies in a store is opened only where it has to be.</summary>
/// <param name="rows">Its rows.</param>
/// <param name="cid">Its CID, where that is known.</param>
/// <param name="open">Gives the batch and what keeps it.</param>
internal sealed class DiffPart(long rows, Cid? cid, Func<(RecordBatch Batch, IDisposable? Lease)> open) : IDisposable
{
    private (RecordBatch Batch, IDisposable? Lease)? _opened;

    public long Rows => rows;

    public Cid? Cid => cid;

    public RecordBatch Batch => (_opened ??= open()).Batch;

    public static DiffPart Of(RecordBatch batch) => new(batch.Length, null, () => (batch, null));

    public void Dispose()
    {
        _opened?.Lease?.Dispose();
        _opened = null;
    }
}

/// <summary>How a row differs.</summary>
internal enum RowChange
{
    Changed,
    OnlyInA,
    OnlyInB,
}

/// <summary>A row that differs; its batches are readable until the next one.</summary>
/// <param name="Change">How.</param>
/// <param name="RowA">Its number in A, from 0; -1 where it is not there.</param>
/// <param name="RowB">Its number in B, or -1.</param>
/// <param name="A">The row in A: a batch of one row, or null.</param>
/// <param name="B">The row in B, or null.</param>
/// <param name="Columns">The columns that differ, by name; empty where the row is in one alone.</param>
internal readonly record struct RowDifference(RowChange Change, long RowA, long RowB, RecordBatch? A, RecordBatch? B,
    IReadOnlyList<string> Columns);
