using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Benchmarks;

/// <summary>A set of digests as an end of a sync, which only finds differences.</summary>
internal sealed class SetEndOf(SyncSet set) : ISyncEnd
{
    public Guid Id { get; } = Guid.NewGuid();

    public SyncScope Open(SyncWish wish, CancellationToken cancellationToken) => new("", set, IsTail: false);

    public SyncDescription Describe(in Digest256 digest) => throw new NotSupportedException();

    public SyncBlock? Read(in Digest256 digest) => throw new NotSupportedException();

    public IEnumerable<byte[]> ReadFacts(IReadOnlySet<Digest256> digests) => throw new NotSupportedException();

    public SyncBlockState StateOf(in Digest256 digest, ulong lastPut) => throw new NotSupportedException();

    public bool Put(ulong codec, in Digest256 digest, ReadOnlyMemory<byte> bytes) => throw new NotSupportedException();

    public (int Taken, int Refused) PutFacts(ReadOnlyMemory<byte> payload, bool isAdmin) =>
        throw new NotSupportedException();
}
