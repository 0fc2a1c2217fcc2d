using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// A field of a batch with its place in a file. Immutable. Dictionary and run-end encoding have no nodes of their own:
/// a node's field has them in its type, and <see cref="Held"/> is what they lead to.
/// </summary>
internal sealed class ParquetNode
{
    public required Field Field { get; init; }

    public required NodeKind Kind { get; init; }

    public required FieldPath Path { get; init; }

    /// <summary>The type without dictionary and run-end encodings around it.</summary>
    public ArrowType Held => HeldBy(Field.Type);

    /// <summary>Whether a null slot has a definition level of its own.</summary>
    public required bool IsOptional { get; init; }

    /// <summary>The definition level of a slot that is not null.</summary>
    public required int Definition { get; init; }

    /// <summary>The repetition level that the slots are counted at.</summary>
    public required int Repetition { get; init; }

    /// <summary>A struct's fields, a list's element, a union's children.</summary>
    public ParquetNode[] Children { get; init; } = [];

    /// <summary>A leaf's form.</summary>
    public LeafForm? Form { get; init; }

    /// <summary>A leaf's column, from 0; of a union, its type codes'.</summary>
    public int Leaf { get; init; } = -1;

    /// <summary>The column from whose levels the node's own slots can be told.</summary>
    public int AnyLeaf => Leaf >= 0 ? Leaf : Children[0].AnyLeaf;

    public static ArrowType HeldBy(ArrowType type)
    {
        while (true)
        {
            switch (type)
            {
                case DictionaryType d: type = d.ValueType; break;
                case RunEndEncodedType r: type = r.Values.Type; break;
                default: return type;
            }
        }
    }

    public static NodeKind KindOf(ArrowType held) => held switch
    {
        StructType { Children.Count: > 0 } => NodeKind.Struct,
        ListType or FixedSizeListType or MapType => NodeKind.List,
        UnionType => NodeKind.Union,
        _ => NodeKind.Leaf,
    };

    /// <summary>The element of a list, or a map's entries.</summary>
    public static Field ItemOf(ArrowType held) => held.Children[0];
}
