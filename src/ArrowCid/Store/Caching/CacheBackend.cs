using System.Runtime.ExceptionServices;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>A store in front of other sources, of which it keeps what was read.</summary>
/// <param name="store">The store.</param>
/// <param name="others">The other sources.</param>
/// <param name="keeps">Whether what is fetched is kept.</param>
/// <param name="follows">Whether reads of a cache in the order of a dataset have later batches fetched before they are
/// read, and those of a scan are not kept.</param>
internal sealed class CacheBackend(CidStore store, BlockBackend others, bool keeps, bool follows)
    : BlockBackend($"{store.Directory}, then {others.Name}")
{
    // A fetch that takes longer than that is not waited for: two fetches of one block are better than none.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly BlockBackend _own = store.Transfer.AsBackend();

    public override bool CanPut => _own.CanPut;

    private protected override BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        BlockLease? block = FindBlock(cid, in digest, cancellationToken);
        if (block is not null && keeps && follows && cid.Codec == Multicodec.DagCbor) Learn(block, cancellationToken);
        return block;
    }

    private BlockLease? FindBlock(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        ArrowCidException? damaged = null;
        if (FindHere(cid, ref damaged, cancellationToken) is { } here) return here;
        // Who only asks need not keep others from fetching.
        if (!keeps) return FindElsewhere(cid, damaged, cancellationToken);
        using IDisposable? turn = store.Blocks.Cache.TryLockFetch(in digest, s_patience, cancellationToken);
        // Another thread or process may have fetched it meanwhile.
        if (damaged is null && FindHere(cid, ref damaged, cancellationToken) is { } fetched) return fetched;
        CrashPoint.Pass(CrashStep.V3);
        BlockLease? block = FindElsewhere(cid, damaged, cancellationToken);
        if (block is null) return null;
        try
        {
            ReadStep step = follows ? store.Places.Cache.NoteFetch(cid) : default;
            // What replaces a damaged block is kept all the same.
            if (step.IsScan && damaged is null) return block;
            if (!store.Places.Cache.Keep(_own, block, cancellationToken)) return block;
            CrashPoint.Pass(CrashStep.V4);
            store.Places.Cache.Ahead.Add(step.Ahead ?? []);
            // The reader gets the store's memory, which other processes share; this is no further read of it.
            if (store.Reading.Prove(cid) is not { } lease) return block;
            block.Dispose();
            return new BlockLease(cid, lease.Memory, lease);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        _own.Contains(cid, cancellationToken) || others.Contains(cid, cancellationToken);

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _own.Put(cid, bytes, cancellationToken);

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        _own.Contains(cid, cancellationToken)
            ? _own.FindSchema(cid, cancellationToken)
            : others.FindSchema(cid, cancellationToken);

    protected override void Close()
    {
        others.Dispose();
        _own.Dispose();
    }

    private BlockLease? FindHere(Cid cid, ref ArrowCidException? damaged, CancellationToken cancellationToken)
    {
        try
        {
            return _own.TryGet(cid, cancellationToken);
        }
        catch (ArrowCidException e)
        {
            // It counts if no other source has the block.
            damaged ??= e;
            return null;
        }
    }

    /// <summary>Learns the order of a dataset's batches, where the block is a dataset.</summary>
    private void Learn(BlockLease block, CancellationToken cancellationToken)
    {
        if (store.Places.Cache.Order.Knows(block.Cid)) return;
        try
        {
            IpldNode node = DagCbor.Decode(block.Bytes.Span);
            if (ManifestNode.KindOf(node) == Dataset.Kind)
                store.Places.Cache.Learn(block.Cid, Dataset.Decode(node, ReadNode));
        }
        catch (Exception e) when (e is InvalidIpldException or ArrowCidException)
        {
            // A reader that reads it hears of it.
        }

        IpldNode ReadNode(Cid cid)
        {
            using BlockLease page = Get(cid, cancellationToken);
            return DagCbor.Decode(page.Bytes.Span);
        }
    }

    private BlockLease? FindElsewhere(Cid cid, ArrowCidException? damaged, CancellationToken cancellationToken)
    {
        BlockLease? block = null;
        try
        {
            block = others.TryGet(cid, cancellationToken);
        }
        catch (ArrowCidException) when (damaged is not null)
        {
            // The first failure is reported.
        }

        if (block is null && damaged is not null) ExceptionDispatchInfo.Throw(damaged);
        return block;
    }
}
