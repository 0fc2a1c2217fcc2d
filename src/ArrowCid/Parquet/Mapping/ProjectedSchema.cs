using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// The schema that other Arrow readers are told: of types that they find in the columns. A union is told as the struct
/// that it is there, runs as their values, and so on; arrow-rs refuses a whole file for one type that does not fit.
/// </summary>
internal static class ProjectedSchema
{
    /// <summary>The schema to tell.</summary>
    /// <param name="schema">The exact schema.</param>
    /// <param name="nodes">Its nodes.</param>
    /// <param name="listed">Fixed-size lists to be told as lists: pyarrow 25 cannot read one that holds a null.</param>
    public static Schema Of(Schema schema, ParquetNode[] nodes, IReadOnlySet<ParquetNode> listed) =>
        new(nodes.Select(node => Project(node, listed)), schema.Metadata);

    private static Field Project(ParquetNode node, IReadOnlySet<ParquetNode> listed) =>
        new(node.Field.Name, Type(node, listed), node.IsOptional, node.Field.Metadata);

    private static ArrowType Type(ParquetNode node, IReadOnlySet<ParquetNode> listed)
    {
        ArrowType held = node.Held;
        switch (node.Kind)
        {
            case NodeKind.Struct:
                return new StructType([.. node.Children.Select(child => Project(child, listed))]);
            case NodeKind.Union:
                return new StructType(
                [
                    new Field(ExactSchema.TypeCodeName, ArrowType.Int8, nullable: false),
                    .. node.Children.Select((child, i) =>
                        new Field(ExactSchema.UnionChild(i), Type(child, listed), nullable: true)),
                ]);
            case NodeKind.List:
                Field item = Project(node.Children[0], listed);
                return held switch
                {
                    MapType map => new MapType(item, map.KeysSorted),
                    FixedSizeListType { ListSize: > 0 } fixedSize when !listed.Contains(node) =>
                        new FixedSizeListType(item, fixedSize.ListSize),
                    FixedSizeListType => new ListType(item),
                    _ => new ListType(item, held.Id),
                };
            default:
                ArrowType value = Leaf(held, node.Form!);
                return node.Field.Type is DictionaryType dictionary && ReferenceEquals(dictionary.ValueType, held)
                    && held.Layout() is BufferLayout.Bytes32 or BufferLayout.Bytes64
                        ? new DictionaryType(((DictionaryType)node.Field.Type).IndexType, value,
                            ((DictionaryType)node.Field.Type).IsOrdered)
                        : value;
        }
    }

    private static ArrowType Leaf(ArrowType type, LeafForm form)
    {
        switch (form.Conversion)
        {
            case Conversion.Presence:
                return ArrowType.Boolean;
            case Conversion.Nothing:
                return ArrowType.Binary;
            case Conversion.Seconds:
                return type is TimestampType stamp
                    ? new TimestampType(TimeUnit.Millisecond, stamp.TimeZone)
                    : TimeType.TimeOfDay(TimeUnit.Millisecond);
        }

        bool isPlain = form.Logical.Kind == LogicalKind.None;
        return type.Id switch
        {
            ArrowTypeId.IntervalYearMonth => ArrowType.Int32,
            ArrowTypeId.IntervalDayTime => ArrowType.Int64,
            ArrowTypeId.IntervalMonthDayNano => new FixedSizeBinaryType(16),
            ArrowTypeId.Date64 or ArrowTypeId.Timestamp when isPlain => ArrowType.Int64,
            ArrowTypeId.Time32 when isPlain => ArrowType.Int32,
            >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256 when isPlain =>
                new FixedSizeBinaryType(form.Length),
            _ => type,
        };
    }
}
