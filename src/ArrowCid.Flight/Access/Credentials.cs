using System.Text;

namespace ArrowCid.Flight.Access;

/// <summary>What a caller shows.</summary>
/// <param name="Token">A token; null where none was shown.</param>
/// <param name="Certificate">The name in a client's certificate that was proved; null where there is none.</param>
internal readonly record struct Credentials(string? Token, string? Certificate)
{
    private const int MaxLength = 8192;

    /// <summary>Reads the header <c>authorization</c>: <c>Bearer TOKEN</c>, or <c>Basic</c>, whose password is the
    /// token. Anything else is a token that nobody has.</summary>
    public static Credentials FromHeader(string? header, string? certificate = null)
    {
        if (string.IsNullOrEmpty(header)) return new Credentials(null, certificate);
        int space = header.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || header.Length > MaxLength) return new Credentials("", certificate);
        ReadOnlySpan<char> scheme = header.AsSpan(0, space);
        string value = header[(space + 1)..].Trim();
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) return new Credentials(value, certificate);
        return scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
            ? new Credentials(PasswordOf(value), certificate)
            : new Credentials("", certificate);
    }

    private static string PasswordOf(string basic)
    {
        byte[] bytes = new byte[basic.Length];
        if (!Convert.TryFromBase64String(basic, bytes, out int length)) return "";
        string text = Encoding.UTF8.GetString(bytes, 0, length);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? "" : text[(colon + 1)..];
    }
}
