namespace ArrowCid.Server.Http;

/// <summary>
/// The blocks that the gateway serves: those of the store, the parts of its large ones, and those that stand in their
/// CIDs. Bytes are hashed before they leave, on each read, so that one that changed on the disk is noticed: a small
/// block as it is opened, a large one leaf by leaf.
/// </summary>
internal sealed class GatewayBlocks(HttpService service)
{
    /// <summary>Opens a block.</summary>
    /// <returns>The block, to be disposed of; null where it is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its bytes are not what its CID
    /// says.</exception>
    public ServedBlock? TryOpen(Cid cid)
    {
        if (cid.Hash.Code == Multicodec.Identity) return new ServedBlock(cid, cid.Hash.Digest.ToArray(), null);
        Cid known = cid.ToV1();
        return OpenStored(known) ?? OpenPart(known);
    }

    /// <summary>Whether a block is here; nothing is proved.</summary>
    public bool Contains(Cid cid)
    {
        if (cid.Hash.Code == Multicodec.Identity) return true;
        Cid known = cid.ToV1();
        Cid? whole = service.Large.FindNode(known)?.Block.Cid ?? service.Large.FindLeaf(known)?.Block.Cid;
        whole ??= service.Large.FindPiece(known)?.Batch;
        return service.Store.Reading.IsReadable(known)
            || (whole is { } block && service.Store.Reading.IsReadable(block));
    }

    /// <summary>As <see cref="TryOpen"/>; a block that is not known yet may be a part of one that was put
    /// lately.</summary>
    public async Task<ServedBlock?> TryOpenAsync(Cid cid, CancellationToken cancellationToken)
    {
        if (TryOpen(cid) is { } block) return block;
        if (!MayBePart(cid)) return null;
        await service.Large.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return TryOpen(cid);
    }

    /// <summary>As <see cref="TryOpenAsync"/>, for a block that must be here.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: it is not.</exception>
    public async Task<ServedBlock> OpenAsync(Cid cid, CancellationToken cancellationToken) =>
        await TryOpenAsync(cid, cancellationToken).ConfigureAwait(false)
        ?? throw NotHere(cid);

    /// <summary>The error for a block that is not stored.</summary>
    public ArrowCidException NotHere(Cid cid) => service.Store.Proofs.NotHere(cid, $"no block {cid} is here");

    /// <summary>A node's bytes in memory of their own.</summary>
    public ReadOnlyMemory<byte>? Read(Cid cid)
    {
        using ServedBlock? block = TryOpen(cid);
        // An array that is null would be empty memory, and no null.
        if (block is null) return null;
        return block.Whole().ToArray();
    }

    /// <summary>Learns the parts of what was put since the last time.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => service.Large.CatchUpAsync(cancellationToken);

    public static bool MayBePart(Cid cid) =>
        cid.Codec is Multicodec.Raw or Multicodec.DagPb && cid.Hash.IsSha256;

    private ServedBlock? OpenStored(Cid cid)
    {
        var lease = service.Store.Reading.LeaseUnproved(cid);
        if (lease is null) return null;
        try
        {
            ReadOnlyMemory<byte> bytes = lease.Memory;
            LargeBlock? parts = bytes.Length > LargeBlock.LeafBytes ? service.Large.Find(cid) : null;
            if (parts is not null) return new ServedBlock(cid, bytes, lease, parts) { OnDamage = Record };
            if (Cid.Sha256(cid.Codec, bytes.Span) != cid)
            {
                Record(cid);
                throw new ArrowCidException(ErrorCode.BlockCorrupt,
                    $"the bytes of {cid} do not hash to it ({lease.Location}); repair it from a copy, or put it again");
            }

            return bytes.Length > LargeBlock.LeafBytes && cid.Codec == Multicodec.Raw
                ? new ServedBlock(cid, bytes, lease, service.Large.Add(cid, bytes.Span)) { OnDamage = Record }
                : new ServedBlock(cid, bytes, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Records the damage in the store: its bytes are hashed there again.</summary>
    private void Record(Cid cid) => _ = service.Store.Reading.IsIntact(cid);

    private ServedBlock? OpenPart(Cid cid)
    {
        if (service.Large.FindNode(cid) is { } node)
        {
            if (service.Store.Reading.IsReadable(node.Block.Cid)) return new ServedBlock(cid, node.Node, null);
            service.Large.Remove(node.Block);
            return null;
        }

        if (service.Large.FindLeaf(cid) is not { } part) return OpenPiece(cid);
        var lease = service.Store.Reading.LeaseUnproved(part.Block.Cid);
        if (lease is null)
        {
            service.Large.Remove(part.Block);
            return null;
        }

        var whole = new ServedBlock(part.Block.Cid, lease.Memory, null, part.Block) { OnDamage = Record };
        try
        {
            long start = (long)part.Leaf * LargeBlock.LeafBytes;
            long length = Math.Min(LargeBlock.LeafBytes, whole.Length - start);
            return new ServedBlock(cid, whole.Pieces(start, length).Single(), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>A piece of a column manifest, out of its batch.</summary>
    private ServedBlock? OpenPiece(Cid cid)
    {
        if (service.Large.FindPiece(cid) is not { } piece
            || service.Store.Reading.LeaseUnproved(piece.Batch) is not { } lease)
        {
            return null;
        }

        bool isInside = piece.Offset + piece.Length <= lease.Memory.Length;
        ReadOnlyMemory<byte> bytes = isInside ? lease.Memory.Slice(piece.Offset, piece.Length) : default;
        if (isInside && Cid.Sha256(cid.Codec, bytes.Span) == cid) return new ServedBlock(cid, bytes, lease);
        string where = lease.Location;
        lease.Dispose();
        throw new ArrowCidException(ErrorCode.BlockCorrupt,
            $"the bytes of {cid}, a piece of {piece.Batch}, do not hash to it ({where}); restore the segment");
    }
}
