using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Blocks that are kept until this is disposed of, its store is closed or its process ends.</summary>
public sealed class BlockHold : IDisposable
{
    private readonly BlockStore _blocks;
    private readonly long _lockByte;

    internal BlockHold(BlockStore blocks, long lockByte, Cid[] cids) =>
        (_blocks, _lockByte, Cids) = (blocks, lockByte, Array.AsReadOnly(cids));

    /// <summary>The blocks.</summary>
    public IReadOnlyList<Cid> Cids { get; }

    /// <summary>Lets the blocks go. Nothing happens where that was done before.</summary>
    public void Dispose() => _blocks.Coordination.EndHold(_lockByte);
}
