namespace ArrowCid.Columnar;

/// <summary>A list of one length.</summary>
internal sealed class FixedSizeListType : NestedType
{
    /// <summary>Makes the type.</summary>
    /// <param name="item">The elements.</param>
    /// <param name="listSize">Elements a slot, 0 or more.</param>
    public FixedSizeListType(Field item, int listSize) : base(ArrowTypeId.FixedSizeList, item)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(listSize);
        ListSize = listSize;
    }

    /// <summary>The elements.</summary>
    public Field Item => Children[0];

    /// <summary>Elements a slot.</summary>
    public int ListSize { get; }

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is FixedSizeListType f && f.ListSize == ListSize;
}
