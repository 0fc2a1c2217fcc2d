using System.Collections.Immutable;
using System.Text;

namespace ArrowCid.Registry;

/// <summary>A filter's tree. Immutable, and no deeper than the parser lets it be.</summary>
internal abstract class FilterNode
{
    /// <summary>Whether an entry passes, at a time in ticks of UTC.</summary>
    public abstract bool Matches(StoredEntry entry, long now);

    /// <summary>Whether the node, or one in it, tests a field.</summary>
    public virtual bool Tests(FilterFieldKind field) => false;

    /// <summary>How tightly the node's text holds together.</summary>
    protected abstract int Rank { get; }

    public abstract void Print(StringBuilder to);

    /// <summary>Prints a node within another, in parentheses where it would fall apart.</summary>
    protected void PrintInside(FilterNode inner, StringBuilder to)
    {
        bool needsParentheses = inner.Rank < Rank;
        if (needsParentheses) to.Append('(');
        inner.Print(to);
        if (needsParentheses) to.Append(')');
    }
}

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

/// <summary><c>pinned</c>.</summary>
internal sealed class FilterPinned : FilterNode
{
    protected override int Rank => 3;

    public override bool Matches(StoredEntry entry, long now) => entry.IsPinned;

    public override void Print(StringBuilder to) => to.Append("pinned");
}

/// <summary><c>has FIELD</c>.</summary>
internal sealed class FilterPresence(FilterField field) : FilterNode
{
    public FilterField Field { get; } = field;

    public override bool Tests(FilterFieldKind kind) => Field.Kind == kind;

    protected override int Rank => 3;

    public override bool Matches(StoredEntry entry, long now) => FilterReading.IsPresent(Field, entry);

    public override void Print(StringBuilder to)
    {
        to.Append("has ");
        Field.Print(to);
    }
}

/// <summary><c>FIELD OPERATOR VALUE</c>.</summary>
internal sealed class FilterComparison(FilterField field, FilterOperator op, FilterValue value) : FilterNode
{
    public FilterField Field { get; } = field;

    public override bool Tests(FilterFieldKind kind) => Field.Kind == kind;

    public FilterOperator Operator => op;

    public FilterValue Value => value;

    protected override int Rank => 3;

    public override bool Matches(StoredEntry entry, long now) => op == FilterOperator.NotEqual
        ? !FilterReading.Holds(Field, FilterOperator.Equal, value, entry, now)
        : FilterReading.Holds(Field, op, value, entry, now);

    public override void Print(StringBuilder to)
    {
        Field.Print(to);
        to.Append(' ').Append(FilterParser.Operators[(int)op]).Append(' ');
        value.Print(to);
    }
}

/// <summary><c>FIELD in (VALUE, …)</c>.</summary>
internal sealed class FilterMembership(FilterField field, ImmutableArray<FilterValue> values) : FilterNode
{
    public FilterField Field { get; } = field;

    public override bool Tests(FilterFieldKind kind) => Field.Kind == kind;

    public ImmutableArray<FilterValue> Values => values;

    protected override int Rank => 3;

    public override bool Matches(StoredEntry entry, long now)
    {
        foreach (FilterValue value in values)
        {
            if (FilterReading.Holds(Field, FilterOperator.Equal, value, entry, now)) return true;
        }

        return false;
    }

    public override void Print(StringBuilder to) => Print(to, "in");

    public void Print(StringBuilder to, string word)
    {
        Field.Print(to);
        to.Append(' ').Append(word).Append(" (");
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0) to.Append(", ");
            values[i].Print(to);
        }

        to.Append(')');
    }
}
