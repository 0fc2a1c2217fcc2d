using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight.Access;

/// <summary>Decides who may do what: the one place that Flight and HTTP ask. For any number of threads.</summary>
internal sealed class AccessGate : IDisposable
{
    private readonly AccessSettings _settings;
    private readonly IReadOnlyList<KnownToken> _tokens;
    private readonly SignedToken? _signed;
    private readonly RefusalLog _refusals;
    private readonly TimeProvider _time;

    private AccessGate(AccessSettings settings, IReadOnlyList<KnownToken> tokens, SignedToken? signed, ILogger log,
        TimeProvider time) =>
        (_settings, _tokens, _signed, _time, _refusals) =
        (settings, tokens, signed, time, new RefusalLog(log, time));

    /// <summary>Whether anybody but a local client has a token.</summary>
    public bool HasTokens => _signed is not null || _tokens.Any(token => !token.IsLocal);

    /// <summary>Reads the tokens and keys that the settings name.</summary>
    /// <param name="settings">Who may do what.</param>
    /// <param name="localToken">The token that callers of this machine show; null for none.</param>
    /// <param name="log">Gets the refusals.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArrowCidException">A file cannot be read.</exception>
    public static AccessGate Open(AccessSettings settings, string? localToken, ILogger log, TimeProvider? time = null)
    {
        var tokens = new List<KnownToken>();
        if (localToken is not null)
            tokens.Add(new KnownToken("local", AccessScope.Admin, TokenFile.HashOf(localToken), IsLocal: true));
        if (settings.TokenFile is { } file) tokens.AddRange(TokenFile.Read(file));
        SignedToken? signed = settings.SigningKeys is { } keys ? SignedToken.Open(keys, settings.Audience) : null;
        return new AccessGate(settings, tokens, signed, log, time ?? TimeProvider.System);
    }

    /// <summary>Decides. A refusal is logged, without the token, unless there are too many.</summary>
    /// <param name="credentials">What the caller shows.</param>
    /// <param name="need">What the call asks for.</param>
    /// <param name="peer">Who calls.</param>
    /// <param name="target">What it is about, for the log: a route or a method.</param>
    public AccessDecision Decide(in Credentials credentials, AccessNeed need, in Peer peer, string target)
    {
        AccessDecision decision = Judge(in credentials, need, in peer);
        if (!decision.IsAllowed) Count(in peer, target, need, in decision);
        return decision;
    }

    /// <summary>Counts and logs a refusal.</summary>
    public void Count(in Peer peer, string target, AccessNeed need, in AccessDecision decision)
    {
        ServerFigures.Refused.Add(1, new KeyValuePair<string, object?>("protocol", peer.Protocol));
        _refusals.Write(in peer, target, need, in decision);
    }

    public void Dispose()
    {
        _refusals.Dispose();
        _signed?.Dispose();
    }

    /// <summary>Decides without a line in the log.</summary>
    public AccessDecision Judge(in Credentials credentials, AccessNeed need, in Peer peer)
    {
        AccessScope least = AccessDecision.Least(need);
        if (credentials.Token is { } token)
        {
            // A wrong token is refused also where none is needed: its owner believes it counts.
            if (Prove(token, in peer) is not { } known)
                return new AccessDecision(Refusal.WrongToken, peer.ToString(), AccessScope.None);
            Refusal refusal = known.Scope >= least ? Refusal.None : Refusal.SmallScope;
            return new AccessDecision(refusal, known.Name, known.Scope);
        }

        if (credentials.Certificate is { } name && _settings.ClientScope != AccessScope.None)
        {
            Refusal refusal = _settings.ClientScope >= least ? Refusal.None : Refusal.SmallScope;
            return new AccessDecision(refusal, name, _settings.ClientScope);
        }

        return IsOpen(need, in peer)
            ? new AccessDecision(Refusal.None, peer.ToString(), least)
            : new AccessDecision(Refusal.NoToken, peer.ToString(), AccessScope.None);
    }

    /// <summary>Whether no token is needed.</summary>
    private bool IsOpen(AccessNeed need, in Peer peer) => need switch
    {
        AccessNeed.Fetch => _settings.AnonymousRead == AnonymousRead.Always
            || (_settings.AnonymousRead == AnonymousRead.Loopback && peer.IsLocal),
        AccessNeed.Put => _settings.AllowAnonymousPut && peer.Protocol == Peer.Flight && peer.IsLocal,
        _ => false,
    };

    private KnownToken? Prove(string token, in Peer peer)
    {
        DateTimeOffset now = _time.GetUtcNow();
        byte[] hash = TokenFile.HashOf(token);
        KnownToken? found = null;
        // Every token is compared, whole, so that the time tells nothing.
        foreach (KnownToken known in _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Hash)) found = known;
        }

        if (found is not null)
            return found.Expires <= now || (found.IsLocal && !peer.IsLocal) ? null : found;
        return _signed is not null && SignedToken.IsForm(token) ? _signed.Prove(token, now) : null;
    }
}
