using System.Diagnostics.CodeAnalysis;
using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>Which C# value is a slot of which type.</summary>
internal static class Elements
{
    /// <summary>The type that plain values of <typeparamref name="T"/> make, or null where the caller must
    /// say.</summary>
    public static ArrowType? NaturalType<T>() where T : unmanaged => default(T) switch
    {
        sbyte => ArrowType.Int8,
        short => ArrowType.Int16,
        int => ArrowType.Int32,
        long => ArrowType.Int64,
        byte => ArrowType.UInt8,
        ushort => ArrowType.UInt16,
        uint => ArrowType.UInt32,
        ulong => ArrowType.UInt64,
        Half => ArrowType.Float16,
        float => ArrowType.Float32,
        double => ArrowType.Float64,
        DayTimeInterval => ArrowType.IntervalDayTime,
        MonthDayNanoInterval => ArrowType.IntervalMonthDayNano,
        _ => null,
    };

    /// <summary>Whether the slots of a column of that type are values of <typeparamref name="T"/> in memory.</summary>
    public static bool Fits<T>(ArrowType type) where T : unmanaged => type.Id switch
    {
        ArrowTypeId.FixedSizeBinary or ArrowTypeId.Decimal256 => default(T) is not (bool or decimal)
            && SizeOf.Type<T>() == type.ByteWidth(),
        ArrowTypeId.IntervalDayTime or ArrowTypeId.IntervalMonthDayNano => ClrType(type) == typeof(T)
            || (IsOfCaller<T>() && SizeOf.Type<T>() == type.ByteWidth()),
        _ => ClrType(type) == typeof(T),
    };

    /// <summary>Refuses a column whose slots are not values of <typeparamref name="T"/>.</summary>
    /// <param name="type">The column's type.</param>
    /// <param name="what">The column, as the error names it.</param>
    public static void Check<T>(ArrowType type, string what) where T : unmanaged
    {
        if (!Fits<T>(type)) Refuse(type, what, typeof(T));
    }

    /// <summary>Whether values are a struct of the caller, such as an interval of Apache.Arrow.Scalars.</summary>
    private static bool IsOfCaller<T>() =>
        !typeof(T).IsPrimitive && !typeof(T).IsEnum && typeof(T).Namespace != "System";

    [DoesNotReturn]
    private static void Refuse(ArrowType type, string what, Type asked)
    {
        string advice = ClrType(type) is { } clr
            ? $"Read it as {clr.Name}."
            : "Read it by the accessors of ArrowArray.";
        throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{what} is {type}, which is not {asked.Name}. {advice}");
    }

    private static Type? ClrType(ArrowType type) => type.Id switch
    {
        ArrowTypeId.Int8 => typeof(sbyte),
        ArrowTypeId.Int16 => typeof(short),
        ArrowTypeId.UInt8 => typeof(byte),
        ArrowTypeId.UInt16 => typeof(ushort),
        ArrowTypeId.UInt32 => typeof(uint),
        ArrowTypeId.UInt64 => typeof(ulong),
        ArrowTypeId.Float16 => typeof(Half),
        ArrowTypeId.Float32 => typeof(float),
        ArrowTypeId.Float64 => typeof(double),
        ArrowTypeId.Int32 or ArrowTypeId.Date32 or ArrowTypeId.Time32 or ArrowTypeId.IntervalYearMonth
            or ArrowTypeId.Decimal32 => typeof(int),
        ArrowTypeId.Int64 or ArrowTypeId.Date64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Duration
            or ArrowTypeId.Decimal64 => typeof(long),
        ArrowTypeId.Decimal128 => typeof(Int128),
        ArrowTypeId.IntervalDayTime => typeof(DayTimeInterval),
        ArrowTypeId.IntervalMonthDayNano => typeof(MonthDayNanoInterval),
        _ => null,
    };
}
