using System.Security.Claims;

namespace ArrowCid.Server.Access;

/// <summary>The caller that a request's credentials prove.</summary>
/// <param name="Name">The name of the token or certificate; null where none was proved.</param>
/// <param name="Scope">What the caller may do.</param>
/// <param name="HasCredentials">Whether the request showed any.</param>
internal sealed record Caller(string? Name, AccessScope Scope, bool HasCredentials)
{
    private const string ScopeClaim = "scope";

    /// <summary>A caller without credentials.</summary>
    public static Caller Anonymous { get; } = new(null, AccessScope.None, false);

    /// <summary>A caller whose credentials are not right.</summary>
    public static Caller Refused { get; } = new(null, AccessScope.None, true);

    /// <summary>Returns the principal of a caller that was proved.</summary>
    /// <param name="name">The name.</param>
    /// <param name="scope">What the caller may do.</param>
    /// <param name="scheme">How it was proved.</param>
    public static ClaimsPrincipal PrincipalOf(string name, AccessScope scope, string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, name), new Claim(ScopeClaim, AccessDecision.Text(scope))], scheme));

    /// <summary>Returns the caller of a principal that <see cref="PrincipalOf"/> made.</summary>
    public static Caller Of(ClaimsPrincipal principal)
    {
        _ = TokenFile.TryParseScope(principal.FindFirst(ScopeClaim)!.Value, out AccessScope scope);
        return new Caller(principal.Identity!.Name, scope, true);
    }
}
