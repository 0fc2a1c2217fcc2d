using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

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
