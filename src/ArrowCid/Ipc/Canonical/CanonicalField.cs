using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A field as the canonical form names it, with what the encoder needs of it looked up once.</summary>
internal sealed class CanonicalField
{
    private CanonicalField(string name, FieldPath path, ArrowType type, bool nullable)
    {
        (Name, Path, Type, IsNullable) = (name, path, type, nullable);
        (Layout, Width) = (type.Layout(), type.ByteWidth());
    }

    public string Name { get; }

    public FieldPath Path { get; }

    public ArrowType Type { get; }

    public BufferLayout Layout { get; }

    public int Width { get; }

    public bool IsNullable { get; }

    /// <summary>Sorted by the keys' bytes, what the canonical form leaves out left out.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; private init; } = [];

    /// <summary>The children of the type, or of a dictionary's value type.</summary>
    public CanonicalField[] Children { get; private init; } = [];

    /// <summary>The id of a dictionary-encoded field's dictionary, else -1.</summary>
    public int DictionaryId { get; private init; } = -1;

    /// <summary>What a dictionary holds, as a column: it shares the children.</summary>
    public CanonicalField? DictionaryValues { get; private init; }

    public static CanonicalField[] Compile(Schema schema)
    {
        var compiler = new Compiler();
        return [.. schema.Fields.Select(field =>
            compiler.Field(field, new Role(field.Name, field.IsNullable), null, 1))];
    }

    /// <summary>
    /// What a parent prescribes for its child: its canonical name and flags (canonical-block.md, section 2).
    /// </summary>
    private readonly record struct Role(
        string Name, bool IsNullable, bool KeepsMetadata = true, bool IsMapEntries = false);

    private sealed class Compiler
    {
        private int _dictionaries;

        public CanonicalField Field(Field field, Role role, FieldPath? parent, int depth)
        {
            var path = new FieldPath(parent, role.Name);
            if (depth > BlockFormat.MaxDepth)
                throw new InvalidArrowException($"columns nest deeper than {BlockFormat.MaxDepth} levels", path);
            int id = field.Type is DictionaryType ? _dictionaries++ : -1;
            ArrowType held = field.Type is DictionaryType encoded ? encoded.ValueType : field.Type;
            CanonicalField[] children = Children(held, role, path, depth);
            return new CanonicalField(role.Name, path, field.Type, role.IsNullable)
            {
                Metadata = CanonicalMetadata.OfField(field, path, role.KeepsMetadata),
                Children = children,
                DictionaryId = id,
                DictionaryValues = id < 0
                    ? null
                    : new CanonicalField(role.Name, path, held, true) { Children = children },
            };
        }

        private CanonicalField[] Children(ArrowType type, Role parent, FieldPath path, int depth)
        {
            var children = new CanonicalField[type.Children.Count];
            for (int i = 0; i < children.Length; i++)
            {
                Field field = type.Children[i];
                Role role = type switch
                {
                    ListType or FixedSizeListType => new Role("item", field.IsNullable),
                    MapType => new Role("entries", false, KeepsMetadata: false, IsMapEntries: true),
                    RunEndEncodedType when i == 0 => new Role("run_ends", false, KeepsMetadata: false),
                    RunEndEncodedType => new Role("values", true, KeepsMetadata: false),
                    StructType when parent.IsMapEntries && i == 0 => new Role("key", false),
                    StructType when parent.IsMapEntries => new Role("value", field.IsNullable),
                    _ => new Role(field.Name, field.IsNullable),
                };
                children[i] = Field(field, role, path, depth + 1);
            }

            return children;
        }
    }
}
