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
