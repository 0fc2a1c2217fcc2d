namespace ArrowCid.Columnar;

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
