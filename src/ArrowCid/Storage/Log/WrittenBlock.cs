namespace ArrowCid.Storage;

/// <summary>A block that a transaction writes.</summary>
/// <param name="number">Its number among the blocks that the caller gave.</param>
/// <param name="block">The block.</param>
/// <param name="isFresh">The store has the block, in the older half of a ring or without the codec that it is put with:
/// this copy takes its place.</param>
internal sealed class WrittenBlock(int number, TransactionBlock block, bool isFresh)
{
    public int Number => number;

    public TransactionBlock Block => block;

    public bool IsFresh => isFresh;

    /// <summary>The offset of its record, once it has its place.</summary>
    public long Offset { get; set; }

    public long Extent { get; } = StoreLayout.RecordBytes(block.Request.Source.Length);

    /// <summary>The block, once its header is written.</summary>
    public BlockInfo Info { get; set; }
}
