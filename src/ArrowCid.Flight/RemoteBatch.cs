using ArrowCid.Columnar;

namespace ArrowCid.Flight;

/// <summary>A batch that a client fetched. Valid until it is disposed of.</summary>
public sealed class RemoteBatch : IDisposable
{
    private readonly BatchLease? _lease;

    internal RemoteBatch(Cid cid, RecordBatch batch) => (Cid, Batch) = (cid, batch);

    internal RemoteBatch(BatchLease lease) : this(lease.Cid, lease.Batch) => _lease = lease;

    /// <summary>Its CID.</summary>
    public Cid Cid { get; }

    /// <summary>The batch.</summary>
    public RecordBatch Batch { get; }

    /// <summary>Whether it is read in shared memory, where it lies; else it came over the wire.</summary>
    public bool IsShared => _lease is not null;

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _lease?.Dispose();
}
