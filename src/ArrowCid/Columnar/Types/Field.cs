namespace ArrowCid.Columnar;

/// <summary>A column's or child's name, type, nullability and metadata. Immutable.</summary>
internal sealed class Field : IEquatable<Field>
{
    private readonly KeyValuePair<string, string>[] _metadata;

    /// <summary>Makes a field.</summary>
    /// <param name="name">Its name; may be empty.</param>
    /// <param name="type">Its type.</param>
    /// <param name="nullable">Whether a visible slot may be null.</param>
    /// <param name="metadata">Key and value pairs, in the writer's order.</param>
    public Field(string name, ArrowType type, bool nullable = true,
        IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(type);
        (Name, Type, IsNullable, _metadata) = (name, type, nullable, metadata?.ToArray() ?? []);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The type.</summary>
    public ArrowType Type { get; }

    /// <summary>Whether a visible slot may be null.</summary>
    public bool IsNullable { get; }

    /// <summary>Key and value pairs, in the writer's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata => _metadata;

    /// <summary>The extension type that the metadata names, or null.</summary>
    public string? ExtensionName =>
        _metadata.Where(pair => pair.Key == ExtensionNameKey).Select(pair => pair.Value).FirstOrDefault();

    internal const string ExtensionNameKey = "ARROW:extension:name";
    internal const string ExtensionMetadataKey = "ARROW:extension:metadata";

    /// <summary>Whether name, type, nullability and metadata (in any order) are equal.</summary>
    /// <param name="other">The field to compare with.</param>
    /// <returns>True when equal.</returns>
    public bool Equals(Field? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Name == other.Name && IsNullable == other.IsNullable && Type.Equals(other.Type)
            && Schema.SameMetadata(_metadata, other._metadata));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Field);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, IsNullable, Type);

    /// <summary>The field as text, for people: <c>name: type not null</c>.</summary>
    /// <returns>A short text.</returns>
    public override string ToString() => IsNullable ? $"{Name}: {Type}" : $"{Name}: {Type} not null";
}
