using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>
/// What is deleted from a store automatically, beside expired blocks. It is kept with the store, as a block that the
/// name <see cref="Name"/> points to: backups include it, and the name's history shows earlier policies.
/// </summary>
public sealed record MaintenancePolicy
{
    /// <summary>The name that points to it.</summary>
    public const string Name = AuditBound.PolicyName;

    private const string Kind = "arrowcid/maintenance";
    private const int MostRules = 1000;

    /// <summary>Nothing goes but what has expired.</summary>
    public static MaintenancePolicy None { get; } = new();

    /// <summary>All that no root needs may go (<see cref="CollectOptions.Unreferenced"/>).</summary>
    public bool Unreferenced { get; init; }

    /// <summary>What was put, or announced again, within this time stays; null: an hour
    /// (<see cref="CollectOptions.OlderThan"/>).</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>The maximum number of bytes of the store's blocks; blocks that no root needs are removed down to it
    /// (<see cref="CollectOptions.MaxBytes"/>). Null: no limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Whether blocks that names pointed to earlier are roots as well.</summary>
    public bool KeepHistory { get; init; }

    /// <summary>How long entries of the audit trail (<see cref="StoreAudit"/>) are kept; null: for good. Older ones go
    /// with the next compaction of the metadata that they are in. Removals, which are kept for 30 days, do not
    /// count.</summary>
    public TimeSpan? AuditKeep { get; init; }

    /// <summary>The versions that go.</summary>
    public IReadOnlyList<ForgetRule> Forget { get; init; } = [];

    internal bool Collects => Unreferenced || MaxBytes is not null;

    internal CollectOptions ToCollect(bool isDryRun) => new()
    {
        Unreferenced = Unreferenced,
        OlderThan = OlderThan,
        MaxBytes = MaxBytes,
        KeepHistory = KeepHistory,
        DryRun = isDryRun,
    };

    /// <summary>The block that it is kept as.</summary>
    /// <exception cref="ArgumentException">Something in it is none, or over a limit.</exception>
    internal byte[] Encode()
    {
        if (MaxBytes is < 0) throw new ArgumentException("A store has 0 bytes or more.");
        if (OlderThan < TimeSpan.Zero) throw new ArgumentException("An age is not negative.");
        if (AuditKeep < TimeSpan.Zero) throw new ArgumentException("The audit trail is not kept for a negative time.");
        if (Forget.Count > MostRules) throw new ArgumentException($"A policy has {MostRules} rules at most.");
        if (Forget.DistinctBy(rule => rule.Id, StringComparer.Ordinal).Count() != Forget.Count)
            throw new ArgumentException("Two rules have the same name.");
        var entries = new List<(string, IpldNode)>
        {
            ("kind", IpldNode.Text(Kind)),
            ("v", IpldNode.Integer(1)),
            ("unreferenced", IpldNode.Bool(Unreferenced)),
            ("history", IpldNode.Bool(KeepHistory)),
            ("forget", IpldNode.List([.. Forget.Select(rule => rule.ToNode())])),
        };
        if (OlderThan is { } age) entries.Add(("olderThan", Milliseconds(age)));
        if (AuditKeep is { } keep) entries.Add((AuditBound.Member, Milliseconds(keep)));
        if (MaxBytes is { } most) entries.Add(("maxBytes", IpldNode.Integer(most)));
        return DagCbor.Encode(IpldNode.Map([.. entries]));
    }

    /// <exception cref="InvalidIpldException">The block is no policy.</exception>
    internal static MaintenancePolicy Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "unreferenced", "history", "forget", "olderThan", "maxBytes",
            AuditBound.Member);
        return new MaintenancePolicy
        {
            Unreferenced = map.Flag("unreferenced"),
            KeepHistory = map.Flag("history"),
            OlderThan = map.Has("olderThan") ? TimeSpan.FromMilliseconds(map.Number("olderThan")) : null,
            MaxBytes = map.Has("maxBytes") ? map.Number("maxBytes") : null,
            AuditKeep = map.Has(AuditBound.Member) ? SpanOf(map.Number(AuditBound.Member)) : null,
            Forget = [.. map.List("forget").Select(rule => ForgetRule.Of(rule, Kind))],
        };
    }

    /// <summary>A span, of 10,000 years at most: another program may write any number.</summary>
    private static TimeSpan SpanOf(long milliseconds) =>
        TimeSpan.FromMilliseconds(Math.Min(milliseconds, (long)FactLimits.MaxMilliseconds));

    internal static IpldNode Milliseconds(TimeSpan span) => IpldNode.Integer((long)span.TotalMilliseconds);
}
