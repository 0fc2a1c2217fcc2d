namespace ArrowCid.Registry;

/// <summary>What a query is to find, and how much of it at once.</summary>
public sealed class QueryOptions
{
    /// <summary>What the entries shall be (<c>Registry/FILTER.md</c>); null: all.</summary>
    public Filter? Filter { get; init; }

    /// <summary>Whether blocks that are not here, but of which facts speak, are looked at too.</summary>
    public bool WithAbsent { get; init; }

    /// <summary>Whether the order of the index is gone through from its end: by most indexes the newest
    /// first.</summary>
    public bool NewestFirst { get; init; }

    /// <summary>At most so many entries.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>What <see cref="QueryPage.Next"/> of the page before was; null begins.</summary>
    public string? After { get; init; }
}

/// <summary>A page of what a query found.</summary>
/// <param name="Entries">The entries, in the order of the index that the query went by.</param>
/// <param name="Next">Where the next page begins, for <see cref="QueryOptions.After"/>; null where this was the
/// last.</param>
/// <param name="Plan">How they were found.</param>
public sealed record QueryPage(IReadOnlyList<StoredEntry> Entries, string? Next, QueryExplanation Plan);

/// <summary>How a query is answered.</summary>
/// <param name="Index">The index: <c>cid</c>, <c>name</c>, <c>producer</c>, <c>schema</c>, <c>tag</c>, <c>created</c>,
/// <c>parent</c>, <c>expires</c> or <c>pinned</c>.</param>
/// <param name="Test">The part of the filter that it answers, as text; empty where every entry of it is looked
/// at.</param>
/// <param name="Estimate">About how many keys it has there.</param>
/// <param name="LookedAt">The entries that were looked at; none were read where keys were enough.</param>
public sealed record QueryExplanation(string Index, string Test, long Estimate, long LookedAt);
