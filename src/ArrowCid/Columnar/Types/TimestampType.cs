namespace ArrowCid.Columnar;

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
