namespace ArrowCid.Server.Access;

/// <summary>Whether a call may go on.</summary>
/// <param name="Refusal">Why not.</param>
/// <param name="Client">Whom limits and logs count it for: a token's name, or an address.</param>
/// <param name="Scope">What the caller may do.</param>
internal readonly record struct AccessDecision(Refusal Refusal, string Client, AccessScope Scope)
{
    public bool IsAllowed => Refusal == Refusal.None;

    /// <summary>What to tell the caller.</summary>
    public string Message(AccessNeed need) => Refusal switch
    {
        Refusal.NoToken => $"this needs a token with the scope {ScopeOf(need)}: authorization: Bearer TOKEN" +
            $" (on this machine the token is in the store's file {TokenFile.LocalName})",
        Refusal.WrongToken => "the token is unknown or has expired",
        Refusal.SmallScope => $"this needs the scope {ScopeOf(need)}; this caller has {Text(Scope)}",
        Refusal.Role => "the role of this server is to be read: nothing is stored or changed through it",
        _ => "",
    };

    /// <summary>The least scope that allows something.</summary>
    public static AccessScope Least(AccessNeed need) => need switch
    {
        AccessNeed.Fetch or AccessNeed.List => AccessScope.Read,
        AccessNeed.Put => AccessScope.Put,
        _ => AccessScope.Admin,
    };

    /// <summary>The word for a scope in tokens and messages.</summary>
    public static string Text(AccessScope scope) => scope.ToString().ToLowerInvariant();

    private static string ScopeOf(AccessNeed need) => Text(Least(need));
}
