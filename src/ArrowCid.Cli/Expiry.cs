using ArrowCid.Registry;

namespace ArrowCid.Cli;

/// <summary>When a block expires.</summary>
/// <param name="At">A time; the greatest is never. Null where it is a duration.</param>
/// <param name="After">The duration from the put.</param>
internal readonly record struct Expiry(DateTimeOffset? At, TimeSpan? After)
{
    /// <summary>Reads <c>never</c>, a duration or a time; null where it is none.</summary>
    public static Expiry? TryParse(string text, DateTimeOffset now)
    {
        if (text == "never") return new Expiry(DateTimeOffset.MaxValue, null);
        if (Filter.TryParseSpan(text, out TimeSpan span) && span < DateTimeOffset.MaxValue - now)
            return new Expiry(null, span);
        return Filter.TryParseTime(text, out DateTimeOffset time) ? new Expiry(time, null) : null;
    }
}
