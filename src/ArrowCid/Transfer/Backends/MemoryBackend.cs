using System.Collections.Concurrent;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Blocks in this process's memory, as many as it is given.</summary>
internal sealed class MemoryBackend() : BlockBackend("this process's memory")
{
    private readonly ConcurrentDictionary<Digest256, (Cid Cid, byte[] Bytes)> _blocks = new();

    public override bool CanPut => true;

    public override bool CanDelete => true;

    public override bool CanList => true;

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken) =>
        _blocks.TryGetValue(digest, out (Cid Cid, byte[] Bytes) block) ? new BlockLease(cid, block.Bytes, null) : null;

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        cid.TryGetSha256(out Digest256 digest) && _blocks.ContainsKey(digest);

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        foreach ((_, (Cid cid, _)) in _blocks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return cid;
        }
    }

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (cid.TryGetSha256(out Digest256 digest)) _ = _blocks.TryAdd(digest, (cid, bytes.ToArray()));
    }

    protected override void Remove(Cid cid, CancellationToken cancellationToken)
    {
        if (cid.TryGetSha256(out Digest256 digest)) _ = _blocks.TryRemove(digest, out _);
    }

    protected override void Close() => _blocks.Clear();
}
