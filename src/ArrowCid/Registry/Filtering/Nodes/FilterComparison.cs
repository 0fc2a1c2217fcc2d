using System.Text;

namespace ArrowCid.Registry;

/// <summary><c>FIELD OPERATOR VALUE</c>.</summary>
internal sealed class FilterComparison(FilterField field, FilterOperator op, FilterValue value) : FilterNode
{
    /// <summary>The operators' texts, in the order of <see cref="FilterOperator"/>.</summary>
    public static readonly string[] Operators = ["=", "!=", "<", "<=", ">", ">=", "~"];

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
        to.Append(' ').Append(Operators[(int)op]).Append(' ');
        value.Print(to);
    }
}
