using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>This store as a place of blocks by CID: what it gives lies where it is, and is hashed first.</summary>
    /// <returns>The place; disposing of it leaves the store open.</returns>
    public BlockBackend AsBackend() => new StoreBackend(_store);

    private sealed class StoreBackend(CidStore store) : BlockBackend(store.Directory)
    {
        public override bool CanPut => !store.IsReadOnly;

        private protected override BackendBlock? Find(Cid cid, in Digest256 digest)
        {
            BlockLease? lease = store.Prove(cid);
            return lease is null ? null : new BackendBlock(cid, lease.Memory, lease);
        }

        protected override bool Has(Cid cid) => store.Contains(cid);

        internal override Cid FindSchema(Cid cid) =>
            store.Metadata.Get(cid) is { IsPresent: true, Kind: BlockKind.Batch, SchemaCid: { } schema }
                ? schema
                : default;

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes)
        {
            if (cid.Codec == Multicodec.Raw)
                _ = store.PutFrom(bytes.Length, target => bytes.Span.CopyTo(target), cid, onlyBatch: false);
            else _ = store.PutBlock(cid.Codec, bytes);
        }
    }
}
