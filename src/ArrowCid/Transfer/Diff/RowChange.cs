namespace ArrowCid.Transfer;

/// <summary>How a row differs.</summary>
internal enum RowChange
{
    Changed,
    OnlyInA,
    OnlyInB,
}
