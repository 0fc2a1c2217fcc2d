namespace ArrowCid.Columnar;

/// <summary>A decimal of 4, 8, 16 or 32 bytes.</summary>
internal sealed class DecimalType : ArrowType
{
    /// <summary>Makes a decimal type.</summary>
    /// <param name="bitWidth">32, 64, 128 or 256.</param>
    /// <param name="precision">Digits in all.</param>
    /// <param name="scale">Digits after the point; may be negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another bit width, or a precision below 1.</exception>
    public DecimalType(int bitWidth, int precision, int scale) : base(IdOf(bitWidth))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 1);
        (BitWidth, Precision, Scale) = (bitWidth, precision, scale);
    }

    /// <summary>32, 64, 128 or 256.</summary>
    public int BitWidth { get; }

    /// <summary>Digits in all.</summary>
    public int Precision { get; }

    /// <summary>Digits after the point.</summary>
    public int Scale { get; }

    private static ArrowTypeId IdOf(int bitWidth) => bitWidth switch
    {
        32 => ArrowTypeId.Decimal32,
        64 => ArrowTypeId.Decimal64,
        128 => ArrowTypeId.Decimal128,
        256 => ArrowTypeId.Decimal256,
        _ => throw new ArgumentOutOfRangeException(
            nameof(bitWidth), bitWidth, "A decimal has 32, 64, 128 or 256 bits."),
    };

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is DecimalType d && d.Precision == Precision && d.Scale == Scale;
}

/// <summary>A time of day or a duration.</summary>
internal sealed class TimeType : ArrowType
{
    private TimeType(ArrowTypeId id, TimeUnit unit) : base(id) => Unit = unit;

    /// <summary>What one counts.</summary>
    public TimeUnit Unit { get; }

    /// <summary>A time of day: int32 for seconds and milliseconds, else int64.</summary>
    /// <param name="unit">What one counts.</param>
    /// <returns>The type.</returns>
    public static TimeType TimeOfDay(TimeUnit unit) =>
        new(unit <= TimeUnit.Millisecond ? ArrowTypeId.Time32 : ArrowTypeId.Time64, Checked(unit));

    /// <summary>A span of time, int64.</summary>
    /// <param name="unit">What one counts.</param>
    /// <returns>The type.</returns>
    public static TimeType Duration(TimeUnit unit) => new(ArrowTypeId.Duration, Checked(unit));

    internal static TimeUnit Checked(TimeUnit unit) => unit is >= TimeUnit.Second and <= TimeUnit.Nanosecond
        ? unit
        : throw new ArgumentOutOfRangeException(nameof(unit), unit, "No such time unit.");

    private protected override bool HasEqualParameters(ArrowType other) => other is TimeType t && t.Unit == Unit;
}

/// <summary>A point in time, int64 since 1970-01-01T00:00:00.</summary>
/// <param name="unit">What one counts.</param>
/// <param name="timeZone">A time zone's name or offset; null or empty for none.</param>
internal sealed class TimestampType(TimeUnit unit, string? timeZone = null) : ArrowType(ArrowTypeId.Timestamp)
{
    /// <summary>What one counts.</summary>
    public TimeUnit Unit { get; } = TimeType.Checked(unit);

    /// <summary>The time zone; null for none.</summary>
    public string? TimeZone { get; } = string.IsNullOrEmpty(timeZone) ? null : timeZone;

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is TimestampType t && t.Unit == Unit && t.TimeZone == TimeZone;
}

/// <summary>Bytes of one length.</summary>
internal sealed class FixedSizeBinaryType : ArrowType
{
    /// <summary>Makes the type.</summary>
    /// <param name="byteWidth">Bytes a slot, 0 or more.</param>
    public FixedSizeBinaryType(int byteWidth) : base(ArrowTypeId.FixedSizeBinary)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteWidth);
        ByteWidth = byteWidth;
    }

    /// <summary>Bytes a slot.</summary>
    public int ByteWidth { get; }

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is FixedSizeBinaryType f && f.ByteWidth == ByteWidth;
}
