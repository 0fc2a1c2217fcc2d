namespace ArrowCid.Storage;

/// <summary>What one transaction commits: blocks that are written, blocks that are known and announced again, and
/// facts.</summary>
internal sealed class Transaction
{
    /// <summary>The blocks to write, in the order of their places.</summary>
    public List<WrittenBlock> Written { get; } = [];

    /// <summary>The known blocks, leased until the transaction is over.</summary>
    public List<KnownBlock> Known { get; } = [];

    /// <summary>The facts about no block of the transaction in particular.</summary>
    public IReadOnlyList<IFactSource> Facts { get; init; } = [];

    /// <summary>The bytes of all records in the segment of data.</summary>
    public long Extent => Written.Sum(block => block.Extent) + (Known.Count * (long)StoreLayout.RecordHeaderBytes);

    public void Release()
    {
        foreach (KnownBlock known in Known) known.Block.Release();
        Known.Clear();
    }
}
