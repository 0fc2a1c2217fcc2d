using System.Collections.Concurrent;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Blocks in this process's memory, as many as it is given.</summary>
internal sealed class MemoryBackend() : BlockBackend("this process's memory")
{
    private readonly ConcurrentDictionary<Digest256, byte[]> _blocks = new();

    public override bool CanPut => true;

    private protected override BackendBlock? Find(Cid cid, in Digest256 digest) =>
        _blocks.TryGetValue(digest, out byte[]? bytes) ? new BackendBlock(cid, bytes, null) : null;

    private protected override void Keep(Cid cid, in Digest256 digest, ReadOnlyMemory<byte> bytes) =>
        _ = _blocks.TryAdd(digest, bytes.ToArray());

    private protected override void Close() => _blocks.Clear();
}
