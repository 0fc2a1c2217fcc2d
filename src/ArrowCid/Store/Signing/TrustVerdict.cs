namespace ArrowCid;

/// <summary>What the trust rules say of a block.</summary>
public sealed record TrustVerdict
{
    /// <summary>The block.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Whether a rule covers it.</summary>
    public required bool IsCovered { get; init; }

    /// <summary>The rule that is not met; one that refuses comes before one that warns. Null where all are
    /// met.</summary>
    public TrustRule? Rule { get; init; }

    /// <summary>What is wrong, as a clause that names the rule; null where all rules are met.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether the block is refused.</summary>
    public bool IsRefused => Rule is { Policy: TrustPolicy.Refuse };
}
