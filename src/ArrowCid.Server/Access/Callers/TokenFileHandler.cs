using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ArrowCid.Server.Access;

/// <summary>Authenticates callers by the tokens of the token file and by that of local clients.</summary>
internal sealed class TokenFileHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger,
    UrlEncoder encoder, CallerProofs proofs)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "token-file";

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        if (Credentials.Of(Context).Token is not { } token) return AuthenticateResult.NoResult();
        bool isLocal = new CallerConnection(Context.Connection.RemoteIpAddress, CallerConnection.Http).IsLocal;
        if (!proofs.TryFind(token, isLocal, out KnownToken? known)) return AuthenticateResult.NoResult();
        return known is null
            ? AuthenticateResult.Fail("the token has expired, or is for callers of this machine")
            : AuthenticateResult.Success(new AuthenticationTicket(
                Caller.PrincipalOf(known.Name, known.Scope, SchemeName), SchemeName));
    }
}
