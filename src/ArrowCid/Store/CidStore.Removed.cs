using System.Collections.Concurrent;
using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>Removed blocks: they are not found from the moment of their removal, though their bytes stay until the
/// store is compacted, and leases on them stay valid.</summary>
public sealed partial class CidStore
{
    // Blocks that were found not to be removed, and the sweep word before that: while the word is the same, nothing was
    // removed since.
    private readonly ConcurrentDictionary<Digest256, ulong> _notRemoved = new();
    private readonly ConcurrentDictionary<Digest256, long> _removedAt = new();

    // The sweep word at which no block of the store was ever removed.
    private ulong _nothingRemoved;

    /// <summary>Whether a block was removed and not put again.</summary>
    internal bool IsRemoved(Cid cid) => IsOurs(cid, out Digest256 digest) && IsRemoved(in digest);

    /// <summary>Whether a block, which the index still has, was removed. Where nothing was removed since the last look
    /// this is one load of shared memory.</summary>
    internal bool IsRemoved(in Digest256 digest)
    {
        ulong sweep = _blocks.Coordination.SweepWord;
        if (sweep == Volatile.Read(ref _nothingRemoved)) return false;
        // While a removal is in progress its record may be committed at any moment.
        bool isStable = (sweep & 1) == 0;
        if (isStable && _notRemoved.TryGetValue(digest, out ulong seen) && seen == sweep) return false;
        if (_registry.Removals.IsRemoved(in digest, out bool hasRemovals)) return true;
        if (!isStable) return false;
        if (hasRemovals) Remember(_notRemoved, digest, sweep);
        else Volatile.Write(ref _nothingRemoved, sweep);
        return false;
    }

    /// <summary>The error for a block that was removed; null where it was not.</summary>
    internal BlockRemovedException? RemovedError(Cid cid)
    {
        if (!IsOurs(cid, out Digest256 digest) || !_registry.Removals.IsRemoved(in digest, out _)) return null;
        ulong sweep = _blocks.Coordination.SweepWord;
        // The log of removals is read once for each removed block that is asked for.
        if (!_removedAt.TryGetValue(digest, out long ticks))
        {
            ticks = _registry.Removals.WhenRemoved(in digest)?.UtcTicks ?? 0;
            if (sweep == _blocks.Coordination.SweepWord) Remember(_removedAt, digest, ticks);
        }

        return new BlockRemovedException(cid, ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero));
    }
}
