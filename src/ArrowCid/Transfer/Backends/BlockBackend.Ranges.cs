using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>Parts of blocks.</summary>
public abstract partial class BlockBackend
{
    /// <summary>Whether <see cref="TryReadRange"/> reads a part of a block without the rest.</summary>
    protected virtual bool CanReadRanges => false;

    /// <summary>Whether a copy of a large batch is stored with its column manifest, so that its columns can be read
    /// alone later.</summary>
    internal virtual bool KeepsManifests => CanPut;

    /// <summary>Finds a part of a block. SHA-256 proves a whole block and none of its ranges, so the part has a digest
    /// of its own, of which its caller knows that it belongs to the block: from a column manifest
    /// (<c>Ipld/MANIFESTS.md</c>) that was proved.</summary>
    /// <param name="cid">The block's CID.</param>
    /// <param name="slice">The part, with the CID of its bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The part's bytes, to be disposed, just proved against its CID; null if the block is not
    /// stored.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the block has other bytes there, or
    /// ends before; others as for <see cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockLease? TryGetRange(Cid cid, BlockSlice slice, CancellationToken cancellationToken = default) =>
        TryGetRanges(cid, [slice], cancellationToken)?[0];

    /// <summary>Finds parts of a block. Parts that are close together are read at once, and different ranges at the
    /// same time where the backend can.</summary>
    /// <param name="cid">The block's CID.</param>
    /// <param name="slices">The parts, with the CIDs of their bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The bytes of each part in this order, to be disposed, just proved against its CID; null if the block
    /// is not stored.</returns>
    /// <exception cref="ArgumentException">A part has no bytes, an impossible offset, or a CID that is not of version 1
    /// with SHA-256.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="TryGetRange"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<BlockLease>? TryGetRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(slices);
        Begin(cancellationToken);
        foreach (BlockSlice slice in slices)
        {
            bool isPart = slice is { Offset: >= 0, Length: > 0 } && slice.Offset <= int.MaxValue - slice.Length &&
                IsAddress(slice.Cid, out _);
            if (!isPart) throw new ArgumentException($"{slice} is no part of a block with a CID.", nameof(slices));
        }

        return IsAddress(cid, out _) ? FindRanges(cid, slices, cancellationToken) : null;
    }

    /// <summary>Reads a part of a block. Its bytes need not be proved: the caller hashes them.</summary>
    /// <param name="cid">A CID of version 1 with SHA-256.</param>
    /// <param name="offset">The offset of the first byte.</param>
    /// <param name="target">Gets the bytes, all of them, or the call fails.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if the block is not stored.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the block ends before.</exception>
    protected virtual bool TryReadRange(Cid cid, long offset, Memory<byte> target,
        CancellationToken cancellationToken) => throw new NotSupportedException($"{Name} reads no ranges.");

    /// <summary>Finds parts of a block, each proved against its CID.</summary>
    private protected virtual BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken)
    {
        if (!CanReadRanges)
        {
            using BlockLease? block = TryGet(cid, cancellationToken);
            return block is null ? null : [.. slices.Select(slice => CutFrom(cid, block.Bytes, slice))];
        }

        var leases = new BlockLease[slices.Count];
        foreach (PlannedRange range in RangePlan.Of(slices))
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>(range.Length);
            if (!TryReadRange(cid, range.Offset, bytes, cancellationToken)) return null;
            RangePlan.Prove(range, bytes, slices, leases, slice => OtherBytes(cid, slice));
        }

        return leases;
    }

    /// <summary>Finds the column manifest of a block by its own CID. It is stored where the block is.</summary>
    internal virtual BlockLease? FindManifest(Cid block, Cid manifest, CancellationToken cancellationToken) =>
        TryGet(manifest, cancellationToken);

    /// <summary>Cuts a part out of a block that is at hand, in memory of its own.</summary>
    private BlockLease CutFrom(Cid cid, ReadOnlyMemory<byte> block, BlockSlice slice)
    {
        if (block.Length < slice.Offset + slice.Length) throw EndsBefore(cid, block.Length, slice);
        byte[] bytes = block.Span.Slice((int)slice.Offset, slice.Length).ToArray();
        return IsAddress(slice.Cid, out Digest256 wanted) && Sha256.Hash(bytes) == wanted
            ? new BlockLease(slice.Cid, bytes, null)
            : throw OtherBytes(cid, slice);
    }

    private protected ArrowCidException EndsBefore(Cid cid, long length, BlockSlice slice) =>
        new(ErrorCode.BlockCorrupt, string.Create(CultureInfo.InvariantCulture,
            $"{Name}: {cid} has {length} bytes, and a part of it is to end at {slice.Offset + slice.Length}"));

    private protected ArrowCidException OtherBytes(Cid cid, BlockSlice slice) =>
        new(ErrorCode.BlockCorrupt, string.Create(CultureInfo.InvariantCulture,
            $"{Name} has other bytes for {slice.Cid}, bytes {slice.Offset} to {slice.Offset + slice.Length} of {cid}"));
}
