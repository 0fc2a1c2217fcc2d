using System.Text;

namespace ArrowCid.Registry;

/// <summary><c>pinned</c>.</summary>
internal sealed class FilterPinned : FilterNode
{
    protected override int Rank => 3;

    public override bool Matches(StoredEntry entry, long now) => entry.IsPinned;

    public override void Print(StringBuilder to) => to.Append("pinned");
}
