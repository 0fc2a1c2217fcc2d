namespace ArrowCid;

/// <summary>An entry of the audit trail: who did what, and when.</summary>
public sealed record AuditEntry
{
    /// <summary>When, by the store's clock, to the millisecond.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Who: the subject of a token, a user, or a program with its process id.</summary>
    public required string Subject { get; init; }

    /// <summary>What was done.</summary>
    public required AuditAction Action { get; init; }

    /// <summary>The block; null where a name was removed.</summary>
    public Cid? Cid { get; init; }

    /// <summary>The name that was set or removed; else null.</summary>
    public string? Name { get; init; }

    /// <summary>Of a removed block why, such as <c>asked</c> or <c>expired</c>, with the rule where one chose it; else
    /// null.</summary>
    public string? Detail { get; init; }
}
