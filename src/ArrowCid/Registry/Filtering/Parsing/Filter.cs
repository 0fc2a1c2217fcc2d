using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ArrowCid.Registry;

/// <summary>
/// A condition on a store's entries, such as <c>tag.day = "2026-11-20" and rows &gt; 1000 and age &lt; 7d</c>. The
/// language is described in <c>Registry/FILTER.md</c>. Immutable; for any number of threads.
/// </summary>
public sealed class Filter
{
    /// <summary>The most UTF-16 code units of a filter's text.</summary>
    public const int MaxLength = 16_384;

    /// <summary>The most parentheses and <c>not</c> inside each other.</summary>
    public const int MaxDepth = 64;

    private readonly FilterNode _root;

    private Filter(FilterNode root) => _root = root;

    /// <summary>The filter's tree.</summary>
    internal FilterNode Root => _root;

    /// <summary>Whether the filter tests the kinds of blocks.</summary>
    internal bool TestsKind => _root.Tests(FilterFieldKind.Kind);

    /// <summary>Reads a filter.</summary>
    /// <param name="text">Its text.</param>
    /// <returns>The filter.</returns>
    /// <exception cref="InvalidFilterException">The text is no filter; it says where and what was expected.</exception>
    public static Filter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Filter(FilterParser.Parse(text));
    }

    /// <summary>Reads a filter.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="filter">The filter, or null.</param>
    /// <returns>False where the text is no filter.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Filter? filter)
    {
        filter = null;
        if (text is null) return false;
        try
        {
            filter = new Filter(FilterParser.Parse(text));
            return true;
        }
        catch (InvalidFilterException)
        {
            return false;
        }
    }

    /// <summary>Reads a span of time as filters write it: <c>7d</c>, <c>1h30m</c>, <c>250ms</c>.</summary>
    /// <param name="text">Whole numbers of w, d, h, m, s, ms, each unit smaller than the one before.</param>
    /// <param name="span">The span.</param>
    /// <returns>False where the text is none.</returns>
    public static bool TryParseSpan([NotNullWhen(true)] string? text, out TimeSpan span)
    {
        bool isSpan = FilterText.TryParseSpan(text, out long ticks);
        span = isSpan ? new TimeSpan(ticks) : default;
        return isSpan;
    }

    /// <summary>Reads a number of bytes as filters have it.</summary>
    /// <param name="text">Such as <c>4096</c>, <c>1.5MB</c> or <c>2GiB</c>.</param>
    /// <param name="bytes">The number.</param>
    /// <returns>False where it is none, or over 2^63 - 1.</returns>
    public static bool TryParseSize([NotNullWhen(true)] string? text, out long bytes)
    {
        bytes = 0;
        if (text is null) return false;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes)) return true;
        return FilterText.TryParseSize(text, out FilterNumber size) && size.TryGetInt64(out bytes);
    }

    /// <summary>Reads a date or time as filters write it: <c>2026-11-20</c>,
    /// <c>2026-11-20T09:30:00+01:00</c>.</summary>
    /// <param name="text">A date, or a date and a time to the minute, second or millisecond; without a zone it is
    /// UTC.</param>
    /// <param name="time">Its first moment.</param>
    /// <returns>False where the text is none.</returns>
    public static bool TryParseTime([NotNullWhen(true)] string? text, out DateTimeOffset time)
    {
        bool isTime = FilterText.TryParseTime(text, out FilterTime read);
        time = isTime ? new DateTimeOffset(read.From, TimeSpan.Zero) : default;
        return isTime;
    }

    /// <summary>The filter in its canonical form: filters with the same form let the same entries pass, and the form
    /// reads back as this filter.</summary>
    /// <returns>A text that <see cref="Parse"/> takes, unless what was read was so near to <see cref="MaxLength"/> that
    /// this form is longer.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        _root.Print(text);
        return text.ToString();
    }

    /// <summary>Whether an entry passes.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="now">The time that ages and times left are counted from.</param>
    /// <returns>True where it does.</returns>
    public bool Matches(StoredEntry entry, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _root.Matches(entry, now.UtcTicks);
    }
}
