using ArrowCid.Ipld;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>
/// A place's blocks and, made where they are asked for, those of the DAGs that its nodes link to beside a block that
/// they name (<c>MANIFESTS.md</c>), and the pieces of column manifests: the place has the block, and the DAG follows
/// from it.
/// </summary>
/// <param name="find">A block whose bytes were just proved, or null.</param>
internal sealed class DerivedBlocks(Func<Cid, BlockLease?> find)
{
    // Of each DAG that a node linked to, the block; and of each DAG that was made, the parts.
    private readonly Dictionary<Cid, Cid> _named = [];
    private readonly Dictionary<Cid, (Cid Block, UnixFsPart Part)> _parts = [];

    // Of each column manifest that was read, the pieces of its batch.
    private readonly Dictionary<Cid, (Cid Block, int Offset, int Length)> _pieces = [];

    /// <summary>A block's bytes in memory of their own; null where it is neither here nor below what was read
    /// before.</summary>
    public ReadOnlyMemory<byte>? Read(Cid cid)
    {
        cid = cid.ToV1();
        using (BlockLease? stored = find(cid))
        {
            if (stored is not null)
            {
                byte[] bytes = stored.Bytes.ToArray();
                if (cid.Codec == Multicodec.DagCbor) Remember(bytes);
                return bytes;
            }
        }

        if (_pieces.TryGetValue(cid, out (Cid Block, int Offset, int Length) piece))
        {
            using BlockLease? batch = find(piece.Block);
            if (batch is null || batch.Bytes.Length < piece.Offset + piece.Length) return null;
            return batch.Bytes.Slice(piece.Offset, piece.Length).ToArray();
        }

        if (!_parts.ContainsKey(cid) && _named.TryGetValue(cid, out Cid named)) Derive(named);
        if (!_parts.TryGetValue(cid, out (Cid Block, UnixFsPart Part) made)) return null;
        if (made.Part.Node is { } node) return node;
        using BlockLease? block = find(made.Block);
        // An array that is null would become memory of no bytes.
        if (block is null) return null;
        return block.Bytes.Slice((int)made.Part.Offset, made.Part.Length).ToArray();
    }

    /// <summary>The column manifest of a batch, made of it; null where it is not there or no batch.</summary>
    public (Cid Cid, byte[] Node)? Manifest(Cid batch)
    {
        using BlockLease? block = find(batch);
        if (block is null || ManifestCopies.Make(block) is not { } made) return null;
        Remember(made.Node);
        return made;
    }

    private void Remember(byte[] node)
    {
        int at = 0;
        ColumnManifest? manifest = ColumnManifest.TryDecode(node);
        foreach (ColumnPiece piece in manifest?.Pieces ?? [])
        {
            _ = _pieces.TryAdd(piece.Cid, (manifest!.Cid, at, piece.Length));
            at += piece.Length;
        }

        var links = new List<IpldLink>();
        try
        {
            IpldLinks.Collect(Multicodec.DagCbor, node, links);
        }
        catch (InvalidIpldException)
        {
            // Decoding the node reports it.
        }

        foreach (IpldLink link in links.Where(link => !link.Block.IsDefault))
            _ = _named.TryAdd(link.Target.ToV1(), link.Block);
    }

    private void Derive(Cid named)
    {
        using BlockLease? block = find(named);
        if (block is null) return;
        var dag = UnixFsDag.Of(block.Bytes.Span, UnixFsProfile.V1Of2025);
        foreach (UnixFsPart part in dag.Parts()) _ = _parts.TryAdd(part.Cid, (named, part));
    }
}
