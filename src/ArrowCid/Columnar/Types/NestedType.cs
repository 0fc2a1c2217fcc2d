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
