using System.Collections.Concurrent;

namespace ArrowCid.Flight.Http;

/// <summary>
/// The parts of blocks over 1 MiB by their CIDs, so that IPFS clients, who take no larger blocks, find them. It is
/// derived: made of the store when somebody first asks for a part, and then as blocks come. It takes about 200 bytes a
/// MiB.
/// </summary>
internal sealed class LargeBlocks(CidStore store, CancellationToken stopping) : IDisposable
{
    private readonly ConcurrentDictionary<Cid, LargeBlock> _blocks = new();
    private readonly ConcurrentDictionary<Cid, (LargeBlock Block, int Leaf)> _leaves = new();
    private readonly ConcurrentDictionary<Cid, (LargeBlock Block, byte[] Node)> _nodes = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Cursor _seen = Cursor.Oldest;

    public LargeBlock? Find(Cid block) => _blocks.GetValueOrDefault(block);

    /// <summary>The node above leaves that has a CID.</summary>
    public (LargeBlock Block, byte[] Node)? FindNode(Cid cid) =>
        _nodes.TryGetValue(cid, out (LargeBlock, byte[]) found) ? found : null;

    /// <summary>The leaf that has a CID.</summary>
    public (LargeBlock Block, int Leaf)? FindLeaf(Cid cid) =>
        _leaves.TryGetValue(cid, out (LargeBlock, int) found) ? found : null;

    /// <summary>Cuts a block whose bytes were just proved, where that was not done before.</summary>
    public LargeBlock Add(Cid cid, ReadOnlySpan<byte> bytes)
    {
        if (_blocks.TryGetValue(cid, out LargeBlock? known)) return known;
        var block = LargeBlock.Of(cid, bytes);
        for (int i = 0; i < block.Leaves.Count; i++) _leaves[block.Leaves[i]] = (block, i);
        foreach ((Cid node, byte[] content) in block.Nodes) _nodes[node] = (block, content);
        return _blocks[cid] = block;
    }

    /// <summary>Forgets a block that is not here any more.</summary>
    public void Remove(LargeBlock block)
    {
        if (!_blocks.TryRemove(block.Cid, out _)) return;
        for (int i = 0; i < block.Leaves.Count; i++)
            _leaves.TryRemove(new(block.Leaves[i], (block, i)));
        foreach ((Cid node, byte[] content) in block.Nodes) _nodes.TryRemove(new(node, (block, content)));
    }

    /// <summary>Cuts all that was put since the last time.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        // The work goes on where the one who asked first has gone: others wait for it too.
        Task work = Task.Run(CatchUp, CancellationToken.None);
        _ = work.ContinueWith(_ => _turn.Release(), CancellationToken.None, TaskContinuationOptions.None,
            TaskScheduler.Default);
        await work.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _turn.Dispose();

    private void CatchUp()
    {
        foreach (Announcement put in store.Watch(_seen, TimeSpan.Zero, stopping))
        {
            if (put.ByteLength > LargeBlock.LeafBytes && !_blocks.ContainsKey(put.Cid)) Cut(put.Cid);
            _seen = put.Cursor;
        }
    }

    private void Cut(Cid cid)
    {
        try
        {
            using var block = store.Prove(cid);
            if (block is not null) _ = Add(cid, block.Memory.Span);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // Who asks for it hears what is wrong with it.
        }
    }
}
