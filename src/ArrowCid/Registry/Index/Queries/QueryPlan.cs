namespace ArrowCid.Registry;

/// <summary>The one order that a query goes by, and where in it: whatever passes the filter has a key there.</summary>
/// <param name="Kind">The order.</param>
/// <param name="Ranges">Places in it, ascending, none of which meets another.</param>
/// <param name="Test">The part of the filter that it represents, as text; empty where it is everything.</param>
/// <param name="IsExact">Whether all that has a current key there passes that part, and has but one.</param>
internal sealed record QueryPlan(IndexKind Kind, KeyRange[] Ranges, string Test, bool IsExact)
{
    /// <summary>About how many keys there are.</summary>
    public long Estimate { get; init; }

    /// <summary>Whether a key lies in one of the ranges.</summary>
    public bool Holds(ReadOnlySpan<byte> key)
    {
        foreach (KeyRange range in Ranges)
        {
            if (range.Holds(key)) return true;
        }

        return false;
    }

    public static readonly KeyRange Everything = new(null, null);
}
