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

    /// <summary>The maximum number of entries.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>What <see cref="QueryPage.Next"/> of the page before was; null begins.</summary>
    public string? After { get; init; }
}
