using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// What the columns of a file by others are in Arrow: by their Parquet types, old forms of lists and maps among them,
/// and by the schema that an Arrow writer left, where the two fit. It decides as pyarrow does.
/// </summary>
internal sealed class ForeignSchema
{
    public const string FieldIdKey = "PARQUET:field_id";

    private readonly bool _keepsIds;

    private ForeignSchema(bool keepsIds) => _keepsIds = keepsIds;

    /// <summary>The nodes of a file's fields.</summary>
    /// <param name="trees">The fields.</param>
    /// <param name="told">The schema that the writer left, or null.</param>
    /// <param name="keepsIds">Whether a field's number in the file becomes its metadata.</param>
    public static ParquetNode[] Nodes(SchemaTree[] trees, Schema? told, bool keepsIds)
    {
        var schema = new ForeignSchema(keepsIds);
        if (told is not null && told.Fields.Count != trees.Length) told = null;
        return [.. trees.Select((tree, i) => schema.Node(tree, told?.Fields[i]))];
    }

    private ParquetNode Node(SchemaTree tree, Field? told)
    {
        if (tree.IsRepeated) return ListOf(tree, tree, Single(tree, told), told, isOptional: false);
        return Single(tree, told);
    }

    /// <summary>A field as if it were not repeated.</summary>
    private ParquetNode Single(SchemaTree tree, Field? told)
    {
        if (!tree.IsGroup) return Leaf(tree, told);
        return Annotation(tree.Element) switch
        {
            LogicalKind.List => List(tree, told),
            LogicalKind.Map => Map(tree, told),
            _ => Struct(tree, told),
        };
    }

    private static LogicalKind Annotation(SchemaElement element) => element.Logical.Kind != LogicalKind.None
        ? element.Logical.Kind
        : element.Converted switch
        {
            ConvertedType.List => LogicalKind.List,
            ConvertedType.Map or ConvertedType.MapKeyValue => LogicalKind.Map,
            _ => LogicalKind.None,
        };

    private ParquetNode Struct(SchemaTree tree, Field? told)
    {
        if (tree.Children.Length == 0)
            throw ParquetFault.Unsupported($"the group '{tree.Path}' has no fields, and so no values");
        IReadOnlyList<Field>? known = told?.Type is StructType s && s.Children.Count == tree.Children.Length
            ? s.Children
            : null;
        ParquetNode[] children = [.. tree.Children.Select((child, i) => Node(child, known?[i]))];
        var type = new StructType([.. children.Select(child => child.Field)]);
        return Make(tree, type, NodeKind.Struct, told, children);
    }

    private ParquetNode List(SchemaTree tree, Field? told)
    {
        if (tree.Children is not [{ IsRepeated: true } repeated])
            throw ParquetFault.Broken($"the list '{tree.Path}' has no repeated field");
        Field? item = told?.Type is ListType or FixedSizeListType ? told.Type.Children[0] : null;
        // In the old forms the repeated group is the element itself (parquet-format, LogicalTypes.md).
        string name = repeated.Element.Name;
        bool isElement = !repeated.IsGroup || repeated.Children.Length != 1 || name == "array"
            || name == tree.Element.Name + "_tuple" || repeated.Children[0].IsRepeated
            || Annotation(repeated.Element) is LogicalKind.List or LogicalKind.Map;
        ParquetNode element = isElement ? Single(repeated, item) : Node(repeated.Children[0], item);
        return ListOf(tree, repeated, element, told, tree.IsOptional);
    }

    private ParquetNode ListOf(SchemaTree tree, SchemaTree repeated, ParquetNode element, Field? told,
        bool isOptional)
    {
        ArrowType type = told?.Type switch
        {
            ListType list => new ListType(element.Field, list.Id),
            FixedSizeListType list => new FixedSizeListType(element.Field, list.ListSize),
            _ => new ListType(element.Field),
        };
        return new ParquetNode
        {
            Field = new Field(tree.Element.Name, type, isOptional, Metadata(tree, told)),
            Kind = NodeKind.List,
            Path = tree.Path,
            IsOptional = isOptional,
            Definition = repeated.Definition - 1,
            Repetition = repeated.Repetition - 1,
            Children = [element],
        };
    }

    private ParquetNode Map(SchemaTree tree, Field? told)
    {
        if (tree.Children is not [{ IsRepeated: true, IsGroup: true } pairs]) return List(tree, told);
        // A map without values is a list of its keys, one with more than two fields a list of structs.
        if (pairs.Children.Length != 2) return List(tree, told);
        var known = told?.Type as MapType;
        Field? entries = known?.Entries;
        ParquetNode key = Node(pairs.Children[0], entries?.Type.Children[0]);
        ParquetNode value = Node(pairs.Children[1], entries?.Type.Children[1]);
        var pair = new StructType(key.Field, value.Field);
        ParquetNode node = Make(pairs, pair, NodeKind.Struct, entries, [key, value]);
        bool isSorted = known?.KeysSorted == true && IsChanged(pairs, node);
        return Make(tree, new MapType(node.Field, isSorted), NodeKind.List, told, [node]);
    }

