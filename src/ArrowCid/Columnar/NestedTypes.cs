namespace ArrowCid.Columnar;

/// <summary>A type whose slots hold slots of child columns.</summary>
internal abstract class NestedType : ArrowType
{
    private readonly Field[] _children;

    private protected NestedType(ArrowTypeId id, params Field[] children) : base(id)
    {
        foreach (Field child in children) ArgumentNullException.ThrowIfNull(child, nameof(children));
        _children = children;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Field> Children => _children;
}

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

/// <summary>A tuple of named fields.</summary>
/// <param name="fields">The fields, in order.</param>
internal sealed class StructType(params Field[] fields) : NestedType(ArrowTypeId.Struct, fields);

/// <summary>A list of key and value pairs.</summary>
internal sealed class MapType : NestedType
{
    /// <summary>Makes a map type.</summary>
    /// <param name="key">The keys; never null.</param>
    /// <param name="value">The values.</param>
    /// <param name="keysSorted">Whether each slot's keys ascend.</param>
    public MapType(Field key, Field value, bool keysSorted = false)
        : this(new Field("entries", new StructType(key, value), nullable: false), keysSorted)
    {
    }

    /// <summary>Makes a map type over a given struct of two fields.</summary>
    /// <param name="entries">A field of a struct with a key and a value.</param>
    /// <param name="keysSorted">Whether each slot's keys ascend.</param>
    /// <exception cref="ArgumentException">The entries are not a struct of two fields.</exception>
    public MapType(Field entries, bool keysSorted) : base(ArrowTypeId.Map, entries)
    {
        if (entries.Type is not StructType { Children.Count: 2 })
            throw new ArgumentException("A map's entries are a struct of two fields.", nameof(entries));
        KeysSorted = keysSorted;
    }

    /// <summary>The struct of key and value.</summary>
    public Field Entries => Children[0];

    /// <summary>Whether each slot's keys ascend.</summary>
    public bool KeysSorted { get; }

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is MapType m && m.KeysSorted == KeysSorted;
}

/// <summary>A union: each slot is a slot of one of its children.</summary>
internal sealed class UnionType : NestedType
{
    private readonly sbyte[] _typeCodes;

    /// <summary>Makes a union type.</summary>
    /// <param name="id">SparseUnion or DenseUnion.</param>
    /// <param name="fields">The children.</param>
    /// <param name="typeCodes">One code a child, from 0 to 127, no two alike; by default 0, 1, 2 …</param>
    /// <exception cref="ArgumentException">The codes repeat, are negative or are not one a child.</exception>
    public UnionType(ArrowTypeId id, Field[] fields, ReadOnlySpan<sbyte> typeCodes = default)
        : base(Checked(id), fields)
    {
        _typeCodes = typeCodes.ToArray();
        if (_typeCodes.Length == 0) _typeCodes = [.. Enumerable.Range(0, fields.Length).Select(i => checked((sbyte)i))];
        if (_typeCodes.Length != fields.Length || _typeCodes.Any(c => c < 0)
            || _typeCodes.Distinct().Count() != _typeCodes.Length)
        {
            throw new ArgumentException(
                "A union has one code a child, none negative, no two alike.", nameof(typeCodes));
        }
    }

    /// <summary>One code a child.</summary>
    public ReadOnlySpan<sbyte> TypeCodes => _typeCodes;

    private static ArrowTypeId Checked(ArrowTypeId id) => id is ArrowTypeId.SparseUnion or ArrowTypeId.DenseUnion
        ? id
        : throw new ArgumentOutOfRangeException(nameof(id), id, "Not a union.");

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is UnionType u && u.TypeCodes.SequenceEqual(_typeCodes);
}

/// <summary>Runs of equal values: a child of run ends and a child of values.</summary>
internal sealed class RunEndEncodedType : NestedType
{
    /// <summary>Makes the type.</summary>
    /// <param name="runEnds">Int16, Int32 or Int64, not nullable.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">The run ends are of another type.</exception>
    public RunEndEncodedType(Field runEnds, Field values) : base(ArrowTypeId.RunEndEncoded, runEnds, values)
    {
        if (runEnds.Type.Id is not (ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64))
            throw new ArgumentException("Run ends are int16, int32 or int64.", nameof(runEnds));
    }

    /// <summary>Makes the type with Arrow's own child names.</summary>
    /// <param name="runEnds">Int16, Int32 or Int64.</param>
    /// <param name="values">The values' type.</param>
    public RunEndEncodedType(ArrowType runEnds, ArrowType values)
        : this(new Field("run_ends", runEnds, nullable: false), new Field("values", values))
    {
    }

    /// <summary>The run ends.</summary>
    public Field RunEnds => Children[0];

    /// <summary>The values.</summary>
    public Field Values => Children[1];
}

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
