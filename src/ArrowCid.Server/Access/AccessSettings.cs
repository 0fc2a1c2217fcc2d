namespace ArrowCid.Server.Access;

/// <summary>Who may do what.</summary>
internal sealed record AccessSettings
{
    /// <summary>Which callers may fetch by CID without a token.</summary>
    public AnonymousRead AnonymousRead { get; init; } = AnonymousRead.Loopback;

    /// <summary>Whether callers change nothing, whatever their scope.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether Flight takes puts without a token; HTTP never does, for a browser would send them.</summary>
    public bool AllowAnonymousPut { get; init; }

    /// <summary>A file of tokens (<see cref="Access.TokenFile"/>); null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>A file of public keys in PEM that sign tokens with ES256; null for none.</summary>
    public string? SigningKeys { get; init; }

    /// <summary>What a signed token must have as <c>aud</c>; null: it is not looked at.</summary>
    public string? Audience { get; init; }

    /// <summary>The scope of callers with a certificate of the right authority.</summary>
    public AccessScope ClientScope { get; init; } = AccessScope.Read;
}
