namespace ArrowCid;

/// <summary>A trust rule: blocks that pass a filter need a signed statement by a key. Several rules with the same
/// filter are alternatives: one of their keys is enough. Rules with different filters each have to be met.</summary>
public sealed record TrustRule
{
    /// <summary>The id of the key, <c>p256:…</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The blocks, as a filter (<c>Registry/FILTER.md</c>).</summary>
    public required string Filter { get; init; }

    /// <summary>What happens to a block without such a statement.</summary>
    public required TrustPolicy Policy { get; init; }

    /// <summary>The first time that a statement may have; null: any.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The time when the key expires: statements of later times do not count. Null: never.</summary>
    public DateTimeOffset? Until { get; init; }
}
