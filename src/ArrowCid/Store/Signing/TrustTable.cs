using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Signing;

namespace ArrowCid;

/// <summary>The trust rules and revoked keys of a store, as a block of dag-cbor.</summary>
internal sealed record TrustTable(IReadOnlyList<TrustRule> Rules, IReadOnlyList<RevokedKey> Revoked)
{
    public static readonly TrustTable Empty = new([], []);

    public const string Kind = "arrowcid/trust";
    private const int MostRules = 1000;
    private const int MostRevoked = 10_000;

    private readonly Lazy<(Filter Filter, TrustRule[] Rules)[]> _groups = new(() =>
        [.. Rules.GroupBy(rule => rule.Filter, StringComparer.Ordinal).Select(group =>
            (Filter.Parse(group.Key), group.ToArray()))]);

    /// <summary>The rules of each filter: alternatives.</summary>
    public IReadOnlyList<(Filter Filter, TrustRule[] Rules)> Groups => _groups.Value;

    /// <summary>Throws where a rule may not be in a table.</summary>
    public static void ThrowIfInvalid(TrustRule rule)
    {
        if (!PublicKey.TryParse(rule.Key, out _))
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"'{rule.Key}' is no id of a public key");
        _ = Filter.Parse(rule.Filter);
        if (rule.Policy is not (TrustPolicy.Refuse or TrustPolicy.Warn))
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"there is no policy {(int)rule.Policy}");
        if (rule.From > rule.Until)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a rule ends before it begins");
    }

    /// <summary>Whether a statement counts by a rule.</summary>
    public bool Counts(TrustRule rule, Statement statement) => statement.Key == rule.Key &&
        !(statement.Time < rule.From) && !(statement.Time > rule.Until) &&
        !Revoked.Any(key => key.Key == rule.Key && !(statement.Time < key.Since));

    public byte[] Encode()
    {
        if (Rules.Count > MostRules || Revoked.Count > MostRevoked)
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"a store has at most {MostRules} trust rules and {MostRevoked} revoked keys");
        return DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(Kind)),
            ("rules", IpldNode.List([.. Rules.OrderBy(rule => rule.Filter, StringComparer.Ordinal)
                .ThenBy(rule => rule.Key, StringComparer.Ordinal).Select(rule => IpldNode.Map(
                    ("key", IpldNode.Text(rule.Key)), ("filter", IpldNode.Text(rule.Filter)),
                    ("policy", IpldNode.Text(rule.Policy == TrustPolicy.Refuse ? "refuse" : "warn")),
                    ("from", Moment(rule.From)), ("until", Moment(rule.Until))))])),
            ("revoked", IpldNode.List([.. Revoked.OrderBy(key => key.Key, StringComparer.Ordinal).Select(key =>
                IpldNode.Map(("key", IpldNode.Text(key.Key)), ("since", Moment(key.Since))))]))));
    }

    /// <exception cref="InvalidIpldException">The block is no table of trust.</exception>
    public static TrustTable Decode(ReadOnlySpan<byte> block)
    {
        IpldNode node = DagCbor.Decode(block);
        var map = ManifestNode.Of(node, Kind, "rules", "revoked");
        TrustRule[] rules = [.. map.List("rules").Select(item =>
        {
            var part = ManifestNode.Part(item, Kind, "key", "filter", "policy", "from", "until");
            return new TrustRule
            {
                Key = part.Text("key"),
                Filter = part.Text("filter"),
                Policy = part.Text("policy") switch
                {
                    "refuse" => TrustPolicy.Refuse,
                    "warn" => TrustPolicy.Warn,
                    _ => throw part.Refuse("'policy' is neither refuse nor warn"),
                },
                From = MomentAt(item, part, "from"),
                Until = MomentAt(item, part, "until"),
            };
        })];
        foreach (TrustRule rule in rules)
        {
            if (!Filter.TryParse(rule.Filter, out _)) throw map.Refuse($"'{rule.Filter}' is no filter");
        }

        return new TrustTable(rules, [.. map.List("revoked").Select(item =>
        {
            var part = ManifestNode.Part(item, Kind, "key", "since");
            return new RevokedKey { Key = part.Text("key"), Since = MomentAt(item, part, "since") };
        })]);
    }

    private static IpldNode Moment(DateTimeOffset? time) => time is { } at
        ? IpldNode.Integer(Math.Max(0, at.ToUnixTimeMilliseconds()))
        : IpldNode.Null;

    private static DateTimeOffset? MomentAt(IpldNode node, ManifestNode part, string key)
    {
        const long Last = 253_402_300_799_999;
        if (node[key] is not { } value) throw part.Refuse($"'{key}' is missing");
        return value.Kind == IpldKind.Null
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(part.Number(key), Last));
    }
}
