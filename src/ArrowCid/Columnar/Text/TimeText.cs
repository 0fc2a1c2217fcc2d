namespace ArrowCid.Columnar;

/// <summary>
/// Dates and times as ISO 8601, over the whole range of their integers: a year beyond 9999 has a plus sign, one before
/// year 0 a minus sign (the year 0 is 1 BC).
/// </summary>
internal static class TimeText
{
    private const long SecondsPerDay = 86400;
    private const long MillisecondsPerDay = SecondsPerDay * 1000;
    private const int DaysPerEra = 146097;

    /// <summary>Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar.</summary>
    private const int EpochFromMarch = 719468;

    public static void WriteDate(long days, TextSink to)
    {
        long fromMarch = days + EpochFromMarch;
        long era = FloorDivide(fromMarch, DaysPerEra);
        long day = fromMarch - era * DaysPerEra;
        long yearOfEra = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        long dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long month = (5 * dayOfYear + 2) / 153;
        long dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1;
        month += month < 10 ? 3 : -9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        if (year > 9999) to.Write('+');
        to.Write(year, "0000");
        to.Write('-');
        to.Write(month, "00");
        to.Write('-');
        to.Write(dayOfMonth, "00");
    }

    /// <summary>A date64: a date, with the time after it where it is not midnight.</summary>
    public static void WriteDate64(long milliseconds, TextSink to)
    {
        if (milliseconds % MillisecondsPerDay != 0) WriteTimestamp(milliseconds, TimeUnit.Millisecond, to);
        else WriteDate(milliseconds / MillisecondsPerDay, to);
    }

    public static void WriteTimestamp(long value, TimeUnit unit, TextSink to)
    {
        long seconds = FloorDivide(value, PerSecond(unit));
        long days = FloorDivide(seconds, SecondsPerDay);
        WriteDate(days, to);
        to.Write('T');
        WriteClock(seconds - days * SecondsPerDay, to);
        WriteFraction(value - seconds * PerSecond(unit), unit, to);
    }

    /// <summary>A time of day; one that is negative or not within a day is written all the same.</summary>
    public static void WriteTime(long value, TimeUnit unit, TextSink to)
    {
        long seconds = value / PerSecond(unit);
        long fraction = value % PerSecond(unit);
        if (value < 0) to.Write('-');
        WriteClock(Math.Abs(seconds), to);
        WriteFraction(Math.Abs(fraction), unit, to);
    }

    public static void WriteDuration(long value, TimeUnit unit, TextSink to)
    {
        to.Write("PT");
        WriteSeconds(value, unit, to);
    }

    public static void WriteMonths(int months, TextSink to)
    {
        to.Write('P');
        to.Write(months);
        to.Write('M');
    }

    public static void WriteInterval(DayTimeInterval value, TextSink to)
    {
        to.Write('P');
        to.Write(value.Days);
        to.Write("DT");
        WriteSeconds(value.Milliseconds, TimeUnit.Millisecond, to);
    }

    public static void WriteInterval(MonthDayNanoInterval value, TextSink to)
    {
        WriteMonths(value.Months, to);
        to.Write(value.Days);
        to.Write("DT");
        WriteSeconds(value.Nanoseconds, TimeUnit.Nanosecond, to);
    }

    private static void WriteSeconds(long value, TimeUnit unit, TextSink to)
    {
        long seconds = value / PerSecond(unit);
        if (value < 0 && seconds == 0) to.Write('-');
        to.Write(seconds);
        WriteFraction(Math.Abs(value % PerSecond(unit)), unit, to);
        to.Write('S');
    }

    private static void WriteClock(long seconds, TextSink to)
    {
        to.Write(seconds / 3600, "00");
        to.Write(':');
        to.Write(seconds / 60 % 60, "00");
        to.Write(':');
        to.Write(seconds % 60, "00");
    }

    private static void WriteFraction(long fraction, TimeUnit unit, TextSink to)
    {
        if (unit == TimeUnit.Second) return;
        to.Write('.');
        to.Write(fraction, unit switch
        {
            TimeUnit.Millisecond => "000",
            TimeUnit.Microsecond => "000000",
            _ => "000000000",
        });
    }

    private static long PerSecond(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 1,
        TimeUnit.Millisecond => 1000,
        TimeUnit.Microsecond => 1_000_000,
        _ => 1_000_000_000,
    };

    private static long FloorDivide(long value, long by)
    {
        long quotient = value / by;
        return value % by < 0 ? quotient - 1 : quotient;
    }
}
