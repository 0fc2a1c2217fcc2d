namespace ArrowCid.Columnar;

/// <summary>A batch's fields and metadata. Immutable.</summary>
internal sealed class Schema : IEquatable<Schema>
{
    private readonly Field[] _fields;
    private readonly KeyValuePair<string, string>[] _metadata;
    private object? _derived;

    /// <summary>The schema of Apache.Arrow or why there is none, once it was asked for.</summary>
    internal object? Apache;

    /// <summary>Makes a schema.</summary>
    /// <param name="fields">The fields, in order.</param>
    /// <param name="metadata">Key and value pairs, in the writer's order.</param>
    public Schema(IEnumerable<Field> fields, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(fields);
        _fields = [.. fields];
        foreach (Field field in _fields) ArgumentNullException.ThrowIfNull(field, nameof(fields));
        _metadata = metadata?.ToArray() ?? [];
    }

    /// <summary>Makes a schema without metadata.</summary>
    /// <param name="fields">The fields, in order.</param>
    public Schema(params Field[] fields) : this(fields, null)
    {
    }

    /// <summary>The fields, in order.</summary>
    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>Key and value pairs, in the writer's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata => _metadata;

    /// <summary>The first field of that name, by position.</summary>
    /// <param name="name">The name, case-sensitive.</param>
    /// <returns>From 0, or -1 where there is none.</returns>
    public int IndexOf(string name)
    {
        for (int i = 0; i < _fields.Length; i++)
        {
            if (_fields[i].Name == name) return i;
        }

        return -1;
    }

    /// <summary>Whether fields and metadata (in any order) are equal.</summary>
    /// <param name="other">The schema to compare with.</param>
    /// <returns>True when equal.</returns>
    public bool Equals(Schema? other) =>
        ReferenceEquals(this, other)
        || (other is not null && _fields.AsSpan().SequenceEqual(other._fields)
            && SameMetadata(_metadata, other._metadata));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Schema);

    /// <inheritdoc/>
    public override int GetHashCode() => _fields.Aggregate(0, HashCode.Combine);

    /// <summary>The schema as text, a field a line.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Join('\n', _fields.Select(field => field.ToString()));

    /// <summary>A value that another layer derives from this schema once and keeps with it.</summary>
    internal T Derived<T>(Func<Schema, T> derive) where T : class
    {
        if (Volatile.Read(ref _derived) is T known) return known;
        T made = derive(this);
        Volatile.Write(ref _derived, made);
        return made;
    }

    internal static bool SameMetadata(KeyValuePair<string, string>[] left, KeyValuePair<string, string>[] right)
    {
        if (left.Length != right.Length) return false;
        if (left.Length == 0) return true;
        return Sorted(left).SequenceEqual(Sorted(right));

        static IEnumerable<KeyValuePair<string, string>> Sorted(KeyValuePair<string, string>[] pairs) =>
            pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal);
    }
}
