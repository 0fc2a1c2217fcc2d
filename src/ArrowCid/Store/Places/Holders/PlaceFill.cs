using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Leases blocks that are missing here, from the places that are known to have them. They are stored, in a
/// cache within its size; what that does not keep is leased from memory of its own. Threads and processes that miss the
/// same block fetch it once.</summary>
internal sealed class PlaceFill(CidStore store) : IDisposable
{
    // A fetch that takes longer than that is not waited for: two fetches of one block are better than none.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    // What a fetched block needs is not fetched by the same thread: two threads could wait for each other.
    [ThreadStatic]
    private static bool s_isFilling;

    private readonly Lazy<BlockBackend> _cache = new(() => store.Places.Cache.AsBackend());
    private readonly UnkeptBlocks _unkept = new(store);

    /// <summary>Lets this thread find what is stored alone, as long as it fetches by other means.</summary>
    /// <returns>Ends it on the same thread.</returns>
    public static IDisposable StandAside() => new Aside();

    /// <summary>Returns whether a place is known to have a block.</summary>
    public bool Knows(Cid cid) => !s_isFilling && store.Places.CopiesOf(cid).Count > 0;

    /// <summary>Returns the address of a batch that a place is known to have, without a read of it.</summary>
    /// <returns>Null where no place is known to have it, or it is no batch.</returns>
    public BlockAddress? AddressOf(Cid cid) => Knows(cid) &&
        store.Metadata.Get(cid) is { Kind: BlockKind.Batch, SchemaCid: { } schema } entry
            ? new BlockAddress { Cid = cid, SchemaCid = schema, Rows = entry.Rows, ByteLength = entry.ByteLength }
            : null;

    /// <summary>Fetches a block and leases it, its bytes just proved.</summary>
    /// <returns>Null if no place is known to have it, or none has it.</returns>
    /// <exception cref="ArrowCidException">A place that is known to have it failed and no other has it; it cannot be
    /// stored; <see cref="ErrorCode.Busy"/>: too many bytes of blocks that are not kept are being read.</exception>
    public RecordLease? TryLease(Cid cid)
    {
        if (!BlockProof.IsOurs(cid, out Digest256 digest) || !Knows(cid)) return null;
        if (_unkept.TryLease(in digest) is { } known) return known;
        using IDisposable? turn = store.Blocks.Cache.TryLockFetch(in digest, s_patience, CancellationToken.None);
        s_isFilling = true;
        try
        {
            // Another thread or process may have been first.
            if ((store.Reading.FindWhole(cid) ?? _unkept.TryLease(in digest)) is { } found) return found;
            _unkept.ThrowIfFull(store.Metadata.Get(cid)?.ByteLength ?? 0);
            using BlockLease? block = _cache.Value.TryGet(cid);
            return block is null ? null : store.Reading.FindWhole(cid) ?? _unkept.Add(block, in digest);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.AccessDenied && store.Contains(cid))
        {
            // Whether a rule of trust lets the caller have it is not judged here.
            return store.Reading.FindWhole(cid);
        }
        finally
        {
            s_isFilling = false;
        }
    }

    public void Dispose()
    {
        if (_cache.IsValueCreated) _cache.Value.Dispose();
    }

    private sealed class Aside : IDisposable
    {
        private readonly bool _before = s_isFilling;

        public Aside() => s_isFilling = true;

        public void Dispose() => s_isFilling = _before;
    }
}
