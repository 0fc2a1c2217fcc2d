using System.Buffers;
using System.Globalization;
using System.Text;

namespace ArrowCid.Flight.Grpc;

/// <summary>How gRPC writes messages, timeouts and binary values into HTTP headers.</summary>
internal static class GrpcText
{
    // Clients refuse headers over 8 KiB together, and then the message hides the status.
    public const int MostMessageBytes = 2048;

    private static readonly SearchValues<byte> s_plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Where(b => b != '%').Select(b => (byte)b)]);

    /// <summary>UTF-8 with everything but printable ASCII and the percent sign itself escaped, and cut where it is
    /// long.</summary>
    public static string EscapeMessage(string message)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(message);
        if (bytes.AsSpan().IndexOfAnyExcept(s_plain) < 0 && bytes.Length <= MostMessageBytes) return message;
        var text = new StringBuilder(bytes.Length + 32);
        foreach (Rune rune in message.EnumerateRunes())
        {
            int before = text.Length;
            Span<byte> utf8 = stackalloc byte[4];
            foreach (byte b in utf8[..rune.EncodeToUtf8(utf8)])
            {
                if (s_plain.Contains(b)) text.Append((char)b);
                else text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }

            if (text.Length <= MostMessageBytes) continue;
            text.Length = before;
            return text.Append("...").ToString();
        }

        return text.ToString();
    }

    /// <summary>The message again; what is not escaped rightly stays as it is.</summary>
    public static string UnescapeMessage(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var bytes = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool isEscape = text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) &&
                char.IsAsciiHexDigit(text[i + 2]);
            if (isEscape)
            {
                bytes.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>A <c>grpc-timeout</c>: at most 8 digits and a unit.</summary>
    /// <returns>Null where there is none, or where it breaks the rule.</returns>
    public static TimeSpan? ParseTimeout(string? text)
    {
        if (text is not { Length: >= 2 and <= 9 }) return null;
        if (!uint.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out uint count))
            return null;
        double? seconds = text[^1] switch
        {
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            'm' => 1e-3,
            'u' => 1e-6,
            'n' => 1e-9,
            _ => null,
        };
        // Timers take no more than about 24 days.
        return seconds is { } unit ? TimeSpan.FromSeconds(Math.Min(count * unit, 24 * 86400)) : null;
    }

    public static string FormatTimeout(TimeSpan timeout)
    {
        long milliseconds = Math.Max(1, (long)timeout.TotalMilliseconds);
        return milliseconds < 100_000_000
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(milliseconds / 1000, 99_999_999)}S");
    }

    /// <summary>The values of a <c>-bin</c> header: base64 with or without padding, several joined by commas.</summary>
    /// <returns>The values that can be read.</returns>
    public static IEnumerable<byte[]> ParseBinary(IEnumerable<string?> values)
    {
        foreach (string part in values.SelectMany(value => (value ?? "").Split(',')))
        {
            string text = part.Trim().TrimEnd('=');
            byte[] bytes = new byte[text.Length * 3 / 4 + 3];
            string padded = text.PadRight((text.Length + 3) & ~3, '=');
            if (text.Length > 0 && Convert.TryFromBase64String(padded, bytes, out int length))
                yield return bytes[..length];
        }
    }
}
