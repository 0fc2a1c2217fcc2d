using ArrowCid.Ipc;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A group of blocks that are planned, and then put and hashed together. Two groups at work on two threads have
/// their places in the store in the order in which they were given.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="bytes">The approximate total number of bytes.</param>
internal sealed class CopiedBlocks(CidStore store, long bytes) : IDisposable
{
    /// <summary>The most bytes of a block.</summary>
    public const int MostBytes = BlockPutting.MostInMemory;

    // Where blocks are not hashed side by side, groups only save small ones the change of threads.
    private static readonly int s_most = Sha256.ManyPath == Sha256ManyPath.Serial ? 1 << 18 : MostBytes;

    private readonly GatherWindow _window = new((int)Math.Clamp(bytes, 1, s_most));
    private readonly List<CopiedBlock> _blocks = [];
    private Task<bool> _before = Task.FromResult(true);
    private TaskCompletionSource<bool>? _hasPlaces;
    private int _left;

    public bool HasRoom(int length) => _window.HasRoom(length);

    /// <summary>Memory for a block's bytes.</summary>
    public Span<byte> Add(CopiedBlock block)
    {
        _blocks.Add(block);
        return _window.Add(block.Length);
    }

    /// <summary>Forgets the blocks, which are put.</summary>
    public void Clear()
    {
        _blocks.Clear();
        _window.Clear();
    }

    /// <summary>Says which group has its places before this one.</summary>
    public void Follow(CopiedBlocks other)
    {
        _before = other._hasPlaces?.Task ?? Task.FromResult(true);
        _hasPlaces = new TaskCompletionSource<bool>();
    }

    /// <summary>Puts the blocks, unless the group before it failed before it had its places.</summary>
    public void Put()
    {
        _left = -1;
        try
        {
            PutRequest[] requests = new PutRequest[_blocks.Count];
            var kinds = new BlockKind[requests.Length];
            var puts = new List<CopiedBlock>(requests.Length);
            var schemas = new Dictionary<Digest256, CanonicalSchema>();
            for (int i = 0; i < _blocks.Count; i++)
            {
                CopiedBlock block = _blocks[i];
                (long offset, int length) = _window.Pieces[i];
                ReadOnlyMemory<byte> memory = _window.Memory.Slice((int)offset, length);
                if (BlockPutting.Plan(memory, new RawBlock(memory, block.Expected, OnAsked),
                    block.OnlyBatch) is not { } made)
                    continue;
                if (made.Schema is { } schema) _ = schemas.TryAdd(schema.Digest, schema);
                (requests[puts.Count], kinds[puts.Count]) = (made.Request, made.Kind);
                puts.Add(block);
            }

            var results = new PutResult[puts.Count];
            if (!_before.GetAwaiter().GetResult()) return;
            _left = puts.Count;
            ulong sweep = store.Blocks.Schemas.Put(schemas.Values);
            _ = store.Putting.PutGroup(requests.AsSpan(0, puts.Count), results);
            for (int i = 0; i < results.Length; i++) puts[i].Result = (results[i], kinds[i]);
            store.Blocks.Schemas.Keep(schemas.Values, sweep);
        }
        finally
        {
            // Where all were asked for their bytes it has been said.
            _ = _hasPlaces!.TrySetResult(_left == 0);
        }
    }

    public void Dispose() => _window.Dispose();

    /// <summary>A block's place is reserved: after the last one's the next group may have its own.</summary>
    private void OnAsked()
    {
        if (--_left == 0) _hasPlaces!.SetResult(true);
    }
}
