using System.Globalization;
using System.Text;

namespace ArrowCid.Registry;

/// <summary>How values stand in a filter's text: times, spans, sizes, quotes.</summary>
internal static class FilterText
{
    private const int LongestSpan = 64;

    private static readonly (string Name, long Ticks)[] s_units =
    [
        ("w", 7 * TimeSpan.TicksPerDay), ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
    ];

    private static readonly (string Name, Int128 Bytes)[] s_sizes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1_000), ("kB", 1_000),
        ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    private static readonly (string Format, long Ticks)[] s_times =
    [
        ("yyyy-MM-dd", TimeSpan.TicksPerDay), ("yyyy-MM-dd'T'HH:mm", TimeSpan.TicksPerMinute),
        ("yyyy-MM-dd'T'HH:mm:ss", TimeSpan.TicksPerSecond),
        ("yyyy-MM-dd'T'HH:mm:ss.fff", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary>Whether a character may stand in a word: names, numbers, dates, CIDs and globs are words.</summary>
    public static bool IsOfWord(char c) =>
        char.IsLetterOrDigit(c) || char.IsSurrogate(c)
        || c is '_' or '-' or '.' or ':' or '/' or '@' or '+' or '*' or '?';

    /// <summary>Reads a date or time: the span of time that it names, a whole day or minute or second or
    /// millisecond.</summary>
    public static bool TryParseTime(ReadOnlySpan<char> text, out FilterTime time)
    {
        time = default;
        long offset = 0;
        ReadOnlySpan<char> local = text;
        if (text.Length > "yyyy-MM-dd".Length && !TrySplitZone(text, out local, out offset)) return false;
        for (int i = 0; i < s_times.Length; i++)
        {
            const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
            if (!DateTime.TryParseExact(local, s_times[i].Format, CultureInfo.InvariantCulture, Utc, out DateTime read))
                continue;
            long ticks = read.Ticks - offset;
            // A day is one of UTC and has no zone.
            bool isZonedDay = i == 0 && local.Length < text.Length;
            if (isZonedDay || ticks < 0 || ticks > DateTime.MaxValue.Ticks) return false;
            time = new FilterTime(ticks, i);
            return true;
        }

        return false;
    }

    public static string Print(FilterTime time) =>
        new DateTime(time.From, DateTimeKind.Utc).ToString(s_times[time.Precision].Format, CultureInfo.InvariantCulture)
        + (time.Precision == 0 ? "" : "Z");

    public static long TicksOf(int precision) => s_times[precision].Ticks;

    /// <summary>Reads <c>7d</c>, <c>1h30m</c>, <c>250ms</c>: whole numbers of ever smaller units.</summary>
    public static bool TryParseSpan(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.IsEmpty || text.Length > LongestSpan) return false;
        int next = 0;
        while (!text.IsEmpty)
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits < 1) return false;
            const NumberStyles Digits = NumberStyles.None;
            if (!long.TryParse(text[..digits], Digits, CultureInfo.InvariantCulture, out long n)) return false;
            text = text[digits..];
            int letters = text.IndexOfAnyInRange('0', '9');
            if (letters < 0) letters = text.Length;
            int unit = UnitOf(text[..letters], next);
            if (unit < 0) return false;
            Int128 sum = ticks + (Int128)n * s_units[unit].Ticks;
            if (sum > long.MaxValue) return false;
            ticks = (long)sum;
            text = text[letters..];
            next = unit + 1;
        }

        return true;
    }

    /// <summary>A span in whole milliseconds, in days and smaller units.</summary>
    public static string PrintSpan(long ticks)
    {
        var text = new StringBuilder();
        foreach ((string name, long unit) in s_units.AsSpan(1))
        {
            if (ticks < unit) continue;
            text.Append(CultureInfo.InvariantCulture, $"{ticks / unit}{name}");
            ticks %= unit;
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    /// <summary>Reads <c>64KiB</c>, <c>1.5MB</c>: a number of units that is a whole number of bytes.</summary>
    public static bool TryParseSize(ReadOnlySpan<char> text, out FilterNumber bytes)
    {
        bytes = default;
        foreach ((string name, Int128 unit) in s_sizes)
        {
            if (!text.EndsWith(name, StringComparison.Ordinal)) continue;
            const NumberStyles Plain = NumberStyles.AllowDecimalPoint;
            ReadOnlySpan<char> number = text[..^name.Length];
            // A decimal keeps 1.1 what it is, and its 28 digits are enough for every size.
            if (number.IsEmpty || !char.IsAsciiDigit(number[0]) || !char.IsAsciiDigit(number[^1])
                || !decimal.TryParse(number, Plain, CultureInfo.InvariantCulture, out decimal count)
                || count > long.MaxValue / 1000)
            {
                return false;
            }

            decimal product = count * (decimal)unit;
            if (product > long.MaxValue || product != decimal.Truncate(product)) return false;
            bytes = FilterNumber.Of((Int128)product);
            return true;
        }

        return false;
    }

    /// <summary>A text in quotes, with escapes for what is no character or would not be seen.</summary>
    public static void Quote(string text, StringBuilder to)
    {
        to.Append('"');
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1])) to.Append(c).Append(text[++i]);
            else if (c is '"' or '\\') to.Append('\\').Append(c);
            else if (c is '\n') to.Append("\\n");
            else if (c is '\r') to.Append("\\r");
            else if (c is '\t') to.Append("\\t");
            else if (!char.IsControl(c) && !char.IsSurrogate(c)) to.Append(c);
            else to.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        to.Append('"');
    }

    private static int UnitOf(ReadOnlySpan<char> name, int from)
    {
        for (int i = from; i < s_units.Length; i++)
        {
            if (name.SequenceEqual(s_units[i].Name)) return i;
        }

        return -1;
    }

    private static bool TrySplitZone(ReadOnlySpan<char> text, out ReadOnlySpan<char> local, out long offset)
    {
        const int ZoneLength = 6;
        local = text;
        offset = 0;
        if (text[^1] is 'Z' or 'z')
        {
            local = text[..^1];
            return true;
        }

        ReadOnlySpan<char> zone = text[^ZoneLength..];
        if (zone[0] is not ('+' or '-') || zone[3] != ':') return true;
        if (!int.TryParse(zone[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
            || !int.TryParse(zone[4..], NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            || hours > 14 || minutes > 59)
        {
            return false;
        }

        offset = (hours * TimeSpan.TicksPerHour + minutes * TimeSpan.TicksPerMinute) * (zone[0] == '-' ? -1 : 1);
        local = text[..^ZoneLength];
        return true;
    }
}
