using System.Runtime.ExceptionServices;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Sources that are tried one after the other, the nearest first.</summary>
internal sealed class SeveralBackends(BlockBackend[] places, bool fill)
    : BlockBackend(string.Join(", then ", places.Select(place => place.Name)))
{
    public override bool CanPut => places[0].CanPut;

    internal override bool KeepsManifests => places[0].KeepsManifests;

    public override bool CanList => Array.TrueForAll(places, place => place.CanList);

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken)
    {
        ArrowCidException? first = null;
        for (int i = 0; i < places.Length; i++)
        {
            BlockLease? block;
            try
            {
                block = places[i].TryGet(cid, cancellationToken);
            }
            catch (ArrowCidException e)
            {
                // It counts if no other backend has the block.
                first ??= e;
                continue;
            }

            if (block is null) continue;
            if (i > 0 && fill) Fill(block, cancellationToken);
            return block;
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return null;
    }

    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken) =>
        First(place => place.TryGetRanges(cid, slices, cancellationToken))?.ToArray();

    internal override BlockLease? FindManifest(Cid block, Cid manifest, CancellationToken cancellationToken) =>
        First(place => place.FindManifest(block, manifest, cancellationToken));

    protected override bool Has(Cid cid, CancellationToken cancellationToken)
    {
        ArrowCidException? first = null;
        foreach (BlockBackend place in places)
        {
            try
            {
                if (place.Contains(cid, cancellationToken)) return true;
            }
            catch (ArrowCidException e)
            {
                first ??= e;
            }
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return false;
    }

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        var seen = new HashSet<Cid>();
        foreach (Cid cid in places.SelectMany(place => place.List(cancellationToken)))
        {
            if (seen.Add(cid)) yield return cid;
        }
    }

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        places[0].Put(cid, bytes, cancellationToken);

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        places[0].Contains(cid, cancellationToken)
            ? places[0].FindSchema(cid, cancellationToken)
            : base.FindSchema(cid, cancellationToken);

    protected override void Close()
    {
        foreach (BlockBackend place in places) place.Dispose();
    }

    /// <summary>The first answer; an error counts if no other place has one.</summary>
    private T? First<T>(Func<BlockBackend, T?> ask) where T : class
    {
        ArrowCidException? first = null;
        foreach (BlockBackend place in places)
        {
            try
            {
                if (ask(place) is { } answer) return answer;
            }
            catch (ArrowCidException e)
            {
                first ??= e;
            }
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return null;
    }

    private void Fill(BlockLease block, CancellationToken cancellationToken)
    {
        try
        {
            places[0].Put(block.Cid, block.Bytes, cancellationToken);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }
}