    /// <summary>pyarrow believes that a map is sorted only where it took something else of what the map holds from the
    /// writer's schema; text, binary and instants it always takes from there.</summary>
    private bool IsChanged(SchemaTree pairs, ParquetNode node)
    {
        var bare = new StructType([.. pairs.Children.Select(child => Node(child, null).Field)]);
        return IsTaken(node) || !node.Field.Equals(Make(pairs, bare, NodeKind.Struct, null, []).Field);
    }

    private static bool IsTaken(ParquetNode node) =>
        node.Field.Type.Id is ArrowTypeId.Timestamp or (>= ArrowTypeId.Utf8 and <= ArrowTypeId.BinaryView)
        || node.Children.Any(IsTaken);

    private ParquetNode Make(SchemaTree tree, ArrowType type, NodeKind kind, Field? told,
        ParquetNode[] children, LeafForm? form = null) => new()
        {
            Field = new Field(tree.Element.Name, type, tree.IsOptional, Metadata(tree, told)),
            Kind = kind,
            Path = tree.Path,
            IsOptional = tree.IsOptional,
            Definition = tree.Definition,
            Repetition = tree.Repetition,
            Children = children,
            Form = form,
            Leaf = tree.Leaf,
        };

    private List<KeyValuePair<string, string>> Metadata(SchemaTree tree, Field? told)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (told is not null) pairs.AddRange(told.Metadata);
        string? extension = (tree.IsGroup ? default : tree.Element.Logical.Kind) switch
        {
            LogicalKind.Uuid => "arrow.uuid",
            LogicalKind.Json => "arrow.json",
            _ => null,
        };
        if (extension is not null && !pairs.Exists(pair => pair.Key == Field.ExtensionNameKey))
            pairs.Add(new(Field.ExtensionNameKey, extension));
        if (_keepsIds && tree.Element.FieldId is { } id && id >= 0)
        {
            pairs.RemoveAll(pair => pair.Key == FieldIdKey);
            pairs.Add(new(FieldIdKey, id.ToString(CultureInfo.InvariantCulture)));
        }

