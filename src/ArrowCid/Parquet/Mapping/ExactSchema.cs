using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// The file form of every Arrow schema, and the way back: which elements a schema becomes, and which nodes a file's
/// elements are where the exact schema is known.
/// </summary>
internal static class ExactSchema
{
    public const string TypeCodeName = "type_id";

    /// <summary>The elements of a schema, the root first.</summary>
    /// <param name="schema">The exact schema.</param>
    /// <param name="bare">The leaves, by their number, that need the bare form.</param>
    public static SchemaElement[] Elements(Schema schema, IReadOnlySet<int> bare)
    {
        var elements = new List<SchemaElement>
        {
            new() { Name = "schema", ChildCount = schema.Fields.Count },
        };
        int leaf = 0;
        foreach (Field field in schema.Fields) Add(elements, bare, ref leaf, field, field.Name, field.IsNullable);
        return [.. elements];
    }

    /// <summary>The nodes of a file's fields, or null where the file has other columns than the schema.</summary>
    public static ParquetNode[]? Match(Schema schema, SchemaTree[] trees)
    {
        if (schema.Fields.Count != trees.Length) return null;
        var nodes = new ParquetNode[trees.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            Field field = schema.Fields[i];
            if (Match(field, trees[i], field.Name, field.IsNullable) is not { } node) return null;
            nodes[i] = node;
        }

        return nodes;
    }

    private static void Add(List<SchemaElement> elements, IReadOnlySet<int> bare, ref int leaf, Field field,
        string name, bool isOptional)
    {
        ArrowType held = ParquetNode.HeldBy(field.Type);
        NodeKind kind = ParquetNode.KindOf(held);
        Repetition repetition = isOptional || held.Id == ArrowTypeId.Null ? Repetition.Optional : Repetition.Required;
        if (kind == NodeKind.Leaf)
        {
            elements.Add(LeafForm.Of(held, bare.Contains(leaf++), field.ExtensionName).Element(name, repetition));
            return;
        }

        bool isMap = held is MapType;
        elements.Add(new SchemaElement
        {
            Name = name,
            Repetition = repetition,
            ChildCount = kind == NodeKind.List ? 1 : held.Children.Count + (kind == NodeKind.Union ? 1 : 0),
            Logical = kind != NodeKind.List ? default : new(isMap ? LogicalKind.Map : LogicalKind.List),
            Converted = kind != NodeKind.List ? ConvertedType.None
                : isMap ? ConvertedType.Map : ConvertedType.List,
        });
        switch (kind)
        {
            case NodeKind.List when isMap:
                Field entries = ParquetNode.ItemOf(held);
                elements.Add(new() { Name = "key_value", Repetition = Repetition.Repeated, ChildCount = 2 });
                Add(elements, bare, ref leaf, entries.Type.Children[0], "key", isOptional: false);
                Add(elements, bare, ref leaf, entries.Type.Children[1], "value", entries.Type.Children[1].IsNullable);
                break;
            case NodeKind.List:
                Field item = ParquetNode.ItemOf(held);
                elements.Add(new() { Name = "list", Repetition = Repetition.Repeated, ChildCount = 1 });
                Add(elements, bare, ref leaf, item, "element", item.IsNullable);
                break;
            case NodeKind.Struct:
                foreach (Field child in held.Children)
                    Add(elements, bare, ref leaf, child, child.Name, child.IsNullable);
                break;
            default:
                leaf++;
                elements.Add(TypeCodes.Element(TypeCodeName, Repetition.Required));
                for (int i = 0; i < held.Children.Count; i++)
                    Add(elements, bare, ref leaf, held.Children[i], UnionChild(i), isOptional: true);
                break;
        }
    }

    public static string UnionChild(int index) => string.Create(CultureInfo.InvariantCulture, $"f{index}");

    public static LeafForm TypeCodes { get; } = LeafForm.Of(ArrowType.Int8, isBare: false);

    private static ParquetNode? Match(Field field, SchemaTree tree, string name, bool isOptional)
    {
        ArrowType held = ParquetNode.HeldBy(field.Type);
        NodeKind kind = ParquetNode.KindOf(held);
        isOptional |= held.Id == ArrowTypeId.Null;
        if (tree.Element.Name != name || tree.IsRepeated || tree.IsOptional != isOptional
            || tree.IsGroup != (kind != NodeKind.Leaf))
        {
            return null;
        }

        if (kind == NodeKind.Leaf)
        {
            LeafForm form = LeafForm.Of(held, isBare: false, field.ExtensionName);
            if (!form.Fits(tree.Element)) form = LeafForm.Of(held, isBare: true, field.ExtensionName);
            return form.Fits(tree.Element) ? Node(field, tree, kind, [], form) : null;
        }

        ParquetNode[]? children = kind switch
        {
            NodeKind.List => MatchList(held, tree),
            NodeKind.Struct => MatchFields(held.Children, tree.Children, child => child.Name,
                child => child.IsNullable),
            _ => MatchUnion(held, tree),
        };
        return children is null ? null : Node(field, tree, kind, children, null);
    }

    private static ParquetNode Node(Field field, SchemaTree tree, NodeKind kind, ParquetNode[] children,
        LeafForm? form) => new()
        {
            Field = field,
            Kind = kind,
            Path = tree.Path,
            IsOptional = tree.IsOptional,
            Definition = tree.Definition,
            Repetition = tree.Repetition,
            Children = children,
            Form = form,
            Leaf = kind switch
            {
                NodeKind.Leaf => tree.Leaf,
                NodeKind.Union => tree.Children[0].Leaf,
                _ => -1,
            },
        };

    private static ParquetNode[]? MatchList(ArrowType held, SchemaTree tree)
    {
        if (tree.Children is not [{ IsRepeated: true, IsGroup: true } repeated]) return null;
        Field item = ParquetNode.ItemOf(held);
        if (held is not MapType)
        {
            return repeated.Children is [var element]
                && Match(item, element, "element", item.IsNullable) is { } node ? [node] : null;
        }

        ParquetNode[]? pair = MatchFields(item.Type.Children, repeated.Children, null,
            child => child.IsNullable && !ReferenceEquals(child, item.Type.Children[0]));
        // A map's entries are never null, so the repeated group is their struct.
        return pair is null ? null : [Node(item, repeated, NodeKind.Struct, pair, null)];
    }

    private static ParquetNode[]? MatchFields(IReadOnlyList<Field> fields, SchemaTree[] trees,
        Func<Field, string>? nameOf, Func<Field, bool> isOptional)
    {
        if (fields.Count != trees.Length) return null;
        var nodes = new ParquetNode[trees.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            string name = nameOf is null ? trees[i].Element.Name : nameOf(fields[i]);
            if (Match(fields[i], trees[i], name, isOptional(fields[i])) is not { } node) return null;
            nodes[i] = node;
        }

        return nodes;
    }

    private static ParquetNode[]? MatchUnion(ArrowType held, SchemaTree tree)
    {
        if (tree.Children.Length != held.Children.Count + 1 || tree.Children[0].IsGroup
            || !TypeCodes.Fits(tree.Children[0].Element) || tree.Children[0].IsOptional
            || tree.Children[0].IsRepeated)
        {
            return null;
        }

        return MatchFields(held.Children, tree.Children[1..], null, _ => true);
    }
}
