using System.Security.Cryptography;

namespace ArrowCid.Server.Access;

/// <summary>The tokens and keys of a server, by which callers are proved. For any number of threads.</summary>
internal sealed class CallerProofs : IDisposable
{
    private readonly IReadOnlyList<KnownToken> _tokens;
    private readonly TimeProvider _time;
    private volatile KnownToken? _local;

    private CallerProofs(IReadOnlyList<KnownToken> tokens, SignedTokens? signed, AccessScope clientScope,
        TimeProvider time) => (_tokens, Signed, ClientScope, _time) = (tokens, signed, clientScope, time);

    /// <summary>Whether any token but that of local clients is accepted.</summary>
    public bool HasTokens => Signed is not null || _tokens.Count > 0;

    /// <summary>Proves signed tokens; null where there are no keys.</summary>
    public SignedTokens? Signed { get; }

    /// <summary>What a caller with a certificate of the right authority may do.</summary>
    public AccessScope ClientScope { get; }

    /// <summary>Reads the tokens and keys that the settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="time">The clock; null for the machine's.</param>
    /// <exception cref="ArrowCidException">A file cannot be read.</exception>
    public static CallerProofs Open(AccessSettings settings, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        IReadOnlyList<KnownToken> tokens = settings.TokenFile is { } file ? TokenFile.Read(file) : [];
        SignedTokens? signed =
            settings.SigningKeys is { } keys ? SignedTokens.Open(keys, settings.Audience, time) : null;
        return new CallerProofs(tokens, signed, settings.ClientScope, time);
    }

    /// <summary>Accepts a token of callers on this machine; null accepts none.</summary>
    public void AcceptLocal(string? token) => _local = token is null
        ? null
        : new KnownToken("local", AccessScope.Admin, TokenFile.HashOf(token), IsLocal: true);

    /// <summary>Finds a token of the token file, or that of local clients.</summary>
    /// <param name="token">What the caller shows.</param>
    /// <param name="isLocal">Whether it calls from this machine.</param>
    /// <param name="found">The token; null where it has expired or does not count for the caller.</param>
    /// <returns>Whether the token is listed.</returns>
    public bool TryFind(string token, bool isLocal, out KnownToken? found)
    {
        found = null;
        byte[] hash = TokenFile.HashOf(token);
        // Every token is compared, whole, so that the time tells nothing.
        foreach (KnownToken known in _local is { } local ? _tokens.Append(local) : _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Hash)) found = known;
        }

        if (found is null) return false;
        if (found.Expires <= _time.GetUtcNow() || (found.IsLocal && !isLocal)) found = null;
        return true;
    }

    /// <summary>Returns whether a token is in the token file or that of local clients, expired or not.</summary>
    public bool IsListed(string token) => TryFind(token, isLocal: false, out _);

    public void Dispose() => Signed?.Dispose();
}
