namespace ArrowCid;

/// <summary>Which entries of the audit trail are read. Null members exclude nothing.</summary>
public sealed record AuditFilter
{
    /// <summary>The subject, exactly as it was recorded.</summary>
    public string? Subject { get; init; }

    /// <summary>The first time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The time before which entries end; the time itself is excluded.</summary>
    public DateTimeOffset? Until { get; init; }

    internal bool Matches(string subject, DateTimeOffset time) =>
        (Subject is null || Subject == subject) && !(time < From) && !(time >= Until);
}
