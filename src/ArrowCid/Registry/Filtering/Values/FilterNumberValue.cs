using System.Text;

namespace ArrowCid.Registry;

/// <summary>A number.</summary>
internal sealed class FilterNumberValue(FilterNumber number) : FilterValue
{
    public override bool Holds(FilterOperator op, FilterNumber other) => Holds(op, other.CompareTo(number));

    public override bool HoldsOfTag(FilterOperator op, string text) =>
        FilterNumber.TryParse(text, out FilterNumber other) && Holds(op, other);

    public override void Print(StringBuilder to) => to.Append(number.ToString());
}
