using ArrowCid.Ipld;

namespace ArrowCid.Transfer.Backends;

/// <summary>The column manifests of the large batches that a copy writes. They are written after the blocks.</summary>
/// <param name="source">The backend that the blocks come from.</param>
internal sealed class ManifestCopies(BlockBackend source)
{
    /// <summary>A batch with more bytes is copied with its manifest.</summary>
    public const int LargeBytes = 1 << 20;

    // Nodes beyond that are made again of their blocks when they are written.
    private const long MostBytes = 64 << 20;

    private readonly List<(Cid Block, Cid Manifest)> _pairs = [];
    private readonly Dictionary<Cid, (Cid Block, byte[]? Node)> _nodes = [];
    private long _bytes;

    /// <summary>The blocks, each with the CID of its manifest.</summary>
    public IReadOnlyList<(Cid Block, Cid Manifest)> Pairs => _pairs;

    /// <summary>The CIDs of the manifests.</summary>
    public IReadOnlyList<Cid> Cids => [.. _nodes.Keys];

    /// <summary>Makes the column manifest of a block.</summary>
    /// <param name="block">The block, its bytes just proved.</param>
    /// <returns>Null where it is no batch, or its manifest would be over the limit.</returns>
    public static (Cid Cid, byte[] Node)? Make(BlockLease block)
    {
        if (block.Cid.Codec != Multicodec.Raw || block.FindSchema() is not { IsDefault: false } schema) return null;
        try
        {
            byte[] node = ColumnManifest.Of(block.Bytes, block.Cid, schema).Encode();
            return (Cid.Sha256(Multicodec.DagCbor, node), node);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.TooLarge)
        {
            return null;
        }
    }

    /// <summary>Adds the manifest of a block, if it is a large batch.</summary>
    /// <returns>The block.</returns>
    public BlockLease Add(BlockLease block)
    {
        try
        {
            if (block.Bytes.Length <= LargeBytes || Make(block) is not var (cid, node)) return block;
            _pairs.Add((block.Cid, cid));
            bool fits = _bytes + node.Length <= MostBytes;
            if (_nodes.TryAdd(cid, (block.Cid, fits ? node : null)) && fits) _bytes += node.Length;
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>A manifest that was added.</summary>
    public BlockLease Open(Cid cid, CancellationToken cancellationToken)
    {
        (Cid of, byte[]? node) = _nodes[cid];
        if (node is not null) return new BlockLease(cid, node, null);
        using BlockLease block = source.Get(of, cancellationToken);
        return Make(block) is var (made, bytes) && made == cid
            ? new BlockLease(cid, bytes, null)
            : throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{of} was changed while it was copied");
    }
}
