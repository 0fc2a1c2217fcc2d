using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>A store as a place of blocks: what it gives stays where it is mapped.</summary>
/// <param name="store">The store.</param>
/// <param name="isOwner">Whether the store is closed with this.</param>
internal sealed class StoreBackend(CidStore store, bool isOwner = false) : BlockBackend(store.Directory)
{
    public override bool CanPut => !store.IsReadOnly;

    public override bool CanDelete => !store.IsReadOnly;

    public override bool CanList => true;

    internal override string LockDirectory => store.Directory;

    protected override void Close()
    {
        if (isOwner) store.Dispose();
    }

    protected override void Remove(Cid cid, CancellationToken cancellationToken)
    {
        RemoveResult removed = store.Retention.Remove([cid], cancellationToken: cancellationToken);
        if (removed.Kept is [var kept] && kept.Reasons.Any(reason => reason.Kind != KeepKind.NotHere))
        {
            throw new ArrowCidException(ErrorCode.Busy,
                $"{cid} stays in {store.Directory}: {string.Join("; ", kept.Reasons)}");
        }
    }

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken)
    {
        RecordLease? lease = store.Reading.Prove(cid);
        if (lease is null) return null;
        store.Reading.Touch(lease);
        return new BlockLease(cid, lease.Memory, lease);
    }

    internal override bool KeepsManifests => false;

    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken)
    {
        var leases = new BlockLease[slices.Count];
        int found = 0;
        try
        {
            for (; found < leases.Length; found++)
            {
                if (FindRange(cid, slices[found]) is not { } lease) return null;
                leases[found] = lease;
            }

            return leases;
        }
        finally
        {
            for (int i = 0; found < leases.Length && i < found; i++) leases[i].Dispose();
        }
    }

    /// <summary>A part of a block where it is mapped.</summary>
    private BlockLease? FindRange(Cid cid, BlockSlice slice)
    {
        RecordLease? lease = store.Reading.Find(cid);
        if (lease is null) return null;
        try
        {
            ReadOnlyMemory<byte> block = lease.Memory;
            if (block.Length < slice.Offset + slice.Length) throw EndsBefore(cid, block.Length, slice);
            ReadOnlyMemory<byte> bytes = block.Slice((int)slice.Offset, slice.Length);
            return slice.Cid.TryGetSha256(out Digest256 wanted) && Sha256.Hash(bytes.Span) == wanted
                ? new BlockLease(slice.Cid, bytes, lease)
                : throw OtherBytes(cid, slice);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken) =>
        StoreMetadata.Cancelling(store.Query(), cancellationToken)
            .Where(entry => entry.Kind != BlockKind.View).Select(entry => entry.Cid);

    protected override void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        store.ContainsMany([.. cids], found);
    }

    protected override bool Has(Cid cid, CancellationToken cancellationToken) => store.Contains(cid);

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        store.Metadata.Get(cid) is { IsPresent: true, Kind: BlockKind.Batch, SchemaCid: { } schema }
            ? schema
            : default;

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (cid.Codec == Multicodec.Raw)
            _ = store.Putting.PutFrom(bytes.Length, target => bytes.Span.CopyTo(target), cid, onlyBatch: false);
        else _ = store.PutRaw(bytes, cid.Codec);
    }
}
