using System.Text;
using ArrowCid.Server.Grpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Access;

/// <summary>What a caller shows.</summary>
/// <param name="Token">A token; null where none was shown.</param>
/// <param name="Certificate">The name in a client's certificate that was proved; null where there is none.</param>
internal readonly record struct Credentials(string? Token, string? Certificate)
{
    /// <summary>Binary metadata of gRPC with a token, as handshakes of the older kind leave it with clients.</summary>
    public const string TokenHeader = "auth-token-bin";

    private const int MaxLength = 8192;

    /// <summary>Reads the credentials of a request. Calls of gRPC may show their token in <see
    /// cref="TokenHeader"/>.</summary>
    public static Credentials Of(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        string header = headers[HeaderNames.Authorization].ToString();
        bool isGrpc = headers.ContentType.ToString().StartsWith("application/grpc", StringComparison.Ordinal);
        if (header.Length == 0 && isGrpc
            && BinaryHeader.Parse(headers[TokenHeader]).FirstOrDefault() is { } token)
        {
            header = $"Bearer {Encoding.UTF8.GetString(token)}";
        }

        return FromHeader(header,
            context.Connection.ClientCertificate is { } certificate ? TlsFiles.NameOf(certificate) : null);
    }

    /// <summary>Returns a header <c>authorization</c> for any token.</summary>
    public static string HeaderOf(string token) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($":{token}"));

    /// <summary>Reads the header <c>authorization</c>: <c>Bearer TOKEN</c>, or <c>Basic</c>, whose password is the
    /// token. Anything else is an unknown token.</summary>
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
