using System.Collections.Concurrent;
using ArrowCid.Ipld;

namespace ArrowCid.Server.Http;

/// <summary>
/// The parts of blocks over 1 MiB by their CIDs, so that IPFS clients, who take no larger blocks, find them; and the
/// pieces of column manifests, which are ranges of their batches. It is derived: made of the store when a part is first
/// asked for, and then as blocks come. It takes about 200 bytes per MiB and per piece.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="patience">How long a request waits while blocks are hashed.</param>
/// <param name="stopping">The server is ending.</param>
internal sealed class LargeBlocks(CidStore store, TimeSpan patience, CancellationToken stopping) : IDisposable
{
    private readonly ConcurrentDictionary<Cid, LargeBlock> _blocks = new();
    private readonly ConcurrentDictionary<Cid, (LargeBlock Block, int Leaf)> _leaves = new();
    private readonly ConcurrentDictionary<Cid, (LargeBlock Block, byte[] Node)> _nodes = new();
    private readonly ConcurrentDictionary<Cid, (Cid Batch, int Offset, int Length)> _pieces = new();
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly Lock _gate = new();
    private Task _work = Task.CompletedTask;
    private Task? _next;
    private bool _isEnding;
    private Cursor _seen = Cursor.Oldest;

    public LargeBlock? Find(Cid block) => _blocks.GetValueOrDefault(block);

    /// <summary>The node above leaves that has a CID.</summary>
    public (LargeBlock Block, byte[] Node)? FindNode(Cid cid) =>
        _nodes.TryGetValue(cid, out (LargeBlock, byte[]) found) ? found : null;

    /// <summary>The leaf that has a CID.</summary>
    public (LargeBlock Block, int Leaf)? FindLeaf(Cid cid) =>
        _leaves.TryGetValue(cid, out (LargeBlock, int) found) ? found : null;

    /// <summary>The range of a batch that a column manifest says has a CID; the bytes are still to be proved.</summary>
    public (Cid Batch, int Offset, int Length)? FindPiece(Cid cid) =>
        _pieces.TryGetValue(cid, out (Cid, int, int) found) ? found : null;

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

    /// <summary>Waits until all earlier puts were cut. The work continues if the caller has gone or waits
    /// no longer.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: it takes longer than one waits.</exception>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Begin().WaitAsync(patience, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ArrowCidException(ErrorCode.Busy,
                "the server still hashes the store's large blocks, of which this may be a part; come again");
        }
    }

    public void Dispose()
    {
        Task work;
        lock (_gate)
        {
            if (_isEnding) return;
            _isEnding = true;
            work = _next ?? _work;
        }

        _ending.Cancel();
        // The store may be closed next, and nothing of ours must read it then.
        work.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        _ending.Dispose();
    }

    /// <summary>Begins to catch up. What runs already may be past what was put last, so a second run follows
    /// it.</summary>
    private Task Begin()
    {
        lock (_gate)
        {
            if (_work.IsCompleted) return _work = Task.Run(CatchUp, CancellationToken.None);
            return _next ??= Follow(_work);
        }
    }

    private async Task Follow(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_gate) (_work, _next) = (_next!, null);
        CatchUp();
    }

    private void CatchUp()
    {
        foreach (StoreEvent put in store.Watch(_seen, new WatchOptions { Timeout = TimeSpan.Zero }, _ending.Token))
        {
            // What has left again is not fetched for this.
            if (store.Contains(put.Cid)) Learn(put);
            _seen = put.Cursor;
        }
    }

    private void Learn(StoreEvent put)
    {
        if (put.Cid.Codec == Multicodec.DagCbor) AddPieces(put.Cid);
        else if (put.ByteLength > LargeBlock.LeafBytes && !_blocks.ContainsKey(put.Cid)) Cut(put.Cid);
    }

    private void AddPieces(Cid cid)
    {
        try
        {
            using var block = store.Reading.Prove(cid);
            if (block is null || ColumnManifest.TryDecode(block.Memory.Span) is not { } manifest) return;
            int at = 0;
            foreach (ColumnPiece piece in manifest.Pieces)
            {
                _pieces[piece.Cid] = (manifest.Cid, at, piece.Length);
                at += piece.Length;
            }
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // A reader of the manifest is told what is wrong with it.
        }
    }

    private void Cut(Cid cid)
    {
        try
        {
            using var block = store.Reading.Prove(cid);
            if (block is not null) _ = Add(cid, block.Memory.Span);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // A request for it gets the error.
        }
    }
}
