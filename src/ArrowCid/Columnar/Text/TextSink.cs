using System.Globalization;

namespace ArrowCid.Columnar;

/// <summary>
/// Where a value's text goes, up to a limit. Views and list views can make one byte into any amount of text, so there
/// always is one: past it, a sink either stays silent (<see cref="IsFull"/>) or refuses.
/// </summary>
internal sealed class TextSink(TextWriter writer, long limit, bool cuts)
{
    private readonly long _limit = limit;
    private long _left = limit;

    public TextEscape Escape { get; set; }

    /// <summary>Whether nothing more will be written: the caller need not go on.</summary>
    public bool IsFull => _left <= 0;

    /// <summary>Begins a new value with the whole limit.</summary>
    public void Restart() => _left = _limit;

    public void Write(char value) => Write(new ReadOnlySpan<char>(in value));

    public void Write(ReadOnlySpan<char> text)
    {
        if (text.Length > _left)
        {
            if (!cuts)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    string.Create(CultureInfo.InvariantCulture, $"A row has more than {_limit} characters of text"));
            }

            text = text[..(int)Math.Max(_left, 0)];
        }

        _left -= text.Length;
        if (Escape == TextEscape.None) writer.Write(text);
        else WriteEscaped(text);
    }

    /// <summary>Writes a number or another value that formats itself, in the invariant culture.</summary>
    public void Write<T>(T value, ReadOnlySpan<char> format = default) where T : ISpanFormattable
    {
        Span<char> text = stackalloc char[64];
        if (value.TryFormat(text, out int written, format, CultureInfo.InvariantCulture)) Write(text[..written]);
        else Write(value.ToString(format.ToString(), CultureInfo.InvariantCulture));
    }

    private void WriteEscaped(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (Escape == TextEscape.DoubleQuotes)
            {
                if (c == '"') writer.Write('"');
                writer.Write(c);
            }
            else if (IsVisible(c))
            {
                writer.Write(c);
            }
            else
            {
                writer.Write(c switch
                {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                });
            }
        }
    }

    private static bool IsVisible(char c)
    {
        if (c is >= ' ' and <= '~') return true;
        const char joiner = '\u200D';
        const char nonJoiner = '\u200C';
        return c is joiner or nonJoiner || char.GetUnicodeCategory(c) is not (UnicodeCategory.Control
            or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
    }
}
