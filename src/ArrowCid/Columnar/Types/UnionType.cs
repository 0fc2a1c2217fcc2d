namespace ArrowCid.Columnar;

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
