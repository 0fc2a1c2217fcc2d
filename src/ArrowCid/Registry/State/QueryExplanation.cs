namespace ArrowCid.Registry;

/// <summary>How a query is answered.</summary>
/// <param name="Index">The index: <c>cid</c>, <c>name</c>, <c>producer</c>, <c>schema</c>, <c>tag</c>, <c>created</c>,
/// <c>parent</c>, <c>expires</c> or <c>pinned</c>.</param>
/// <param name="Test">The part of the filter that it answers, as text; empty where every entry of it is looked
/// at.</param>
/// <param name="Estimate">About how many keys it has there.</param>
/// <param name="LookedAt">The entries that were looked at; none were read where keys were enough.</param>
public sealed record QueryExplanation(string Index, string Test, long Estimate, long LookedAt);
