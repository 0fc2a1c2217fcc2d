using System.Text;

namespace ArrowCid.Registry;

/// <summary>A date or time.</summary>
internal sealed class FilterTimeValue(FilterTime time) : FilterValue
{
    public FilterTime Time => time;

    public override bool HoldsOfTime(FilterOperator op, long ticks) => Holds(op, time.Place(ticks));

    public override bool HoldsOfTag(FilterOperator op, string text) =>
        FilterText.TryParseTime(text, out FilterTime other) && HoldsOfTime(op, other.From);

    public override void Print(StringBuilder to) => to.Append(FilterText.Print(time));

    protected override bool HoldsOfJsonText(FilterOperator op, string text) => HoldsOfTag(op, text);
}
