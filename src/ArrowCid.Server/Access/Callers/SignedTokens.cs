using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ArrowCid.Server.Access;

/// <summary>
/// Proves tokens that are signed and expire: JSON Web Tokens (RFC 7519) of the algorithm ES256 alone. <c>exp</c> is
/// required, <c>nbf</c> counts, <c>scope</c> is <c>read</c>, <c>put</c> or <c>admin</c>, <c>sub</c> is the name of the
/// caller. The library checks signature, algorithm, times and audience; the JSON must also be strict, because parsers
/// disagree about repeated keys. For any number of threads.
/// </summary>
internal sealed class SignedTokens : IDisposable
{
    private const int MaxLength = 4096;
    private const int Parts = 3;
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(30);
    private static readonly SearchValues<char> s_alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxLength };
    private readonly ECDsa[] _keys;
    private readonly TokenValidationParameters _rules;

    private SignedTokens(ECDsa[] keys, string? audience, TimeProvider time)
    {
        _keys = keys;
        _rules = new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            IssuerSigningKeys = [.. keys.Select(static key => new ECDsaSecurityKey(key))],
            // The shared cache would keep a key that is disposed of.
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
            RequireSignedTokens = true,
            ValidateIssuer = false,
            ValidateAudience = audience is not null,
            ValidAudience = audience,
            IgnoreTrailingSlashWhenValidatingAudience = false,
            LifetimeValidator = (start, end, _, _) => IsInTime(start, end, time.GetUtcNow()),
        };
    }

    /// <summary>Reads public keys in PEM.</summary>
    /// <param name="path">The file.</param>
    /// <param name="audience">The audience that tokens must have; null for any.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArrowCidException">The file has no key, or one that is not of P-256.</exception>
    public static SignedTokens Open(string path, string? audience, TimeProvider time)
    {
        try
        {
            return new SignedTokens([.. Keys(File.ReadAllText(path), path)], audience, time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the signing keys cannot be read from {path}: {e.Message}", e);
        }
    }

    /// <summary>Whether a token has the form of a signed one.</summary>
    public static bool IsForm(string token) => token.Count(c => c == '.') == Parts - 1;

    /// <summary>Proves a token.</summary>
    /// <returns>The name and scope of its caller; null where it is not right.</returns>
    public async ValueTask<KnownToken?> ProveAsync(string token)
    {
        if (token.Length > MaxLength || !TryReadClaims(token, out JsonElement claims)) return null;
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, _rules).ConfigureAwait(false);
        if (!result.IsValid || TextOf(claims, "scope") is not { } scope
            || !TokenFile.TryParseScope(scope, out AccessScope allowed))
        {
            return null;
        }

        return new KnownToken(TextOf(claims, "sub") ?? "signed", allowed, []);
    }

    public void Dispose()
    {
        foreach (ECDsa key in _keys) key.Dispose();
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

    /// <summary>Whether a token counts now. The difference is added to the present, which is far from both ends of
    /// time: 253402300799 is a usual "never".</summary>
    private static bool IsInTime(DateTime? start, DateTime? end, DateTimeOffset now) =>
        end is { } expires && now.UtcDateTime - s_skew < expires
        && (start is not { } begins || now.UtcDateTime + s_skew >= begins);

    /// <summary>Reads the claims of a token whose header and claims are strict JSON objects.</summary>
    /// <returns>False where they are not, where the header asks for an extension, and where a time is none.</returns>
    private static bool TryReadClaims(string token, out JsonElement claims)
    {
        claims = default;
        string[] parts = token.Split('.');
        return parts.Length == Parts && Array.TrueForAll(parts, IsBase64Url)
            && TryParse(parts[0], out JsonElement header) && !header.TryGetProperty("crit", out _)
            && TryParse(parts[1], out claims) && IsTimeOrAbsent(claims, "exp")
            && IsTimeOrAbsent(claims, "nbf");
    }

    private static bool IsBase64Url(string part) =>
        part.AsSpan().IndexOfAnyExcept(s_alphabet) < 0 && Base64Url.IsValid(part);

    private static bool TryParse(string part, out JsonElement found)
    {
        const int Depth = 8;
        found = StrictJson.Parse(Base64Url.DecodeFromChars(part), Depth, out string? error);
        return error is null && found.ValueKind == JsonValueKind.Object;
    }

    private static bool IsTimeOrAbsent(JsonElement claims, string name)
    {
        const double Last = 253402300799;
        return !claims.TryGetProperty(name, out JsonElement value)
            || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double seconds)
                && seconds is >= 0 and <= Last);
    }

    private static string? TextOf(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
