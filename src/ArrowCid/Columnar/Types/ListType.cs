namespace ArrowCid.Columnar;

/// <summary>
/// A list of any length: <see cref="ArrowTypeId.List"/>, <see cref="ArrowTypeId.LargeList"/> or a list view.
/// </summary>
internal sealed class ListType : NestedType
{
    /// <summary>Makes a list type.</summary>
    /// <param name="item">The elements.</param>
    /// <param name="id">List, LargeList, ListView or LargeListView.</param>
    public ListType(Field item, ArrowTypeId id = ArrowTypeId.List) : base(Checked(id), item)
    {
    }

    /// <summary>The elements.</summary>
    public Field Item => Children[0];

    private static ArrowTypeId Checked(ArrowTypeId id) => id is >= ArrowTypeId.List and <= ArrowTypeId.LargeListView
        ? id
        : throw new ArgumentOutOfRangeException(nameof(id), id, "Not a list of any length.");
}
