using System.Text;

namespace ArrowCid.Registry;

/// <summary>A CID.</summary>
internal sealed class FilterCidValue(Cid cid) : FilterValue
{
    public Cid Cid => cid;

    public override bool Holds(FilterOperator op, Cid other) => op == FilterOperator.Equal && other == cid;

    public override void Print(StringBuilder to) => to.Append('"').Append(cid.ToString()).Append('"');
}
