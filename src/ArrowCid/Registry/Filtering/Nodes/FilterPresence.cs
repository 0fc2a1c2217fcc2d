using System.Text;

namespace ArrowCid.Registry;

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
