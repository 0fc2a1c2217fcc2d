namespace ArrowCid.Ipld;

/// <summary>Reads a manifest's map: every key is known, each is there once, and what is read is of its kind.</summary>
internal readonly struct ManifestNode
{
    private readonly IpldNode _map;
    private readonly string _kind;

    private ManifestNode(IpldNode map, string kind) => (_map, _kind) = (map, kind);

    /// <summary>The kind that a dag-cbor node names, where it is one of ours.</summary>
    public static string? KindOf(IpldNode node) =>
        node["kind"] is { Kind: IpldKind.Text } kind && kind.AsText().StartsWith("arrowcid/", StringComparison.Ordinal)
            ? kind.AsText()
            : null;

    /// <summary>A manifest of a kind and version.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="keys">All keys that it may have, but for <c>kind</c> and <c>v</c>.</param>
    /// <exception cref="InvalidIpldException">It has another kind or version, or other keys.</exception>
    public static ManifestNode Of(IpldNode node, string kind, params ReadOnlySpan<string> keys)
    {
        ManifestNode manifest = Part(node, kind, ["kind", "v", .. keys]);
        if (KindOf(node) != kind) throw manifest.Refuse($"kind is not '{kind}'");
        if (manifest.Number("v") != 1) throw manifest.Refuse($"version {manifest.Number("v")} is not known; 1 is");
        return manifest;
    }

    /// <summary>A map inside a manifest.</summary>
    public static ManifestNode Part(IpldNode node, string kind, params ReadOnlySpan<string> keys)
    {
        var part = new ManifestNode(node, kind);
        if (node.Kind != IpldKind.Map) throw part.Refuse("a map is expected");
        foreach ((string key, _) in node.Entries)
        {
            if (!keys.Contains(key)) throw part.Refuse($"the key '{key}' is not known");
        }

        return part;
    }

    public bool Has(string key) => _map[key] is not null;

    /// <summary>An integer from 0 to 2^53 − 1, which JavaScript can tell too.</summary>
    public long Number(string key)
    {
        const long Most = (1L << 53) - 1;
        Int128 number = Get(key, IpldKind.Integer).AsInteger();
        return number >= 0 && number <= Most ? (long)number : throw Refuse($"'{key}' is not from 0 to 2^53 - 1");
    }

    public string Text(string key) => Get(key, IpldKind.Text).AsText();

    public bool Flag(string key) => Get(key, IpldKind.Bool).AsBool();

    public IEnumerable<string> Texts(string key)
    {
        ManifestNode self = this;
        return List(key).Select(item =>
            item.Kind == IpldKind.Text ? item.AsText() : throw self.Refuse($"'{key}' holds a {item.Kind}, not a Text"));
    }

    public IReadOnlyList<IpldNode> List(string key) => Get(key, IpldKind.List).Items;

    public IpldNode Map(string key) => Get(key, IpldKind.Map);

    /// <summary>A link to a block of raw bytes, dag-cbor or dag-pb under a whole SHA-256.</summary>
    public Cid Link(string key, ulong codec) => Judged(Get(key, IpldKind.Link).AsLink(), codec, key);

    /// <summary>A CID as bytes.</summary>
    public Cid Named(string key, ulong codec) =>
        Cid.TryFromBytes(Get(key, IpldKind.Bytes).AsBytes().Span, out Cid cid, out _)
            ? Judged(cid, codec, key)
            : throw Refuse($"'{key}' holds no CID");

    public bool IsLink(string key) => _map[key]?.Kind == IpldKind.Link;

    public InvalidIpldException Refuse(string rule) => new(_kind, rule);

    private Cid Judged(Cid cid, ulong codec, string key) => cid.Version == 1 && cid.Codec == codec && cid.Hash.IsSha256
        ? cid
        : throw Refuse($"'{key}' is no CID of codec {Multicodec.Name(codec)} and sha2-256: {cid}");

    private IpldNode Get(string key, IpldKind kind)
    {
        IpldNode value = _map[key] ?? throw Refuse($"'{key}' is missing");
        return value.Kind == kind ? value : throw Refuse($"'{key}' is a {value.Kind}, not a {kind}");
    }
}
