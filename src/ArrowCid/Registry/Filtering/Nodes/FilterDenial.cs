using System.Text;

namespace ArrowCid.Registry;

/// <summary>The denial of a node.</summary>
internal sealed class FilterDenial : FilterNode
{
    private readonly FilterNode _node;

    private FilterDenial(FilterNode node) => _node = node;

    public static FilterNode Of(FilterNode node) => node is FilterDenial twice ? twice._node : new FilterDenial(node);

    protected override int Rank => 2;

    public override bool Tests(FilterFieldKind field) => _node.Tests(field);

    public override bool Matches(StoredEntry entry, long now) => !_node.Matches(entry, now);

    public override void Print(StringBuilder to)
    {
        if (_node is FilterMembership membership)
        {
            membership.Print(to, "not in");
            return;
        }

        to.Append("not ");
        PrintInside(_node, to);
    }
}
