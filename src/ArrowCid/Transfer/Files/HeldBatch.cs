using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>A batch over a canonical block whose bytes were just proved to hash to its CID.</summary>
/// <param name="Batch">The batch, readable until this is disposed of.</param>
/// <param name="Block">The block's bytes, readable as long.</param>
/// <param name="Owner">What holds the bytes.</param>
internal readonly record struct HeldBatch(RecordBatch Batch, ReadOnlyMemory<byte> Block, IDisposable Owner)
    : IDisposable
{
    /// <summary>Releases the bytes.</summary>
    public void Dispose() => Owner.Dispose();
}
