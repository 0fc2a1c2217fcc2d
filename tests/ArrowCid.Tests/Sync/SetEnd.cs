using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>An end that is a set of digests and nothing else.</summary>
internal sealed class SetEnd(SyncSet set) : ISyncEnd
{
    public SetEnd(IReadOnlyCollection<Digest256> items) : this(new SyncSet(items))
    {
    }

    public Guid Id { get; } = Guid.NewGuid();

    public SyncSet Set { get; } = set;

    public SyncScope Open(SyncWish wish, CancellationToken cancellationToken) => new("", Set, IsTail: false);

    public SyncDescription Describe(in Digest256 digest) => default;

    public SyncBlock? Read(in Digest256 digest) => null;

    public IEnumerable<byte[]> ReadFacts(IReadOnlySet<Digest256> digests) => [];

    public SyncBlockState StateOf(in Digest256 digest, ulong lastPut) => SyncBlockState.Wanted;

    public bool Put(ulong codec, in Digest256 digest, ReadOnlyMemory<byte> bytes) => false;

    public (int Taken, int Refused) PutFacts(ReadOnlyMemory<byte> payload, bool isAdmin) => (0, 0);
}
