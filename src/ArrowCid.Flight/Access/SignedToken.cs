using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ArrowCid.Flight.Access;

/// <summary>
/// Tokens that are signed and expire: JSON Web Tokens (RFC 7519) of the algorithm ES256 alone. <c>exp</c> is required,
/// <c>nbf</c> counts, <c>scope</c> is <c>read</c>, <c>put</c> or <c>admin</c>, <c>sub</c> names whom it was given to.
/// </summary>
internal sealed class SignedToken : IDisposable
{
    private const int MaxLength = 4096;
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(30);
    private readonly ECDsa[] _keys;
    private readonly string? _audience;

    private SignedToken(ECDsa[] keys, string? audience) => (_keys, _audience) = (keys, audience);

    /// <summary>Reads public keys in PEM.</summary>
    /// <exception cref="ArrowCidException">There is none, or one is not of P-256.</exception>
    public static SignedToken Open(string path, string? audience)
    {
        try
        {
            return new SignedToken([.. Keys(File.ReadAllText(path), path)], audience);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the signing keys cannot be read from {path}: {e.Message}", e);
        }
    }

    /// <summary>Whether a token has the form of a signed one.</summary>
    public static bool IsForm(string token) => token.Count(c => c == '.') == 2;

    /// <summary>Makes a token.</summary>
    public static string Make(ECDsa key, string subject, AccessScope scope, DateTimeOffset expires, string? audience)
    {
        using var claims = new MemoryStream();
        using (var writer = new Utf8JsonWriter(claims))
        {
            writer.WriteStartObject();
            writer.WriteString("sub", subject);
            writer.WriteString("scope", scope.ToString().ToLowerInvariant());
            writer.WriteNumber("exp", expires.ToUnixTimeSeconds());
            if (audience is not null) writer.WriteString("aud", audience);
            writer.WriteEndObject();
        }

        string text = Base64Url.EncodeToString("""{"alg":"ES256","typ":"JWT"}"""u8) + "."
            + Base64Url.EncodeToString(claims.ToArray());
        byte[] signature = key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256);
        return text + "." + Base64Url.EncodeToString(signature);
    }

    /// <summary>Proves a token.</summary>
    /// <returns>Whom it was given to and what it allows; null where it is not right.</returns>
    public KnownToken? Prove(string token, DateTimeOffset now)
    {
        if (token.Length > MaxLength) return null;
        string[] parts = token.Split('.');
        if (parts.Length != 3 || !TryDecode(parts[0], out byte[] header) || !TryDecode(parts[1], out byte[] claims)
            || !TryDecode(parts[2], out byte[] signature))
        {
            return null;
        }

        byte[] signed = Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]);
        if (!IsRightHeader(header) || !Array.Exists(_keys, key => IsRight(key, signed, signature))) return null;
        return Read(claims, now);
    }

    public void Dispose()
    {
        foreach (ECDsa key in _keys) key.Dispose();
    }

    private static bool IsRight(ECDsa key, byte[] signed, byte[] signature)
    {
        // An ECDsa may not be used by two threads at once.
        lock (key) return key.VerifyData(signed, signature, HashAlgorithmName.SHA256);
    }

    private static IEnumerable<ECDsa> Keys(string pem, string path)
    {
        int found = 0;
        for (string rest = pem; PemEncoding.TryFind(rest, out PemFields fields); rest = rest[fields.Location.End..])
        {
            var key = ECDsa.Create();
            key.ImportFromPem(rest.AsSpan(fields.Location));
            if (key.KeySize != 256)
                throw new ArgumentException($"a key of {key.KeySize} bits; ES256 has P-256");
            found++;
            yield return key;
        }

        if (found == 0) throw new ArgumentException($"there is no PEM key in {path}");
    }

    /// <summary>The algorithm is fixed: a header that asks for another, or for what is not known, is refused.</summary>
    private static bool IsRightHeader(byte[] json) => TryParse(json, out JsonElement header)
        && header.TryGetProperty("alg", out JsonElement alg) && alg.ValueKind == JsonValueKind.String
        && alg.ValueEquals("ES256") && !header.TryGetProperty("crit", out _);

    private KnownToken? Read(byte[] json, DateTimeOffset now)
    {
        if (!TryParse(json, out JsonElement claims) || !TryTime(claims, "exp", out DateTimeOffset? end)
            || end is not { } expires || !TryTime(claims, "nbf", out DateTimeOffset? begin))
        {
            return null;
        }

        // Counted from now, which is far from both ends of time: 253402300799 is a usual "never".
        if (now - s_skew >= expires || (begin is { } start && now + s_skew < start) || !IsForUs(claims)) return null;
        if (!claims.TryGetProperty("scope", out JsonElement scope) || scope.ValueKind != JsonValueKind.String
            || !TokenFile.TryParseScope(scope.GetString()!, out AccessScope allowed))
        {
            return null;
        }

        string name = claims.TryGetProperty("sub", out JsonElement sub) && sub.ValueKind == JsonValueKind.String
            ? sub.GetString()!
            : "signed";
        return new KnownToken(name, allowed, [], expires);
    }

    private bool IsForUs(JsonElement claims)
    {
        if (_audience is null) return true;
        if (!claims.TryGetProperty("aud", out JsonElement aud)) return false;
        return aud.ValueKind switch
        {
            JsonValueKind.String => aud.ValueEquals(_audience),
            JsonValueKind.Array => aud.EnumerateArray().Any(each =>
                each.ValueKind == JsonValueKind.String && each.ValueEquals(_audience)),
            _ => false,
        };
    }

    /// <summary>False where a claim is there and is no time.</summary>
    private static bool TryTime(JsonElement claims, string name, out DateTimeOffset? time)
    {
        time = null;
        if (!claims.TryGetProperty(name, out JsonElement value)) return true;
        const double Most = 253402300799;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double seconds)
            || seconds is not (>= 0 and <= Most))
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeSeconds((long)seconds);
        return true;
    }

    private static bool TryParse(byte[] json, out JsonElement found)
    {
        const int Depth = 8;
        found = StrictJson.Parse(json, Depth, out string? error);
        return error is null && found.ValueKind == JsonValueKind.Object;
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text) || text.EndsWith('=')) return false;
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }
}
