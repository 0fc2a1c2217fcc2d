using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Versions of something, and which of them are kept.</summary>
public sealed record ForgetRule
{
    /// <summary>What it is called, in the log of removals too: 1 to 128 characters.</summary>
    public required string Id { get; init; }

    /// <summary>What is kept.</summary>
    public required ForgetPolicy Policy { get; init; }

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
        foreach (string word in GroupBy) StoreRetention.ThrowIfNoGroup(word, nameof(GroupBy));
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
        var rule = new ForgetRule
        {
            Id = map.Text("id"),
            Policy = new ForgetPolicy
            {
                KeepLast = Count("last"),
                KeepHourly = Count("hourly"),
                KeepDaily = Count("daily"),
                KeepWeekly = Count("weekly"),
                KeepMonthly = Count("monthly"),
                KeepYearly = Count("yearly"),
                KeepWithin = map.Has("within") ? TimeSpan.FromMilliseconds(map.Number("within")) : null,
            },
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
