using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>
/// That a store is a cache of its places, and how large. Every process that stores fetched blocks or maintains the
/// store keeps to it: it is a block that the name <see cref="Name"/> points to, so backups include it and the name's
/// history shows earlier settings.
/// </summary>
public sealed record CacheSettings
{
    /// <summary>The name that points to it.</summary>
    public const string Name = "arrowcid.cache";

    private const string Kind = "arrowcid/cache";

    // In the order of CachePolicyKind.
    private static readonly string[] s_policies = ["s3fifo", "arc", "lru"];

    /// <summary>The largest number of bytes of the store's blocks. Blocks over an eighth of it are not kept. At least
    /// 1.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>The policy that chooses the blocks that leave.</summary>
    public CachePolicyKind Policy { get; init; }

    /// <summary>The place that blocks are copied to before they leave, if no other place has them; null: such blocks
    /// stay.</summary>
    public string? DemoteTo { get; init; }

    /// <summary>The word for a policy.</summary>
    internal static string TextOf(CachePolicyKind policy) => s_policies[(int)policy];

    /// <summary>Reads what <see cref="TextOf"/> writes.</summary>
    internal static bool TryParse(string text, out CachePolicyKind policy)
    {
        int at = Array.IndexOf(s_policies, text);
        policy = (CachePolicyKind)Math.Max(at, 0);
        return at >= 0;
    }

    /// <exception cref="ArgumentException">Something in it is not allowed.</exception>
    internal byte[] Encode()
    {
        if (MaxBytes < 1) throw new ArgumentException("A cache has 1 byte or more.");
        if (!Enum.IsDefined(Policy)) throw new ArgumentException($"There is no policy {Policy}.");
        var entries = new List<(string, IpldNode)>
        {
            ("kind", IpldNode.Text(Kind)),
            ("v", IpldNode.Integer(1)),
            ("maxBytes", IpldNode.Integer(MaxBytes)),
            ("policy", IpldNode.Text(TextOf(Policy))),
        };
        if (DemoteTo is { } place)
        {
            if (FactRules.OfPlace(place) is { } fault) throw new ArgumentException($"{fault} is not allowed.");
            entries.Add(("demoteTo", IpldNode.Text(place)));
        }

        return DagCbor.Encode(IpldNode.Map([.. entries]));
    }

    /// <exception cref="InvalidIpldException">The block is none.</exception>
    internal static CacheSettings Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "maxBytes", "policy", "demoteTo");
        if (!TryParse(map.Text("policy"), out CachePolicyKind policy)) throw map.Refuse("'policy' is none");
        var settings = new CacheSettings
        {
            MaxBytes = map.Number("maxBytes"),
            Policy = policy,
            DemoteTo = map.Has("demoteTo") ? map.Text("demoteTo") : null,
        };
        return settings.MaxBytes > 0 ? settings : throw map.Refuse("'maxBytes' is 0");
    }
}
