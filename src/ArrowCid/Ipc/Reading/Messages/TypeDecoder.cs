using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A field's type as IPC metadata describes it (Schema.fbs, union Type), its parameters checked.</summary>
internal static class TypeDecoder
{
    private const int TypeTag = 2, TypeTable = 3;

    public static ArrowType Decode(FlatTable field, Field[] children, FieldPath path)
    {
        byte tag = field.Byte(TypeTag);
        if (tag == 0 || !field.TryTable(TypeTable, out FlatTable type))
            throw new InvalidArrowException("a field has no type", path, offset: field.Offset);
        int wanted = ChildCount(tag);
        if (wanted >= 0 && wanted != children.Length)
            throw Fault($"a type of kind {tag} has {wanted} children, not {children.Length}", path, field);
        return tag switch
        {
            1 => ArrowType.Null,
            2 => Integer(type, path),
            3 => FloatingPoint(type, path),
            4 => ArrowType.Binary,
            5 => ArrowType.Utf8,
            6 => ArrowType.Boolean,
            7 => Decimal(type, path),
            8 => Date(type, path),
            9 => Time(type, path),
            10 => new TimestampType(Unit(type, 0, path), type.Text(1, "a time zone", path)),
            11 => Interval(type, path),
            12 => new ListType(children[0]),
            13 => new StructType(children),
            14 => Union(type, children, path),
            15 => FixedSizeBinary(type, path),
            16 => FixedSizeList(type, children, path),
            17 => Map(type, children, path),
            18 => TimeType.Duration(Unit(type, 1, path)),
            19 => ArrowType.LargeBinary,
            20 => ArrowType.LargeUtf8,
            21 => new ListType(children[0], ArrowTypeId.LargeList),
            22 => RunEndEncoded(type, children, path),
            23 => ArrowType.BinaryView,
            24 => ArrowType.Utf8View,
            25 => new ListType(children[0], ArrowTypeId.ListView),
            26 => new ListType(children[0], ArrowTypeId.LargeListView),
            _ => throw new InvalidArrowException($"types of kind {tag} are not known", path, offset: field.Offset,
                code: ErrorCode.Unsupported),
        };
    }

    public static ArrowType Integer(FlatTable type, FieldPath path) => (type.Int(0), type.Flag(1)) switch
    {
        (8, true) => ArrowType.Int8,
        (16, true) => ArrowType.Int16,
        (32, true) => ArrowType.Int32,
        (64, true) => ArrowType.Int64,
        (8, false) => ArrowType.UInt8,
        (16, false) => ArrowType.UInt16,
        (32, false) => ArrowType.UInt32,
        (64, false) => ArrowType.UInt64,
        (int bits, _) => throw Fault($"an integer has 8, 16, 32 or 64 bits, not {bits}", path, type),
    };

    // Children of a type, or -1 where it may have any number.
    private static int ChildCount(byte tag) => tag switch
    {
        12 or 16 or 17 or 21 or 25 or 26 => 1,
        22 => 2,
        13 or 14 or > 26 => -1,
        _ => 0,
    };

    private static ArrowType FloatingPoint(FlatTable type, FieldPath path) => type.Short(0) switch
    {
        0 => ArrowType.Float16,
        1 => ArrowType.Float32,
        2 => ArrowType.Float64,
        short other => throw Fault($"{other} is not a floating-point precision", path, type),
    };

    private static DecimalType Decimal(FlatTable type, FieldPath path)
    {
        int precision = type.Int(0), bits = type.Int(2, 128);
        if (bits is not (32 or 64 or 128 or 256))
            throw Fault($"a decimal has 32, 64, 128 or 256 bits, not {bits}", path, type);
        if (precision < 1) throw Fault($"a decimal's precision is 1 or more, not {precision}", path, type);
        return new DecimalType(bits, precision, type.Int(1));
    }

    private static ArrowType Date(FlatTable type, FieldPath path) => type.Short(0, 1) switch
    {
        0 => ArrowType.Date32,
        1 => ArrowType.Date64,
        short other => throw Fault($"{other} is not a date's unit", path, type),
    };

    private static TimeType Time(FlatTable type, FieldPath path)
    {
        TimeUnit unit = Unit(type, 1, path);
        int bits = type.Int(1, 32);
        if (bits != (unit <= TimeUnit.Millisecond ? 32 : 64))
            throw Fault($"a time in units of {unit} does not have {bits} bits", path, type);
        return TimeType.TimeOfDay(unit);
    }

    private static ArrowType Interval(FlatTable type, FieldPath path) => type.Short(0) switch
    {
        0 => ArrowType.IntervalYearMonth,
        1 => ArrowType.IntervalDayTime,
        2 => ArrowType.IntervalMonthDayNano,
        short other => throw Fault($"{other} is not an interval's unit", path, type),
    };

    private static UnionType Union(FlatTable type, Field[] children, FieldPath path)
    {
        short mode = type.Short(0);
        if (mode is not (0 or 1)) throw Fault($"{mode} is not a union's mode", path, type);
        FlatVector ids = type.Vector(1, 4);
        int count = ids.IsPresent ? ids.Count : children.Length;
        if (count != children.Length || count > 128)
        {
            throw Fault($"a union has one type code from 0 to 127 a child, and {children.Length} children have {count}",
                path, type);
        }


        var codes = new sbyte[count];
        Span<bool> seen = stackalloc bool[128];
        for (int i = 0; i < count; i++)
        {
            int code = ids.IsPresent ? ids.Int(i) : i;
            if (code is < 0 or > 127) throw Fault($"a union's type code is from 0 to 127, not {code}", path, type);
            if (seen[code]) throw Fault($"a union's type code {code} repeats", path, type);
            seen[code] = true;
            codes[i] = (sbyte)code;
        }

        return new UnionType(mode == 0 ? ArrowTypeId.SparseUnion : ArrowTypeId.DenseUnion, children, codes);
    }

    private static FixedSizeBinaryType FixedSizeBinary(FlatTable type, FieldPath path)
    {
        if (type.Int(0) < 0) throw Fault($"a width of {type.Int(0)} bytes is impossible", path, type);
        return new FixedSizeBinaryType(type.Int(0));
    }

    private static FixedSizeListType FixedSizeList(FlatTable type, Field[] children, FieldPath path)
    {
        if (type.Int(0) < 0) throw Fault($"a list size of {type.Int(0)} is impossible", path, type);
        return new FixedSizeListType(children[0], type.Int(0));
    }

    private static MapType Map(FlatTable type, Field[] children, FieldPath path)
    {
        if (children[0].Type is not StructType { Children.Count: 2 })
            throw Fault("a map's entries are a struct of two fields", path, type);
        return new MapType(children[0], type.Flag(0));
    }

    private static RunEndEncodedType RunEndEncoded(FlatTable type, Field[] children, FieldPath path)
    {
        if (children[0].Type.Id is not (ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64))
            throw Fault("run ends are int16, int32 or int64", path, type);
        return new RunEndEncodedType(children[0], children[1]);
    }

    private static TimeUnit Unit(FlatTable type, short absent, FieldPath path)
    {
        short unit = type.Short(0, absent);
        if (unit is < 0 or > 3) throw Fault($"{unit} is not a time unit", path, type);
        return (TimeUnit)unit;
    }

    private static InvalidArrowException Fault(string rule, FieldPath path, FlatTable at) =>
        new(rule, path, offset: at.Offset);
}
