namespace ArrowCid.Registry;

/// <summary>The filter, order and page size of a query.</summary>
public sealed class QueryOptions
{
    /// <summary>The filter of the entries (<c>Registry/FILTER.md</c>); null: all.</summary>
    public Filter? Filter { get; init; }

    /// <summary>Whether blocks that are not here, but of which facts speak, are looked at too.</summary>
    public bool IncludeMissing { get; init; }

    /// <summary>Whether the order of the index is gone through from its end: by most indexes the newest
    /// first.</summary>
    public bool NewestFirst { get; init; }

    /// <summary>The maximum number of entries.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary><see cref="QueryPage.Next"/> of the previous page; null for the first page.</summary>
    public string? After { get; init; }
}
