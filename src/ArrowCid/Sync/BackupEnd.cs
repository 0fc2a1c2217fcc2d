using ArrowCid.Memory;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Sync;

/// <summary>A backup as an end: what it had at its last moment, to be read.</summary>
internal sealed class BackupEnd(StoreBackup backup) : ISyncEnd
{
    private FactCatalog? _facts;

    public Guid Id => backup.Increments[^1].Store;

    public SyncScope Open(SyncWish wish, CancellationToken cancellationToken)
    {
        if (wish.IsOfSome)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a backup cannot be filtered; restore it first");
        if (wish.Subject == SyncSubject.Store) return new SyncScope("", SyncSet.Empty, IsTail: false);
        if (wish.Subject == SyncSubject.Blocks) return new SyncScope("", new SyncSet(backup.Blocks), IsTail: false);
        if (_facts is null)
        {
            _facts = new FactCatalog();
            foreach (byte[] payload in backup.ReadFacts())
            {
                cancellationToken.ThrowIfCancellationRequested();
                _facts.Add(payload);
            }
        }

        return new SyncScope("", new SyncSet(_facts.Digests(wish.WithPins)), IsTail: false);
    }

    public SyncDescription Describe(in Digest256 digest) => backup.TryGetBlock(digest, out SnapshotBlock block)
        ? new SyncDescription(block.LastPut, backup.LengthOf(digest), 0, block.Codec)
        : default;

    public SyncBlock? Read(in Digest256 digest)
    {
        if (!backup.TryGetBlock(digest, out SnapshotBlock block)) return null;
        var bytes = new byte[backup.LengthOf(digest)];
        backup.ReadInto(digest, bytes);
        return new SyncBlock(block.Codec, bytes, null);
    }

    public IEnumerable<byte[]> ReadFacts(IReadOnlySet<Digest256> digests) => FactItem.Pack(backup.ReadFacts()
        .SelectMany(payload => FactItem.Split(payload)).Where(item => digests.Contains(item.Digest))
        .DistinctBy(item => item.Digest));

    public SyncBlockState StateOf(in Digest256 digest, ulong lastPut) => throw OnlyRead();

    public bool Put(ulong codec, in Digest256 digest, ReadOnlyMemory<byte> bytes) => throw OnlyRead();

    public (int Taken, int Refused) PutFacts(ReadOnlyMemory<byte> payload, bool isAdmin) => throw OnlyRead();

    private static ArrowCidException OnlyRead() => new(ErrorCode.Unsupported, "a backup is only read");
}
