namespace ArrowCid.Registry;

/// <summary>One change of a name: when and by whom, to what (null: taken away), and the change that it replaced.
/// </summary>
internal readonly record struct NameRecord(FactStamp Stamp, Cid? Target, FactStamp? Previous)
{
    /// <summary>An order of changes of one stamp.</summary>
    public int CompareContent(NameRecord other)
    {
        int byTarget = Nullable.Compare(Target, other.Target);
        return byTarget != 0 ? byTarget : Nullable.Compare(Previous, other.Previous);
    }
}
