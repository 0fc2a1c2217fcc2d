using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ArrowCid.Server.Access;

/// <summary>Authenticates callers that show no token by the certificate of their connection, which the TLS
/// handshake has proved (<see cref="TlsFiles.IsOf"/>).</summary>
internal sealed class CertificateHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger,
    UrlEncoder encoder, CallerProofs proofs)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "certificate";

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Credentials.Of(Context) is { Token: null, Certificate: { } name } && proofs.ClientScope != AccessScope.None
            ? AuthenticateResult.Success(new AuthenticationTicket(
                Caller.PrincipalOf(name, proofs.ClientScope, SchemeName), SchemeName))
            : AuthenticateResult.NoResult());
}
