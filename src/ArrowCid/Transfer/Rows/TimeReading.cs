using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>Dates and times as <see cref="BatchText"/> writes them, with as many digits after the point as there are,
/// up to the unit's; timestamps with a blank in place of the T too, and with any offset in place of the Z.</summary>
internal static class TimeReading
{
    private const long SecondsPerDay = 86400;
    private const long MillisecondsPerDay = SecondsPerDay * 1000;
    private const int NanosecondDigits = 9;

    private static readonly long[] s_powers =
        [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

    public static int DigitsOf(TimeUnit unit) => (int)unit * 3;

    /// <summary>Days since 1970-01-01.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out long days) => TakeDate(ref text, out days) && text.IsEmpty;

    /// <summary>A date64: a date, or with a time after it.</summary>
    public static bool TryDate64(ReadOnlySpan<byte> text, out long milliseconds)
    {
        if (!TryDate(text, out long days))
            return TryTimestamp(text, TimeUnit.Millisecond, isInstant: false, out milliseconds);
        return TryFit((Int128)days * MillisecondsPerDay, out milliseconds);
    }

    /// <summary>A time of day, or a negative or longer one.</summary>
    public static bool TryTime(ReadOnlySpan<byte> text, TimeUnit unit, out long value)
    {
        value = 0;
        bool isNegative = text.StartsWith((byte)'-');
        if (isNegative) text = text[1..];
        if (!TakeClock(ref text, out long seconds) || !TakeFraction(ref text, out long nanoseconds, out _)
            || !text.IsEmpty)
        {
            return false;
        }

        if (isNegative) (seconds, nanoseconds) = (-seconds, -nanoseconds);
        return TryCount(seconds, nanoseconds, unit, out value);
    }

    /// <summary>A timestamp; an instant has a Z or an offset, another has none.</summary>
    public static bool TryTimestamp(ReadOnlySpan<byte> text, TimeUnit unit, bool isInstant, out long value)
    {
        value = 0;
        return TryStamp(text, out Stamp stamp) && stamp.IsInstant == isInstant
            && TryCount(stamp.Seconds, stamp.Nanoseconds, unit, out value);
    }

    /// <summary>The parts of a timestamp.</summary>
    public static bool TryStamp(ReadOnlySpan<byte> text, out Stamp stamp)
    {
        stamp = default;
        if (!TakeDate(ref text, out long days) || text.IsEmpty || text[0] is not ((byte)'T' or (byte)' ')) return false;
        text = text[1..];
        if (text.Length < 8 || text[2] != ':' || !TakeClock(ref text, out long clock) || clock >= SecondsPerDay
            || !TakeFraction(ref text, out long nanoseconds, out int digits))
        {
            return false;
        }

        bool isInstant = !text.IsEmpty;
        long offset = 0;
        if (isInstant && !TryOffset(text, out offset)) return false;
        Int128 seconds = (Int128)days * SecondsPerDay + clock - offset;
        stamp = new Stamp(seconds, nanoseconds, digits, isInstant);
        return true;
    }

    /// <summary>The number of digits after the point of a time within a day; -1 where it is none.</summary>
    public static int DigitsOfTime(ReadOnlySpan<byte> text) =>
        text.Length >= 8 && text[2] == ':' && TakeClock(ref text, out long seconds) && seconds < SecondsPerDay
            && TakeFraction(ref text, out _, out int digits) && text.IsEmpty ? digits : -1;

    public static bool TryDuration(ReadOnlySpan<byte> text, TimeUnit unit, out long value)
    {
        value = 0;
        return text.StartsWith("PT"u8) && TakeSeconds(text[2..], unit, out value);
    }

    public static bool TryMonths(ReadOnlySpan<byte> text, out int months)
    {
        months = 0;
        return text.StartsWith((byte)'P') && text.EndsWith("M"u8) && TryInt(text[1..^1], out months);
    }

    public static bool TryDayTime(ReadOnlySpan<byte> text, out DayTimeInterval value)
    {
        value = default;
        int split = text.IndexOf("DT"u8);
        if (split < 1 || text[0] != 'P' || !TryInt(text[1..split], out int days)
            || !TakeSeconds(text[(split + 2)..], TimeUnit.Millisecond, out long milliseconds)
            || milliseconds != (int)milliseconds)
        {
            return false;
        }

        value = new DayTimeInterval(days, (int)milliseconds);
        return true;
    }

    public static bool TryMonthDayNano(ReadOnlySpan<byte> text, out MonthDayNanoInterval value)
    {
        value = default;
        int month = text.IndexOf((byte)'M');
        int split = text.IndexOf("DT"u8);
        if (month < 1 || split < month || text[0] != 'P' || !TryInt(text[1..month], out int months)
            || !TryInt(text[(month + 1)..split], out int days)
            || !TakeSeconds(text[(split + 2)..], TimeUnit.Nanosecond, out long nanoseconds))
        {
            return false;
        }

        value = new MonthDayNanoInterval(months, days, nanoseconds);
        return true;
    }

    /// <summary>Converts to a number of the unit, if it is exact and fits.</summary>
    public static bool TryCount(Int128 seconds, long nanoseconds, TimeUnit unit, out long value)
    {
        value = 0;
        long step = s_powers[NanosecondDigits - DigitsOf(unit)];
        return nanoseconds % step == 0
            && TryFit(seconds * s_powers[DigitsOf(unit)] + nanoseconds / step, out value);
    }

    private static bool TryFit(Int128 value, out long fitting)
    {
        fitting = unchecked((long)value);
        return fitting == value;
    }

    private static bool TryInt(ReadOnlySpan<byte> text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && text[0] != '+';

    /// <summary>Year, month and day, as days since 1970-01-01 in the proleptic Gregorian calendar.</summary>
    private static bool TakeDate(ref ReadOnlySpan<byte> text, out long days)
    {
        days = 0;
        ReadOnlySpan<byte> rest = text;
        bool hasSign = !rest.IsEmpty && rest[0] is (byte)'-' or (byte)'+';
        bool isNegative = hasSign && rest[0] == '-';
        if (hasSign) rest = rest[1..];
        int digits = NumberText.Digits(rest);
        if (digits is < 4 or > 12 || (digits > 4 && !hasSign) || rest.Length < digits + 6) return false;
        long year = Number(rest[..digits]);
        if (isNegative) year = -year;
        rest = rest[digits..];
        if (rest[0] != '-' || rest[3] != '-' || NumberText.Digits(rest[1..3]) < 2 || NumberText.Digits(rest[4..6]) < 2)
            return false;
        long month = Number(rest[1..3]), day = Number(rest[4..6]);
        if (month is < 1 or > 12 || day < 1 || day > DaysIn(year, month)) return false;
        text = rest[6..];
        days = DaysSinceEpoch(year, month, day);
        return true;
    }

    private static long DaysIn(long year, long month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    private static long DaysSinceEpoch(long year, long month, long day)
    {
        // Years begin in March here, so that a leap day is the last of one.
        if (month <= 2) year--;
        long era = (year >= 0 ? year : year - 399) / 400;
        long yearOfEra = year - era * 400;
        long dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
    }

    /// <summary>Hours of two digits or more, minutes and seconds.</summary>
    private static bool TakeClock(ref ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        int digits = NumberText.Digits(text);
        if (digits is < 2 or > 16 || text.Length < digits + 6) return false;
        ReadOnlySpan<byte> rest = text[digits..];
        if (rest[0] != ':' || rest[3] != ':' || NumberText.Digits(rest[1..3]) < 2 || NumberText.Digits(rest[4..6]) < 2)
            return false;
        long minute = Number(rest[1..3]), second = Number(rest[4..6]);
        if (minute > 59 || second > 59) return false;
        seconds = Number(text[..digits]) * 3600 + minute * 60 + second;
        text = rest[6..];
        return true;
    }

    /// <summary>One to nine digits after a point, where there is one.</summary>
    private static bool TakeFraction(ref ReadOnlySpan<byte> text, out long nanoseconds, out int digits)
    {
        (nanoseconds, digits) = (0, 0);
        if (!text.StartsWith((byte)'.')) return true;
        digits = NumberText.Digits(text[1..]);
        if (digits is < 1 or > NanosecondDigits) return false;
        nanoseconds = Number(text.Slice(1, digits)) * s_powers[NanosecondDigits - digits];
        text = text[(1 + digits)..];
        return true;
    }

    /// <summary>Seconds with a sign and a fraction, up to their S.</summary>
    private static bool TakeSeconds(ReadOnlySpan<byte> text, TimeUnit unit, out long value)
    {
        value = 0;
        bool isNegative = text.StartsWith((byte)'-');
        if (isNegative) text = text[1..];
        int digits = NumberText.Digits(text);
        if (digits is < 1 or > 19) return false;
        Int128 seconds = Int128.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
        text = text[digits..];
        if (!TakeFraction(ref text, out long nanoseconds, out _) || !text.SequenceEqual("S"u8)) return false;
        return TryCount(isNegative ? -seconds : seconds, isNegative ? -nanoseconds : nanoseconds, unit, out value);
    }

    /// <summary>Z, or hours and minutes east of Greenwich.</summary>
    private static bool TryOffset(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        if (text.SequenceEqual("Z"u8)) return true;
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || NumberText.Digits(text[1..3]) < 2 || NumberText.Digits(text[4..]) < 2)
        {
            return false;
        }

        long hours = Number(text[1..3]), minutes = Number(text[4..]);
        if (hours > 23 || minutes > 59) return false;
        seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static long Number(ReadOnlySpan<byte> digits)
    {
        long number = 0;
        foreach (byte digit in digits) number = number * 10 + (digit - '0');
        return number;
    }

    /// <summary>A timestamp: since 1970-01-01, with the digits that stood after its point.</summary>
    public readonly record struct Stamp(Int128 Seconds, long Nanoseconds, int Digits, bool IsInstant);
}
