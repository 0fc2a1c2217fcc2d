using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>
/// What of a store goes by itself, beside what has expired. It is kept with the store, as a block that the name
/// <see cref="Name"/> stands for: it goes with backups, and the name's history tells what it was.
/// </summary>
public sealed record MaintenancePolicy
{
    /// <summary>The name that stands for it.</summary>
    public const string Name = "arrowcid.maintenance";

    private const string Kind = "arrowcid/maintenance";
    private const int MostRules = 1000;

    /// <summary>Nothing goes but what has expired.</summary>
    public static MaintenancePolicy None { get; } = new();

    /// <summary>All that no root needs may go (<see cref="CollectOptions.Unreferenced"/>).</summary>
    public bool Unreferenced { get; init; }

    /// <summary>What was put, or announced again, within this time stays; null: an hour
    /// (<see cref="CollectOptions.OlderThan"/>).</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>The bytes that the store's blocks may take; of what no root needs so much goes
    /// (<see cref="CollectOptions.MaxBytes"/>). Null: any.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>What names stood for once is a root as well.</summary>
    public bool KeepHistory { get; init; }

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
        if (MaxBytes is { } most) entries.Add(("maxBytes", IpldNode.Integer(most)));
        return DagCbor.Encode(IpldNode.Map([.. entries]));
    }

    /// <exception cref="InvalidIpldException">The block is no policy.</exception>
    internal static MaintenancePolicy Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "unreferenced", "history", "forget", "olderThan", "maxBytes");
        return new MaintenancePolicy
        {
            Unreferenced = map.Flag("unreferenced"),
            KeepHistory = map.Flag("history"),
            OlderThan = map.Has("olderThan") ? TimeSpan.FromMilliseconds(map.Number("olderThan")) : null,
            MaxBytes = map.Has("maxBytes") ? map.Number("maxBytes") : null,
            Forget = [.. map.List("forget").Select(rule => ForgetRule.Of(rule, Kind))],
        };
    }

    internal static IpldNode Milliseconds(TimeSpan span) => IpldNode.Integer((long)span.TotalMilliseconds);
}

/// <summary>Versions of something, and which of them are kept.</summary>
/// <param name="Id">What it is called, in the log of removals too: 1 to 128 characters.</param>
/// <param name="Policy">What is kept.</param>
public sealed record ForgetRule(string Id, ForgetPolicy Policy)
{
    private static readonly string[] s_keys =
    [
        "id", "names", "where", "groupBy", "last", "hourly", "daily", "weekly", "monthly", "yearly", "within",
    ];

    /// <summary>Versions are what these names stood for. A name that there is not, or not any more, has none.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Versions are the batches that pass this filter; null where there are <see cref="Names"/>.</summary>
    public Filter? Where { get; init; }

    /// <summary>With <see cref="Where"/>: what versions of one thing have in common, <c>producer</c>, <c>schema</c> or
    /// <c>tag.KEY</c>.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    internal IpldNode ToNode()
    {
        if (Id is not { Length: > 0 and <= 128 } || Id.Any(char.IsControl))
            throw new ArgumentException("A rule's name has 1 to 128 characters.");
        if (Policy.IsEmpty) throw new ArgumentException($"The rule '{Id}' keeps nothing.");
        if (Names.Count > 0 == Where is not null)
            throw new ArgumentException($"The rule '{Id}' has names or a filter.");
        foreach (string word in GroupBy) CidStore.ThrowIfNoGroup(word, nameof(GroupBy));
        var entries = new List<(string, IpldNode)>
        {
            ("id", IpldNode.Text(Id)),
            ("names", Texts(Names)),
            ("groupBy", Texts(GroupBy)),
            ("last", IpldNode.Integer(Policy.KeepLast)),
            ("hourly", IpldNode.Integer(Policy.KeepHourly)),
            ("daily", IpldNode.Integer(Policy.KeepDaily)),
            ("weekly", IpldNode.Integer(Policy.KeepWeekly)),
            ("monthly", IpldNode.Integer(Policy.KeepMonthly)),
            ("yearly", IpldNode.Integer(Policy.KeepYearly)),
        };
        if (Where is { } filter) entries.Add(("where", IpldNode.Text(filter.ToString())));
        if (Policy.KeepWithin is { } within) entries.Add(("within", MaintenancePolicy.Milliseconds(within)));
        return IpldNode.Map([.. entries]);
    }

    internal static ForgetRule Of(IpldNode node, string kind)
    {
        var map = ManifestNode.Part(node, kind, s_keys);
        Filter? filter = null;
        if (map.Has("where") && !Filter.TryParse(map.Text("where"), out filter))
            throw map.Refuse("'where' is no filter");
        var rule = new ForgetRule(map.Text("id"), new ForgetPolicy
        {
            KeepLast = Count("last"),
            KeepHourly = Count("hourly"),
            KeepDaily = Count("daily"),
            KeepWeekly = Count("weekly"),
            KeepMonthly = Count("monthly"),
            KeepYearly = Count("yearly"),
            KeepWithin = map.Has("within") ? TimeSpan.FromMilliseconds(map.Number("within")) : null,
        })
        {
            Names = [.. map.Texts("names")],
            Where = filter,
            GroupBy = [.. map.Texts("groupBy")],
        };
        // What was not written here is held to the same rules: nothing is forgotten by half a policy.
        try
        {
            _ = rule.ToNode();
        }
        catch (ArgumentException e)
        {
            throw map.Refuse(e.Message);
        }

        return rule;

        int Count(string key) => (int)Math.Min(map.Number(key), int.MaxValue);
    }

    private static IpldNode Texts(IEnumerable<string> texts) => IpldNode.List([.. texts.Select(IpldNode.Text)]);
}
