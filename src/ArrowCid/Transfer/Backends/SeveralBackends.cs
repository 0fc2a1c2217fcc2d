using System.Runtime.ExceptionServices;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Sources that are tried one after the other, the nearest first.</summary>
internal sealed class SeveralBackends(BlockBackend[] places, bool fill)
    : BlockBackend(string.Join(", then ", places.Select(place => place.Name)))
{
    public override bool CanPut => places[0].CanPut;

    private protected override BackendBlock? Find(Cid cid, in Digest256 digest)
    {
        ArrowCidException? first = null;
        for (int i = 0; i < places.Length; i++)
        {
            BackendBlock? block;
            try
            {
                block = places[i].TryGet(cid);
            }
            catch (ArrowCidException e)
            {
                // It counts if no other backend has the block.
                first ??= e;
                continue;
            }

            if (block is null) continue;
            if (i > 0 && fill) Fill(block);
            return block;
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return null;
    }

    protected override bool Has(Cid cid)
    {
        ArrowCidException? first = null;
        foreach (BlockBackend place in places)
        {
            try
            {
                if (place.Contains(cid)) return true;
            }
            catch (ArrowCidException e)
            {
                first ??= e;
            }
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return false;
    }

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes) => places[0].Put(cid, bytes);

    internal override Cid FindSchema(Cid cid) =>
        places[0].Contains(cid) ? places[0].FindSchema(cid) : base.FindSchema(cid);

    protected override void Close()
    {
        foreach (BlockBackend place in places) place.Dispose();
    }

    private void Fill(BackendBlock block)
    {
        try
        {
            places[0].Put(block.Cid, block.Bytes);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }
}
