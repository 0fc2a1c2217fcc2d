using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backup;

/// <summary>Some of what changed: blocks that came or were put again, facts that were said, blocks that went.</summary>
internal sealed record BackupPage(IReadOnlyList<SnapshotBlock> Blocks, IReadOnlyList<Cid> Facts,
    IReadOnlyList<Digest256> Removed)
{
    /// <summary>The most entries of a page: it stays below 1 MiB, which every peer takes.</summary>
    public const int Most = 8192;

    /// <param name="isNamed">Of which blocks the bytes are in an earlier increment: these are named, not
    /// linked.</param>
    public byte[] Encode(Func<Digest256, bool> isNamed)
    {
        byte[] removed = new byte[Removed.Count * Digest256.ByteCount];
        for (int i = 0; i < Removed.Count; i++) Removed[i].CopyTo(removed.AsSpan(i * Digest256.ByteCount));
        return DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(BackupManifest.PageKind)),
            ("blocks", IpldNode.List([.. Blocks.Select(block => IpldNode.List(
                isNamed(block.Digest) ? IpldNode.Bytes(block.Cid.ToBytes()) : IpldNode.Link(block.Cid),
                IpldNode.Integer(block.Created), IpldNode.Integer(block.LastPut)))])),
            ("facts", IpldNode.List([.. Facts.Select(IpldNode.Link)])),
            ("removed", IpldNode.Bytes(removed))));
    }

    /// <exception cref="InvalidIpldException">It breaks a rule.</exception>
    public static BackupPage Decode(IpldNode node)
    {
        ManifestNode map = ManifestNode.Of(node, BackupManifest.PageKind, "blocks", "facts", "removed");
        if (node["removed"] is not { Kind: IpldKind.Bytes } bytes) throw map.Refuse("'removed' is not bytes");
        ReadOnlySpan<byte> digests = bytes.AsBytes().Span;
        if (digests.Length % Digest256.ByteCount != 0) throw map.Refuse("'removed' is not digests of 32 bytes");
        var removed = new Digest256[digests.Length / Digest256.ByteCount];
        for (int i = 0; i < removed.Length; i++)
            removed[i] = new Digest256(digests.Slice(i * Digest256.ByteCount, Digest256.ByteCount));
        return new BackupPage([.. map.List("blocks").Select(item => BlockOf(map, item))],
            [.. map.List("facts").Select(item => LinkOf(map, item).Cid)], removed);
    }

    private static SnapshotBlock BlockOf(ManifestNode map, IpldNode item)
    {
        if (item.Kind != IpldKind.List || item.Count != 3) throw map.Refuse("a block is not a link and two times");
        (Digest256 digest, Cid cid) = LinkOf(map, item.Items[0]);
        return new SnapshotBlock(digest, cid.Codec, TimeOf(map, item.Items[1]), TimeOf(map, item.Items[2]));
    }

    private static (Digest256 Digest, Cid Cid) LinkOf(ManifestNode map, IpldNode item)
    {
        Cid cid = default;
        if (item.Kind == IpldKind.Link) cid = item.AsLink();
        else if (item.Kind == IpldKind.Bytes) _ = Cid.TryFromBytes(item.AsBytes().Span, out cid, out _);
        return !cid.IsDefault && cid is { Version: 1, Codec: <= uint.MaxValue } &&
            cid.TryGetSha256(out Digest256 digest)
            ? (digest, cid)
            : throw map.Refuse("a block is not given by a CID of version 1 with a SHA-256");
    }

    private static ulong TimeOf(ManifestNode map, IpldNode item) =>
        item.Kind == IpldKind.Integer && item.AsInteger() >= 0
            ? (ulong)item.AsInteger()
            : throw map.Refuse("a time is not an integer from 0");
}
