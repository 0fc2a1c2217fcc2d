namespace ArrowCid;

/// <summary>What a store's log is, compared with its seals.</summary>
public sealed record SealCheck
{
    /// <summary>The number of seals that were compared, the last one and those before it that are stored.</summary>
    public required int Seals { get; init; }

    /// <summary>The time of the last seal; null where there is none.</summary>
    public required DateTimeOffset? Last { get; init; }

    /// <summary>The keys that signed the seals, as ids.</summary>
    public required IReadOnlyList<string> Signers { get; init; }

    /// <summary>What does not match, as clauses; none where the history is what was sealed.</summary>
    public required IReadOnlyList<string> Faults { get; init; }
}
