namespace ArrowCid.Columnar;

/// <summary>Indices into a dictionary.</summary>
internal sealed class DictionaryType : ArrowType
{
    /// <summary>Makes the type.</summary>
    /// <param name="indexType">A signed or unsigned integer.</param>
    /// <param name="valueType">What the dictionary holds; not itself a dictionary (its children may be).</param>
    /// <param name="isOrdered">Whether the order of the entries has a meaning.</param>
    /// <exception cref="ArgumentException">The index is not an integer, or the values are a dictionary.</exception>
    public DictionaryType(ArrowType indexType, ArrowType valueType, bool isOrdered = false)
        : base(ArrowTypeId.Dictionary)
    {
        ArgumentNullException.ThrowIfNull(indexType);
        ArgumentNullException.ThrowIfNull(valueType);
        if (indexType.Id is < ArrowTypeId.Int8 or > ArrowTypeId.UInt64)
            throw new ArgumentException("A dictionary's indices are integers.", nameof(indexType));
        if (valueType is DictionaryType)
            throw new ArgumentException("A dictionary's values are not a dictionary.", nameof(valueType));
        (IndexType, ValueType, IsOrdered) = (indexType, valueType, isOrdered);
    }

    /// <summary>The integer type of the indices.</summary>
    public ArrowType IndexType { get; }

    /// <summary>What the dictionary holds.</summary>
    public ArrowType ValueType { get; }

    /// <summary>Whether the order of the entries has a meaning.</summary>
    public bool IsOrdered { get; }

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is DictionaryType d && d.IsOrdered == IsOrdered && d.IndexType.Equals(IndexType)
        && d.ValueType.Equals(ValueType);
}
