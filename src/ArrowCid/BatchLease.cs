using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A batch of a store, read where it lies. Its memory stays as it is until <see cref="Dispose"/>, whatever other
/// processes do; afterwards access to it throws <see cref="ObjectDisposedException"/>. A span taken before must not be
/// used after.
/// </summary>
public sealed class BatchLease : IDisposable
{
    private readonly BlockLease _block;
    private readonly RecordBatch _batch;

    internal BatchLease(BlockLease block, RecordBatch batch) => (_block, _batch) = (block, batch);

    /// <summary>The batch, over the store's memory. Valid until the lease is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    public RecordBatch Batch
    {
        get
        {
            _block.ThrowIfDisposed();
            return _batch;
        }
    }

    /// <summary>The canonical block's bytes: a whole Arrow stream. Valid until the lease is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    public ReadOnlyMemory<byte> Block => _block.Memory;

    /// <summary>What addresses the block.</summary>
    public BlockAddress Address => CidStore.AddressOf(_block.Info);

    /// <summary>The block's CID.</summary>
    public Cid Cid => Cid.FromSha256(Multicodec.Raw, _block.Digest);

    /// <summary>Where the bytes lie, for people: the segment's file, <c>+</c>, and the offset in it.</summary>
    public string Location => _block.Location;

    /// <summary>Hands the batch to another library without a copy, by the Arrow C Data Interface; see
    /// <see cref="ArrowCData"/>. The memory stays until the struct is released, also when this lease and the store are
    /// disposed of before.</summary>
    /// <param name="schema">The address of a struct ArrowSchema to be written, or 0 for none.</param>
    /// <param name="array">The address of a struct ArrowArray to be written.</param>
    /// <exception cref="ObjectDisposedException">The lease was disposed of.</exception>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it.</exception>
    public void Export(nint schema, nint array) => ArrowCData.Export(Batch, schema, array);

    /// <summary>Gives the memory back. Again: nothing.</summary>
    public void Dispose() => _block.Dispose();
}
