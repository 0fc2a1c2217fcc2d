using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>A field of a file's schema with its children, levels and, of a leaf, its place among the columns.</summary>
internal sealed class SchemaTree
{
    private const int MaxDepth = 64;

    private SchemaTree(SchemaElement element, FieldPath path, int definition, int repetition) =>
        (Element, Path, Definition, Repetition) = (element, path, definition, repetition);

    public SchemaElement Element { get; }

    public FieldPath Path { get; }

    /// <summary>The definition level of a value that is there, up to this field.</summary>
    public int Definition { get; }

    public int Repetition { get; }

    public SchemaTree[] Children { get; private set; } = [];

    /// <summary>The column of a leaf, from 0; -1 for a group.</summary>
    public int Leaf { get; private set; } = -1;

    public bool IsGroup => Leaf < 0;

    public bool IsOptional => Element.Repetition == Parquet.Repetition.Optional;

    public bool IsRepeated => Element.Repetition == Parquet.Repetition.Repeated;

    /// <summary>Makes the tree of the elements after the root.</summary>
    /// <param name="elements">The flat tree, the root first.</param>
    /// <param name="leaves">Gets the leaves in order.</param>
    public static SchemaTree[] Parse(SchemaElement[] elements, List<SchemaTree> leaves)
    {
        if (elements.Length == 0) throw ParquetFault.Broken($"the file has no schema");
        int next = 1;
        SchemaTree[] fields = Group(elements, ref next, elements[0].ChildCount, null, leaves, 1);
        if (next != elements.Length)
            throw ParquetFault.Broken($"the schema has {elements.Length} elements where its groups hold {next}");
        return fields;
    }

    private static SchemaTree[] Group(SchemaElement[] elements, ref int next, int count, SchemaTree? parent,
        List<SchemaTree> leaves, int depth)
    {
        if (depth > MaxDepth) throw ParquetFault.Unsupported($"the schema nests deeper than {MaxDepth} levels");
        if (count < 0 || count > elements.Length - next)
            throw ParquetFault.Broken($"a group of the schema has {count} fields, more than there are");
        var children = new SchemaTree[count];
        for (int i = 0; i < count; i++)
        {
            if (next == elements.Length) throw ParquetFault.Broken($"the schema ends within a group");
            SchemaElement element = elements[next++];
            var tree = new SchemaTree(element, new FieldPath(parent?.Path, element.Name),
                (parent?.Definition ?? 0) + (element.Repetition == Parquet.Repetition.Required ? 0 : 1),
                (parent?.Repetition ?? 0) + (element.Repetition == Parquet.Repetition.Repeated ? 1 : 0));
            if (element.Type is null)
            {
                tree.Children = Group(elements, ref next, element.ChildCount, tree, leaves, depth + 1);
            }
            else
            {
                if (element.ChildCount != 0) throw ParquetFault.Broken($"the leaf '{tree.Path}' has children");
                if (element.Type == PhysicalType.FixedLenByteArray && element.TypeLength < 0)
                    throw ParquetFault.Broken($"the leaf '{tree.Path}' has a negative length");
                tree.Leaf = leaves.Count;
                leaves.Add(tree);
            }

            children[i] = tree;
        }

        return children;
    }
}
