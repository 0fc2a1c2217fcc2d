namespace ArrowCid.Registry;

/// <summary>A page of what a query found.</summary>
/// <param name="Entries">The entries, in the order of the index that the query went by.</param>
/// <param name="Next">Where the next page begins, for <see cref="QueryOptions.After"/>; null where this was the
/// last.</param>
/// <param name="Plan">How they were found.</param>
public sealed record QueryPage(IReadOnlyList<StoredEntry> Entries, string? Next, QueryExplanation Plan);
