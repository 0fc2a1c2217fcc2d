namespace ArrowCid.Registry;

/// <summary>A page of what a query found.</summary>
public sealed record QueryPage
{
    /// <summary>The entries, in the order of the index that the query went by.</summary>
    public required IReadOnlyList<StoredEntry> Entries { get; init; }

    /// <summary>Where the next page begins, for <see cref="QueryOptions.After"/>; null where this was the
    /// last.</summary>
    public required string? Next { get; init; }

    /// <summary>How they were found.</summary>
    public required QueryExplanation Plan { get; init; }
}
