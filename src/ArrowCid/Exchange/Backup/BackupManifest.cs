using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Exchange.Backup;

/// <summary>
/// The root of an increment (<c>BACKUP.md</c>): of which store and moment it is, the increment before it, and pages of
/// what changed since.
/// </summary>
internal sealed record BackupManifest
{
    public const string Kind = "arrowcid/backup", PageKind = "arrowcid/backup/page";

    private const string V = "v", KindKey = "kind";

    public required Guid Store { get; init; }

    /// <summary>From 1.</summary>
    public required long Number { get; init; }

    /// <summary>The root of the increment before; the default for the first.</summary>
    public Cid Previous { get; init; }

    public required DateTimeOffset At { get; init; }

    public required long Capacity { get; init; }

    public required long SegmentSize { get; init; }

    public required bool IsRing { get; init; }

    /// <summary>The blocks that were alive in the end.</summary>
    public required long Live { get; init; }

    public required IReadOnlyList<Cid> Pages { get; init; }

    public byte[] Encode()
    {
        var entries = new List<(string, IpldNode)>
        {
            (V, IpldNode.Integer(1)),
            (KindKey, IpldNode.Text(Kind)),
            ("store", IpldNode.Bytes(Store.ToByteArray(bigEndian: true))),
            ("number", IpldNode.Integer(Number)),
            ("at", IpldNode.Integer(At.ToUnixTimeMilliseconds())),
            ("capacity", IpldNode.Integer(Capacity)),
            ("segment", IpldNode.Integer(SegmentSize)),
            ("ring", IpldNode.Bool(IsRing)),
            ("live", IpldNode.Integer(Live)),
            ("pages", IpldNode.List([.. Pages.Select(IpldNode.Link)])),
        };
        if (!Previous.IsDefault) entries.Add(("previous", IpldNode.Bytes(Previous.ToBytes())));
        return DagCbor.Encode(IpldNode.Map([.. entries]));
    }

    /// <exception cref="InvalidIpldException">It breaks a rule.</exception>
    public static BackupManifest Decode(IpldNode node)
    {
        ManifestNode map = ManifestNode.Of(node, Kind, "store", "number", "previous", "at", "capacity", "segment",
            "ring", "live", "pages");
        const int IdBytes = 16;
        ReadOnlyMemory<byte> id = node["store"] is { Kind: IpldKind.Bytes } bytes ? bytes.AsBytes() : default;
        if (id.Length != IdBytes) throw map.Refuse("'store' is not 16 bytes");
        if (node["ring"] is not { Kind: IpldKind.Bool } ring) throw map.Refuse("'ring' is not true or false");
        long at = map.Number("at");
        if (at > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()) throw map.Refuse("'at' is behind the year 9999");
        return new BackupManifest
        {
            Store = new Guid(id.Span, bigEndian: true),
            Number = map.Number("number"),
            Previous = map.Has("previous") ? map.Named("previous", Multicodec.DagCbor) : default,
            At = DateTimeOffset.FromUnixTimeMilliseconds(at),
            Capacity = map.Number("capacity"),
            SegmentSize = map.Number("segment"),
            IsRing = ring.AsBool(),
            Live = map.Number("live"),
            Pages = [.. map.List("pages").Select(page => page.Kind == IpldKind.Link
                ? page.AsLink()
                : throw map.Refuse("a page is not a link"))],
        };
    }
}

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