        return pairs;
    }

    private ParquetNode Leaf(SchemaTree tree, Field? told)
    {
        (ArrowType type, Conversion conversion) = Infer(tree);
        if (told is not null) (type, conversion) = Applied(type, conversion, told.Type);
        SchemaElement element = tree.Element;
        ArrowType held = ParquetNode.HeldBy(type);
        var form = new LeafForm(element.Type!.Value, conversion, ValueOrder.None, element.TypeLength);
        if (held is FixedSizeBinaryType { ByteWidth: 0 }) form = form with { Conversion = Conversion.Same };
        return Make(tree, type, NodeKind.Leaf, told, [], form);
    }

    private static (ArrowType Type, Conversion Conversion) Infer(SchemaTree tree)
    {
        SchemaElement element = tree.Element;
        LogicalType logical = element.Logical.Kind != LogicalKind.None ? element.Logical : FromConverted(element);
        PhysicalType physical = element.Type!.Value;
        switch (logical.Kind, physical)
        {
            case (LogicalKind.Unknown, _):
                return (ArrowType.Null, Conversion.None);
            case (LogicalKind.Integer, PhysicalType.Int32 or PhysicalType.Int64):
                return Integer(tree, logical, physical);
            case (LogicalKind.Decimal, PhysicalType.Int32 or PhysicalType.Int64):
                return (Decimal(tree, logical), Conversion.DecimalInteger);
            case (LogicalKind.Decimal, PhysicalType.ByteArray or PhysicalType.FixedLenByteArray):
                return (Decimal(tree, logical), Conversion.DecimalBytes);
            case (LogicalKind.Date, PhysicalType.Int32):
                return (ArrowType.Date32, Conversion.Same);
            case (LogicalKind.Time, PhysicalType.Int32) when logical.Unit == TimeUnit.Millisecond:
            case (LogicalKind.Time, PhysicalType.Int64) when logical.Unit != TimeUnit.Millisecond:
                return (TimeType.TimeOfDay(logical.Unit), Conversion.Same);
            case (LogicalKind.Timestamp, PhysicalType.Int64):
                return (new TimestampType(logical.Unit, logical.IsUtc ? "UTC" : null), Conversion.Same);
            case (LogicalKind.String or LogicalKind.Json, PhysicalType.ByteArray):
                return (ArrowType.Utf8, Conversion.Bytes);
            case (LogicalKind.Float16, PhysicalType.FixedLenByteArray) when element.TypeLength == 2:
                return (ArrowType.Float16, Conversion.Same);
            case (LogicalKind.Enum or LogicalKind.Bson, PhysicalType.ByteArray):
            case (LogicalKind.Uuid, PhysicalType.FixedLenByteArray):
            case (LogicalKind.None or LogicalKind.Other, _):
                return Physical(element);
            default:
                throw ParquetFault.Broken(
                    $"column '{tree.Path}' is of physical type {(int)physical}, which {logical.Kind} cannot be");
        }
    }

    private static (ArrowType Type, Conversion Conversion) Physical(SchemaElement element) => element.Type switch
    {
        PhysicalType.Boolean => (ArrowType.Boolean, Conversion.Boolean),
        PhysicalType.Int32 => (ArrowType.Int32, Conversion.Same),
        PhysicalType.Int64 => (ArrowType.Int64, Conversion.Same),
        PhysicalType.Int96 => (new TimestampType(TimeUnit.Nanosecond), Conversion.Int96),
        PhysicalType.Float => (ArrowType.Float32, Conversion.Same),
        PhysicalType.Double => (ArrowType.Float64, Conversion.Same),
        PhysicalType.ByteArray => (ArrowType.Binary, Conversion.Bytes),
        _ => (new FixedSizeBinaryType(element.TypeLength), Conversion.Same),
    };

    private static (ArrowType Type, Conversion Conversion) Integer(SchemaTree tree, LogicalType logical,
        PhysicalType physical) => (logical.BitWidth, logical.IsSigned, physical) switch
        {
            (8, true, PhysicalType.Int32) => (ArrowType.Int8, Conversion.Narrow),
            (16, true, PhysicalType.Int32) => (ArrowType.Int16, Conversion.Narrow),
            (32, true, PhysicalType.Int32) => (ArrowType.Int32, Conversion.Same),
            (64, true, PhysicalType.Int64) => (ArrowType.Int64, Conversion.Same),
            (8, false, PhysicalType.Int32) => (ArrowType.UInt8, Conversion.Narrow),
            (16, false, PhysicalType.Int32) => (ArrowType.UInt16, Conversion.Narrow),
            (32, false, PhysicalType.Int32) => (ArrowType.UInt32, Conversion.Same),
            (64, false, PhysicalType.Int64) => (ArrowType.UInt64, Conversion.Same),
            _ => throw ParquetFault.Broken($"column '{tree.Path}' is an integer of {logical.BitWidth} bits"),
        };

    private static DecimalType Decimal(SchemaTree tree, LogicalType logical)
    {
        if (logical.Precision is < 1 or > 76)
            throw ParquetFault.Broken($"column '{tree.Path}' is a decimal of {logical.Precision} digits");
        return new DecimalType(logical.Precision <= 38 ? 128 : 256, logical.Precision, logical.Scale);
    }

    /// <summary>The meaning of the older annotation.</summary>
    private static LogicalType FromConverted(SchemaElement element) => element.Converted switch
    {
        ConvertedType.Utf8 => new(LogicalKind.String),
        ConvertedType.Enum => new(LogicalKind.Enum),
        ConvertedType.Decimal => new(LogicalKind.Decimal, element.Scale, element.Precision),
        ConvertedType.Date => new(LogicalKind.Date),
        ConvertedType.TimeMillis => new(LogicalKind.Time, Unit: TimeUnit.Millisecond, IsUtc: true),
        ConvertedType.TimeMicros => new(LogicalKind.Time, Unit: TimeUnit.Microsecond, IsUtc: true),
        ConvertedType.TimestampMillis => new(LogicalKind.Timestamp, Unit: TimeUnit.Millisecond, IsUtc: true),
        ConvertedType.TimestampMicros => new(LogicalKind.Timestamp, Unit: TimeUnit.Microsecond, IsUtc: true),
        >= ConvertedType.UInt8 and <= ConvertedType.UInt64 =>
            new(LogicalKind.Integer, BitWidth: 8 << (element.Converted - ConvertedType.UInt8)),
        >= ConvertedType.Int8 and <= ConvertedType.Int64 =>
            new(LogicalKind.Integer, BitWidth: 8 << (element.Converted - ConvertedType.Int8), IsSigned: true),
        ConvertedType.Json => new(LogicalKind.Json),
        ConvertedType.Bson => new(LogicalKind.Bson),
        _ => default,
    };

    /// <summary>A type as the writer's schema tells it, where the column can be that.</summary>
    private static (ArrowType Type, Conversion Conversion) Applied(ArrowType type, Conversion conversion,
        ArrowType told)
    {
        switch (told)
        {
            case DictionaryType d when type.Id is ArrowTypeId.Utf8 or ArrowTypeId.Binary:
                return (new DictionaryType(d.IndexType, type, d.IsOrdered), conversion);
            case TimestampType t when type is TimestampType own:
                return own.TimeZone is not null && t.TimeZone is not null
                    ? (new TimestampType(own.Unit, t.TimeZone), conversion)
                    : (type, conversion);
            case TimeType { Id: ArrowTypeId.Duration } when type.Id == ArrowTypeId.Int64:
                return (told, conversion);
            case DecimalType d when type is DecimalType own && d.Precision == own.Precision && d.Scale == own.Scale:
                return (told, conversion);
        }

        bool isText = type.Id == ArrowTypeId.Utf8 && told.Id is ArrowTypeId.LargeUtf8 or ArrowTypeId.Utf8View;
        bool isBinary = type.Id == ArrowTypeId.Binary && told.Id is ArrowTypeId.LargeBinary or ArrowTypeId.BinaryView;
        return (isText || isBinary ? told : type, conversion);
    }
}
