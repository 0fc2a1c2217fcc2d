namespace ArrowCid.Columnar;

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
