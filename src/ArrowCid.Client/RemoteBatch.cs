using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Client;

/// <summary>A batch that a client fetched. Valid until it is disposed of.</summary>
public sealed class RemoteBatch : IDisposable
{
    private readonly BatchLease? _lease;
    private A.RecordBatch? _apache;

    internal RemoteBatch(Cid cid, RecordBatch batch) => (Cid, View) = (cid, batch);

    internal RemoteBatch(BatchLease lease) : this(lease.Cid, lease.View) => _lease = lease;

    /// <summary>Its CID.</summary>
    public Cid Cid { get; }

    /// <summary>The whole batch, made when it is first asked for; see <see cref="BatchLease.Batch"/>. Where
    /// <see cref="IsShared"/>, reading it after <see cref="Dispose"/> throws
    /// <see cref="ObjectDisposedException"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    public A.RecordBatch Batch => _lease is not null
        ? _lease.Batch
        : _apache ?? Interlocked.CompareExchange(ref _apache, ToApache.Batch(View), null) ?? _apache;

    /// <summary>Whether it is read in shared memory, where it is stored; else it came over the wire.</summary>
    public bool IsShared => _lease is not null;

    /// <summary>The batch as the engine reads it.</summary>
    internal RecordBatch View { get; }

    /// <summary>A column of fixed width as C# values: <c>batch.Column&lt;double&gt;("px").Values</c>.</summary>
    /// <typeparam name="T">The value in memory; see <see cref="Column{T}"/>.</typeparam>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>The column. Valid until this is disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: no such column, or its slots are not
    /// such values.</exception>
    public Column<T> Column<T>(string name) where T : unmanaged => View.Column<T>(name);

    /// <summary>Releases the memory.</summary>
    public void Dispose() => _lease?.Dispose();
}
