using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Fetches blocks that are missing here from the places that are known to have them, and keeps them. Threads
/// that miss the same block fetch it once.</summary>
internal sealed class PlaceFill(CidStore store) : IDisposable
{
    private const int Stripes = 64;

    // What a fetched block needs is not fetched by the same thread: two threads could wait for each other.
    [ThreadStatic]
    private static bool s_isFilling;

    private readonly Lock[] _stripes = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];
    private readonly Lazy<BlockBackend> _places = new(() => store.Places.AsBackend());

    /// <summary>Returns whether a place is known to have a block.</summary>
    public bool Knows(Cid cid) => !s_isFilling && store.Places.CopiesOf(cid).Count > 0;

    /// <summary>Fetches a block and stores it.</summary>
    /// <returns>False if no place is known to have it, or none has it.</returns>
    /// <exception cref="ArrowCidException">A place that is known to have it failed and no other has it, or it cannot be
    /// stored.</exception>
    public bool TryFetch(Cid cid)
    {
        if (!BlockProof.IsOurs(cid, out Digest256 digest) || !Knows(cid)) return false;
        lock (_stripes[Digest256.Bytes(in digest)[0] % Stripes])
        {
            s_isFilling = true;
            try
            {
                // Another thread may have been first.
                if (store.Contains(cid)) return true;
                using BlockLease? block = _places.Value.TryGet(cid);
                if (block is null) return false;
                using BlockBackend own = store.Transfer.AsBackend();
                own.Put(cid, block.Bytes);
                return true;
            }
            finally
            {
                s_isFilling = false;
            }
        }
    }

    public void Dispose()
    {
        if (_places.IsValueCreated) _places.Value.Dispose();
    }
}
