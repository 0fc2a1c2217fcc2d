using System.Text;

namespace ArrowCid;

/// <summary>Percent encoding of UTF-8, as in URLs.</summary>
internal static class PercentEncoding
{
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Decodes percent-encoded UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        var bytes = new List<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                if (!char.IsAscii(text[i])) return false;
                bytes.Add((byte)text[i]);
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                return false;
            bytes.Add(Convert.FromHexString(text.Slice(i + 1, 2))[0]);
            i += 2;
        }

        try
        {
            decoded = s_utf8.GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
