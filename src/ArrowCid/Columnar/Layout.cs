namespace ArrowCid.Columnar;

/// <summary>The physical layouts, one a way to store slots (Arrow columnar format, "Physical Memory Layout").</summary>
internal enum Layout
{
    Null,
    Bits,
    Fixed,
    Bytes32,
    Bytes64,
    ByteViews,
    List32,
    List64,
    ListView32,
    ListView64,
    FixedSizeList,
    Struct,
    SparseUnion,
    DenseUnion,
    RunEnds,
    Dictionary,
}

internal static class Layouts
{
    public static Layout Layout(this ArrowType type) => type.Id switch
    {
        ArrowTypeId.Null => Columnar.Layout.Null,
        ArrowTypeId.Boolean => Columnar.Layout.Bits,
        ArrowTypeId.Utf8 or ArrowTypeId.Binary => Columnar.Layout.Bytes32,
        ArrowTypeId.LargeUtf8 or ArrowTypeId.LargeBinary => Columnar.Layout.Bytes64,
        ArrowTypeId.Utf8View or ArrowTypeId.BinaryView => Columnar.Layout.ByteViews,
        ArrowTypeId.List or ArrowTypeId.Map => Columnar.Layout.List32,
        ArrowTypeId.LargeList => Columnar.Layout.List64,
        ArrowTypeId.ListView => Columnar.Layout.ListView32,
        ArrowTypeId.LargeListView => Columnar.Layout.ListView64,
        ArrowTypeId.FixedSizeList => Columnar.Layout.FixedSizeList,
        ArrowTypeId.Struct => Columnar.Layout.Struct,
        ArrowTypeId.SparseUnion => Columnar.Layout.SparseUnion,
        ArrowTypeId.DenseUnion => Columnar.Layout.DenseUnion,
        ArrowTypeId.RunEndEncoded => Columnar.Layout.RunEnds,
        ArrowTypeId.Dictionary => Columnar.Layout.Dictionary,
        _ => Columnar.Layout.Fixed,
    };

    /// <summary>
    /// Bytes a slot of a <see cref="Columnar.Layout.Fixed"/> layout, or of a dictionary's indices; else 0.
    /// </summary>
    public static int ByteWidth(this ArrowType type) => type.Id switch
    {
        ArrowTypeId.Int8 or ArrowTypeId.UInt8 => 1,
        ArrowTypeId.Int16 or ArrowTypeId.UInt16 or ArrowTypeId.Float16 => 2,
        ArrowTypeId.Int32 or ArrowTypeId.UInt32 or ArrowTypeId.Float32 or ArrowTypeId.Decimal32 or ArrowTypeId.Date32
            or ArrowTypeId.Time32 or ArrowTypeId.IntervalYearMonth => 4,
        ArrowTypeId.Int64 or ArrowTypeId.UInt64 or ArrowTypeId.Float64 or ArrowTypeId.Decimal64 or ArrowTypeId.Date64
            or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Duration or ArrowTypeId.IntervalDayTime => 8,
        ArrowTypeId.Decimal128 or ArrowTypeId.IntervalMonthDayNano => 16,
        ArrowTypeId.Decimal256 => 32,
        ArrowTypeId.FixedSizeBinary => ((FixedSizeBinaryType)type).ByteWidth,
        ArrowTypeId.Dictionary => ((DictionaryType)type).IndexType.ByteWidth(),
        _ => 0,
    };

    public static bool IsList(this Layout layout) =>
        layout is >= Columnar.Layout.List32 and <= Columnar.Layout.FixedSizeList;

    public static bool HasValidity(this Layout layout) => layout is not (Columnar.Layout.Null
        or Columnar.Layout.SparseUnion or Columnar.Layout.DenseUnion or Columnar.Layout.RunEnds);

    /// <summary>Buffers in Arrow's order, the validity bitmap included where the layout has one; for views without the
    /// data buffers, of which there may be any number.</summary>
    public static int BufferCount(this Layout layout) => layout switch
    {
        Columnar.Layout.Null or Columnar.Layout.RunEnds => 0,
        Columnar.Layout.Struct or Columnar.Layout.FixedSizeList or Columnar.Layout.SparseUnion => 1,
        Columnar.Layout.Bytes32 or Columnar.Layout.Bytes64
            or Columnar.Layout.ListView32 or Columnar.Layout.ListView64 => 3,
        _ => 2,
    };

    public static bool IsText(this ArrowType type) =>
        type.Id is ArrowTypeId.Utf8 or ArrowTypeId.LargeUtf8 or ArrowTypeId.Utf8View;

    public static bool IsFloat(this ArrowType type) =>
        type.Id is ArrowTypeId.Float16 or ArrowTypeId.Float32 or ArrowTypeId.Float64;
}
