using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>The form of a leaf in a file: physical type, meaning, and how its values are converted.</summary>
internal sealed record LeafForm(PhysicalType Type, Conversion Conversion, ValueOrder Order, int Length = 0,
    LogicalType Logical = default, ConvertedType Converted = ConvertedType.None, int Scale = 0, int Precision = 0)
{
    private const int MaxDecimalDigits = 76;

    /// <summary>Bytes of a value of fixed width; 0 for byte strings and booleans.</summary>
    public int Width => WidthOf(Type, Length);

    /// <summary>Whether its values may be a dictionary's.</summary>
    public bool HasDictionary => Conversion is not (Conversion.None or Conversion.Boolean or Conversion.Presence);

    public static int WidthOf(PhysicalType type, int length) => type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedLenByteArray => length,
        _ => 0,
    };

    /// <summary>The form that other readers understand best, or the one that holds every value where a batch has a
    /// value that the first cannot hold.</summary>
    /// <param name="type">A type that is neither nested nor encoded.</param>
    /// <param name="isBare">Whether to take the latter.</param>
    /// <param name="extension">The extension that the field's metadata names.</param>
    public static LeafForm Of(ArrowType type, bool isBare, string? extension = null) => type.Id switch
    {
        ArrowTypeId.Null => new(PhysicalType.Int32, Conversion.None, ValueOrder.None,
            Logical: new(LogicalKind.Unknown)),
        ArrowTypeId.Boolean => new(PhysicalType.Boolean, Conversion.Boolean, ValueOrder.Boolean),
        ArrowTypeId.Struct => new(PhysicalType.Boolean, Conversion.Presence, ValueOrder.None),
        >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 => Integer(type.Id),
        ArrowTypeId.Float16 => new(PhysicalType.FixedLenByteArray, Conversion.Same, ValueOrder.Half, 2,
            new(LogicalKind.Float16)),
        ArrowTypeId.Float32 => new(PhysicalType.Float, Conversion.Same, ValueOrder.Float),
        ArrowTypeId.Float64 => new(PhysicalType.Double, Conversion.Same, ValueOrder.Float),
        >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256 => Decimal((DecimalType)type, isBare),
        ArrowTypeId.Date32 => Date(Conversion.Same),
        ArrowTypeId.Date64 => isBare ? Bare(PhysicalType.Int64) : Date(Conversion.Days),
        ArrowTypeId.Time32 => isBare ? Bare(PhysicalType.Int32) : Time((TimeType)type),
        ArrowTypeId.Time64 => Time((TimeType)type),
        ArrowTypeId.Timestamp => isBare ? Bare(PhysicalType.Int64) : Timestamp((TimestampType)type),
        ArrowTypeId.Duration => Bare(PhysicalType.Int64),
        ArrowTypeId.IntervalYearMonth => Bare(PhysicalType.Int32),
        ArrowTypeId.IntervalDayTime => Bare(PhysicalType.Int64) with { Order = ValueOrder.None },
        ArrowTypeId.IntervalMonthDayNano => BareBytes(16),
        ArrowTypeId.Utf8 or ArrowTypeId.LargeUtf8 or ArrowTypeId.Utf8View => extension == "arrow.json"
            ? Bytes(new(LogicalKind.Json), ConvertedType.Json)
            : Bytes(new(LogicalKind.String), ConvertedType.Utf8),
        ArrowTypeId.Binary or ArrowTypeId.LargeBinary or ArrowTypeId.BinaryView => Bytes(default, ConvertedType.None),
        ArrowTypeId.FixedSizeBinary => FixedBytes(((FixedSizeBinaryType)type).ByteWidth, extension),
        _ => throw new InvalidOperationException($"{type} is not a leaf."),
    };

    /// <summary>Whether a file's element is of this form.</summary>
    public bool Fits(SchemaElement element) =>
        element.Type == Type && (Type != PhysicalType.FixedLenByteArray || element.TypeLength == Length)
        && element.Logical == Logical && element.Converted == Converted;

    public SchemaElement Element(string name, Repetition repetition) => new()
    {
        Name = name,
        Type = Type,
        TypeLength = Length,
        Repetition = repetition,
        Logical = Logical,
        Converted = Converted,
        Scale = Scale,
        Precision = Precision,
    };

    /// <summary>The number of bytes that hold every decimal of <paramref name="precision"/> digits.</summary>
    public static int DecimalLength(int precision) =>
        (int)Math.Ceiling((precision * Math.Log2(10) + 1) / 8);

    /// <summary>Whether a type's values may need the bare form.</summary>
    public static bool HasBareForm(ArrowType type) => type switch
    {
        DecimalType d => IsPlain(d),
        TimestampType t => t.Unit == TimeUnit.Second,
        TimeType t => t.Id == ArrowTypeId.Time32 && t.Unit == TimeUnit.Second,
        _ => type.Id == ArrowTypeId.Date64,
    };

    private static bool IsPlain(DecimalType type) =>
        type.Scale >= 0 && type.Scale <= type.Precision && DecimalLength(type.Precision) <= type.BitWidth / 8
        && type.Precision <= MaxDecimalDigits;

    private static LeafForm Bare(PhysicalType type) => new(type, Conversion.Same, ValueOrder.Signed);

    private static LeafForm BareBytes(int length) =>
        new(PhysicalType.FixedLenByteArray, Conversion.Same, ValueOrder.None, length);

    private static LeafForm Bytes(LogicalType logical, ConvertedType converted) =>
        new(PhysicalType.ByteArray, Conversion.Bytes, ValueOrder.Bytes, 0, logical, converted);

    private static LeafForm FixedBytes(int length, string? extension)
    {
        if (length == 0) return new(PhysicalType.ByteArray, Conversion.Nothing, ValueOrder.None);
        bool isUuid = extension == "arrow.uuid" && length == 16;
        return new(PhysicalType.FixedLenByteArray, Conversion.Same, ValueOrder.Bytes, length,
            isUuid ? new(LogicalKind.Uuid) : default);
    }

    private static LeafForm Date(Conversion conversion) => new(PhysicalType.Int32, conversion, ValueOrder.Signed,
        Logical: new(LogicalKind.Date), Converted: ConvertedType.Date);

    private static LeafForm Integer(ArrowTypeId id)
    {
        bool isSigned = id <= ArrowTypeId.Int64;
        int bits = 8 << (id - (isSigned ? ArrowTypeId.Int8 : ArrowTypeId.UInt8));
        PhysicalType type = bits == 64 ? PhysicalType.Int64 : PhysicalType.Int32;
        if (id is ArrowTypeId.Int32 or ArrowTypeId.Int64) return Bare(type);
        ConvertedType converted = (isSigned ? ConvertedType.Int8 : ConvertedType.UInt8)
            + (id - (isSigned ? ArrowTypeId.Int8 : ArrowTypeId.UInt8));
        return new(type, bits < 32 ? Conversion.Narrow : Conversion.Same,
            isSigned ? ValueOrder.Signed : ValueOrder.Unsigned,
            Logical: new(LogicalKind.Integer, BitWidth: bits, IsSigned: isSigned), Converted: converted);
    }

    private static LeafForm Decimal(DecimalType type, bool isBare)
    {
        if (isBare || !IsPlain(type)) return BareBytes(type.BitWidth / 8);
        // Lengths over 16 that are no multiple of 8 are misread by DuckDB (duckdb#25058).
        int least = DecimalLength(type.Precision);
        int length = least <= 16 ? least : (least + 7) & ~7;
        return new(PhysicalType.FixedLenByteArray, Conversion.DecimalBytes, ValueOrder.BigEndian, length,
            new(LogicalKind.Decimal, type.Scale, type.Precision), ConvertedType.Decimal, type.Scale, type.Precision);
    }

    private static LeafForm Time(TimeType type)
    {
        bool isSeconds = type.Unit == TimeUnit.Second;
        return new(type.Id == ArrowTypeId.Time32 ? PhysicalType.Int32 : PhysicalType.Int64,
            isSeconds ? Conversion.Seconds : Conversion.Same, ValueOrder.Signed,
            Logical: new(LogicalKind.Time, Unit: isSeconds ? TimeUnit.Millisecond : type.Unit));
    }

    private static LeafForm Timestamp(TimestampType type)
    {
        bool isSeconds = type.Unit == TimeUnit.Second, isUtc = type.TimeZone is not null;
        TimeUnit unit = isSeconds ? TimeUnit.Millisecond : type.Unit;
        ConvertedType converted = (isUtc, unit) switch
        {
            (true, TimeUnit.Millisecond) => ConvertedType.TimestampMillis,
            (true, TimeUnit.Microsecond) => ConvertedType.TimestampMicros,
            _ => ConvertedType.None,
        };
        return new(PhysicalType.Int64, isSeconds ? Conversion.Seconds : Conversion.Same, ValueOrder.Signed,
            Logical: new(LogicalKind.Timestamp, Unit: unit, IsUtc: isUtc), Converted: converted);
    }
}
