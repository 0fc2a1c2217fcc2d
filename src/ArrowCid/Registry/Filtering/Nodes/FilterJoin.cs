using System.Collections.Immutable;
using System.Text;

namespace ArrowCid.Registry;

/// <summary>All of several (and), or one of several (or).</summary>
internal sealed class FilterJoin : FilterNode
{
    private readonly bool _isAll;
    private readonly ImmutableArray<FilterNode> _nodes;

    private FilterJoin(bool isAll, ImmutableArray<FilterNode> nodes) => (_isAll, _nodes) = (isAll, nodes);

    /// <summary>Joins nodes; a join of the same kind among them becomes part of it.</summary>
    public static FilterNode Of(bool isAll, List<FilterNode> nodes)
    {
        if (nodes.Count == 1) return nodes[0];
        var flat = ImmutableArray.CreateBuilder<FilterNode>(nodes.Count);
        foreach (FilterNode node in nodes)
        {
            if (node is FilterJoin inner && inner._isAll == isAll) flat.AddRange(inner._nodes);
            else flat.Add(node);
        }

        return new FilterJoin(isAll, flat.ToImmutable());
    }

    public bool IsAll => _isAll;

    public ImmutableArray<FilterNode> Nodes => _nodes;

    protected override int Rank => _isAll ? 1 : 0;

    public override bool Tests(FilterFieldKind field) => _nodes.Any(node => node.Tests(field));

    public override bool Matches(StoredEntry entry, long now)
    {
        foreach (FilterNode node in _nodes)
        {
            if (node.Matches(entry, now) != _isAll) return !_isAll;
        }

        return _isAll;
    }

    public override void Print(StringBuilder to)
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            if (i > 0) to.Append(_isAll ? " and " : " or ");
            PrintInside(_nodes[i], to);
        }
    }
}
