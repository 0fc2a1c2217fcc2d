using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ArrowCid.Server.Access;

/// <summary>Authenticates callers by signed tokens.</summary>
internal sealed class SignedTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger,
    UrlEncoder encoder, CallerProofs proofs)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "signed-token";

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (proofs.Signed is not { } signed || Credentials.Of(Context).Token is not { } token
            || !SignedTokens.IsForm(token))
        {
            return AuthenticateResult.NoResult();
        }

        return await signed.ProveAsync(token).ConfigureAwait(false) is { } known
            ? AuthenticateResult.Success(new AuthenticationTicket(
                Caller.PrincipalOf(known.Name, known.Scope, SchemeName), SchemeName))
            : AuthenticateResult.Fail("the token is not right, or not now");
    }
}
