using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What processes that use a store as a cache share beside its blocks.</summary>
internal sealed class CacheFiles(ControlFile control)
{
    private readonly ByteLocks _fetches = new(control, StoreLayout.FetchLock, StoreLayout.FetchLockBytes);

    /// <summary>Which blocks are read, and how places answer.</summary>
    public HeatFile Heat { get; } = new(control);

    /// <summary>Waits until no other thread or process fetches a block, or one that shares its lock.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="patience">How long.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lock, until it is disposed of; null where that took longer, or where this thread has it: a fetch
    /// that reads through the store again does not wait for itself.</returns>
    public IDisposable? TryLockFetch(in Digest256 digest, TimeSpan patience, CancellationToken cancellationToken) =>
        _fetches.TryTake(BinaryPrimitives.ReadUInt16BigEndian(Digest256.Bytes(in digest)), patience, cancellationToken);

    /// <summary>Begins to record every read of all processes.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="ReadTrace.Make"/>.</exception>
    public ReadTrace BeginTrace() => ReadTrace.Make(control);
}
