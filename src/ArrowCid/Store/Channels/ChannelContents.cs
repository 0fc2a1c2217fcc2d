using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Copies the blocks that messages name from one store to another, with what they need.</summary>
internal static class ChannelContents
{
    /// <summary>Copies blocks, what they need first.</summary>
    /// <returns>The number of blocks that are new there.</returns>
    public static long Copy(CidStore from, CidStore to, IEnumerable<Cid> cids, CancellationToken cancel)
    {
        long count = 0;
        foreach (Cid cid in cids)
        {
            List<Digest256> needed = BlockNeeds.Closure(from.Blocks, RegistryPins.DigestOf(cid));
            for (int i = needed.Count - 1; i >= 0; i--)
            {
                cancel.ThrowIfCancellationRequested();
                using RecordLease? lease = from.Blocks.Find(needed[i]);
                if (lease is null) continue;
                var one = Cid.FromSha256(lease.Info.Codec, needed[i]);
                if (to.Contains(one)) continue;
                using RecordLease? proved = from.Reading.Prove(one);
                if (proved is null) continue;
                byte[] bytes = proved.Memory.ToArray();
                if (one.Codec == Multicodec.Raw) _ = to.PutRaw(bytes);
                else _ = to.Putting.PutOfCodec(one.Codec, bytes, 0);
                count++;
            }
        }

        return count;
    }
}
