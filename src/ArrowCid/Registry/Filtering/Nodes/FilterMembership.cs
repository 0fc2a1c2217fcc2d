using System.Collections.Immutable;
using System.Text;

namespace ArrowCid.Registry;

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
