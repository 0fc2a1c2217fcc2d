namespace ArrowCid;

/// <summary>A process that has a store open.</summary>
public sealed record StoreParticipant
{
    /// <summary>Its id.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Its short name, as the kernel or it itself says; a foreign text.</summary>
    public required string Program { get; init; }

    /// <summary>Its user, where that can be told.</summary>
    public required uint? UserId { get; init; }

    /// <summary>When it opened the store, or, for one that only reads, when it started.</summary>
    public required DateTimeOffset? Since { get; init; }

    /// <summary>Whether it has the store open for writing.</summary>
    public required bool MayWrite { get; init; }

    /// <summary>The lanes that it writes.</summary>
    public required IReadOnlyList<int> Lanes { get; init; }

    /// <summary>Whether it is collecting or growing the index at the moment.</summary>
    public required bool IsJanitor { get; init; }

    /// <summary>The segments that it has mapped and leased.</summary>
    public required IReadOnlyList<string> Segments { get; init; }
}
