using ArrowCid.Ipld;

namespace ArrowCid.Transfer.Backup;

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
