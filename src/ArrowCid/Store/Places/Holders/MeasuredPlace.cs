using System.Diagnostics;
using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Reads from places, of which it is noted what they took.</summary>
internal static class MeasuredPlace
{
    /// <summary>Finds a block, as <see cref="BlockBackend.TryGet"/> does.</summary>
    /// <param name="store">The store whose place it is.</param>
    /// <param name="name">The name of the place.</param>
    /// <param name="place">The place.</param>
    /// <param name="cid">The block.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static BlockLease? TryGet(CidStore store, string name, BlockBackend place, Cid cid,
        CancellationToken cancellationToken)
    {
        if (!cid.TryGetSha256(out Digest256 digest)) return null;
        long started = Stopwatch.GetTimestamp();
        try
        {
            BlockLease? block = place.TryGet(cid, cancellationToken);
            if (block is not null) Note(block.Bytes.Length);
            return block;
        }
        catch (ArrowCidException)
        {
            Note(null);
            throw;
        }

        void Note(long? bytes) =>
            store.Blocks.Cache.Heat.NoteFetch(name, in digest, bytes, Stopwatch.GetElapsedTime(started));
    }
}
