namespace ArrowCid.Server.Access;

/// <summary>A token as it is known here: by its hash.</summary>
/// <param name="Name">Whom it was given to.</param>
/// <param name="Scope">What it allows.</param>
/// <param name="Hash">SHA-256 of its text. Tokens are random, so no salt is needed.</param>
/// <param name="Expires">When it ends; null is never.</param>
/// <param name="IsLocal">Whether it counts for callers of this machine alone.</param>
internal sealed record KnownToken(string Name, AccessScope Scope, byte[] Hash, DateTimeOffset? Expires = null,
    bool IsLocal = false);
