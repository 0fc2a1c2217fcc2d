using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Fetches blocks that are missing here from the places that are known to have them, and keeps them; of a
/// cache within its size. Threads and processes that miss the same block fetch it once.</summary>
internal sealed class PlaceFill(CidStore store) : IDisposable
{
    // A fetch that takes longer than that is not waited for: two fetches of one block are better than none.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    // What a fetched block needs is not fetched by the same thread: two threads could wait for each other.
    [ThreadStatic]
    private static bool s_isFilling;

    private readonly Lazy<BlockBackend> _places = new(() => store.Places.AsBackend());

    /// <summary>Returns whether a place is known to have a block.</summary>
    public bool Knows(Cid cid) => !s_isFilling && store.Places.CopiesOf(cid).Count > 0;

    /// <summary>Fetches a block and stores it.</summary>
    /// <returns>False if no place is known to have it, none has it, or the cache does not keep it.</returns>
    /// <exception cref="ArrowCidException">A place that is known to have it failed and no other has it, or it cannot be
    /// stored.</exception>
    public bool TryFetch(Cid cid)
    {
        if (!BlockProof.IsOurs(cid, out Digest256 digest) || !Knows(cid)) return false;
        using IDisposable? turn = store.Blocks.Cache.Fetches.TryTake(in digest, s_patience, CancellationToken.None);
        s_isFilling = true;
        try
        {
            // Another thread or process may have been first.
            if (store.Contains(cid)) return true;
            using BlockLease? block = _places.Value.TryGet(cid);
            if (block is null) return false;
            using BlockBackend own = store.Transfer.AsBackend();
            return store.Places.Cache.Keep(own, block, CancellationToken.None);
        }
        finally
        {
            s_isFilling = false;
        }
    }

    public void Dispose()
    {
        if (_places.IsValueCreated) _places.Value.Dispose();
    }
}
