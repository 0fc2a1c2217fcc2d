namespace ArrowCid.Columnar;

internal static class Layouts
{
    public static BufferLayout Layout(this ArrowType type) => type.Id switch
    {
        ArrowTypeId.Null => Columnar.BufferLayout.Null,
        ArrowTypeId.Boolean => Columnar.BufferLayout.Bits,
        ArrowTypeId.Utf8 or ArrowTypeId.Binary => Columnar.BufferLayout.Bytes32,
        ArrowTypeId.LargeUtf8 or ArrowTypeId.LargeBinary => Columnar.BufferLayout.Bytes64,
        ArrowTypeId.Utf8View or ArrowTypeId.BinaryView => Columnar.BufferLayout.ByteViews,
        ArrowTypeId.List or ArrowTypeId.Map => Columnar.BufferLayout.List32,
        ArrowTypeId.LargeList => Columnar.BufferLayout.List64,
        ArrowTypeId.ListView => Columnar.BufferLayout.ListView32,
        ArrowTypeId.LargeListView => Columnar.BufferLayout.ListView64,
        ArrowTypeId.FixedSizeList => Columnar.BufferLayout.FixedSizeList,
        ArrowTypeId.Struct => Columnar.BufferLayout.Struct,
        ArrowTypeId.SparseUnion => Columnar.BufferLayout.SparseUnion,
        ArrowTypeId.DenseUnion => Columnar.BufferLayout.DenseUnion,
        ArrowTypeId.RunEndEncoded => Columnar.BufferLayout.RunEnds,
        ArrowTypeId.Dictionary => Columnar.BufferLayout.Dictionary,
        _ => Columnar.BufferLayout.Fixed,
    };

    /// <summary>
    /// Bytes a slot of a <see cref="Columnar.BufferLayout.Fixed"/> layout, or of a dictionary's indices; else 0.
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

    public static bool IsList(this BufferLayout layout) =>
        layout is >= Columnar.BufferLayout.List32 and <= Columnar.BufferLayout.FixedSizeList;

    public static bool HasValidity(this BufferLayout layout) => layout is not (Columnar.BufferLayout.Null
        or Columnar.BufferLayout.SparseUnion or Columnar.BufferLayout.DenseUnion or Columnar.BufferLayout.RunEnds);

    /// <summary>Buffers in Arrow's order, the validity bitmap included where the layout has one; for views without the
    /// data buffers, of which there may be any number.</summary>
    public static int BufferCount(this BufferLayout layout) => layout switch
    {
        Columnar.BufferLayout.Null or Columnar.BufferLayout.RunEnds => 0,
        Columnar.BufferLayout.Struct or Columnar.BufferLayout.FixedSizeList or Columnar.BufferLayout.SparseUnion => 1,
        Columnar.BufferLayout.Bytes32 or Columnar.BufferLayout.Bytes64
            or Columnar.BufferLayout.ListView32 or Columnar.BufferLayout.ListView64 => 3,
        _ => 2,
    };

    public static bool IsText(this ArrowType type) =>
        type.Id is ArrowTypeId.Utf8 or ArrowTypeId.LargeUtf8 or ArrowTypeId.Utf8View;

    public static bool IsFloat(this ArrowType type) =>
        type.Id is ArrowTypeId.Float16 or ArrowTypeId.Float32 or ArrowTypeId.Float64;
}
