namespace ArrowCid.Registry;

/// <summary>How a query is answered.</summary>
public sealed record QueryExplanation
{
    /// <summary>The index: <c>cid</c>, <c>name</c>, <c>producer</c>, <c>schema</c>, <c>tag</c>, <c>created</c>,
    /// <c>parent</c>, <c>expires</c> or <c>pinned</c>.</summary>
    public required string Index { get; init; }

    /// <summary>The part of the filter that it answers, as text; empty where every entry of it is looked at.</summary>
    public required string Test { get; init; }

    /// <summary>About how many keys it has there.</summary>
    public required long Estimate { get; init; }

    /// <summary>The entries that were looked at; none were read where keys were enough.</summary>
    public required long LookedAt { get; init; }
}
