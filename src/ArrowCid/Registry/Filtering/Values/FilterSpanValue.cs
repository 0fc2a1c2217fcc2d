using System.Text;

namespace ArrowCid.Registry;

/// <summary>A span of time.</summary>
internal sealed class FilterSpanValue(long ticks) : FilterValue
{
    public long Ticks => ticks;

    public override bool HoldsOfSpan(FilterOperator op, long other) => Holds(op, other.CompareTo(ticks));

    public override void Print(StringBuilder to) => to.Append(FilterText.PrintSpan(ticks));
}
