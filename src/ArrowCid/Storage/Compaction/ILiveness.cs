using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What the facts say of blocks that were dropped: reclaim asks, and takes only what is dead. It is asked by one thread
/// at a time, the janitor's, and never under a lane's gate; it may read the store's log and must not write to it.
/// </summary>
internal interface ILiveness
{
    /// <summary>Takes in everything that is committed by now.</summary>
    void Refresh();

    /// <summary>Whether a block was dropped, and no record of it is after the drop's fence.</summary>
    bool IsDead(in Digest256 digest);

    /// <summary>Whether any drop names a block.</summary>
    bool IsDropped(in Digest256 digest);

    /// <summary>Whether this very record, of a lane and number, stands at or before a fence that drops its
    /// block.</summary>
    bool IsKilled(in Digest256 digest, int lane, ulong sequence);

    /// <summary>Whether a block was put or announced at that time (ns since 1970), and not again since: what ends an
    /// expiry and what a collection goes by.</summary>
    bool IsLastPut(in Digest256 digest, ulong nanoseconds);
}
