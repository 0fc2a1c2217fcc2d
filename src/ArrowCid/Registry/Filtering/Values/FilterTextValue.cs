using System.Text;

namespace ArrowCid.Registry;

/// <summary>A text.</summary>
internal sealed class FilterTextValue(string text) : FilterValue
{
    public string Text => text;

    public override bool Holds(FilterOperator op, string other) => Holds(op, string.CompareOrdinal(other, text));

    public override bool HoldsOfTag(FilterOperator op, string other) => Holds(op, other);

    public override void Print(StringBuilder to) => FilterText.Quote(text, to);
}
