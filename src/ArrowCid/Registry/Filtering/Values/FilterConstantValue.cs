using System.Text;

namespace ArrowCid.Registry;

/// <summary>True, false or null.</summary>
internal sealed class FilterConstantValue(bool? constant) : FilterValue
{
    public bool? Constant => constant;

    public override bool HoldsOfTag(FilterOperator op, string text) => text == Word;

    public override bool HoldsOfConstant(bool? other) => other == constant;

    public override void Print(StringBuilder to) => to.Append(Word);

    private string Word => constant switch { null => "null", true => "true", false => "false" };
}
