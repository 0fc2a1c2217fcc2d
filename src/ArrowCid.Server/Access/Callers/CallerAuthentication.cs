using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Access;

/// <summary>Finds the caller of each request by the authentication handlers, for Flight and HTTP alike. They are not
/// registered: the schemes, the defaults and the middleware of a host neither change the caller nor are
/// changed.</summary>
internal static class CallerAuthentication
{
    private static readonly DefaultSchemeOptions s_options = new();

    /// <summary>Returns the caller of a request.</summary>
    public static Caller CallerOf(HttpContext context) => context.Features.GetRequiredFeature<Caller>();

    /// <summary>Authenticates the caller of a request, whose header may have changed since it was last
    /// authenticated.</summary>
    public static async Task AuthenticateCallerAsync(HttpContext context)
    {
        Credentials credentials = Credentials.Of(context);
        Caller caller = credentials.Token is null ? Caller.Anonymous : Caller.Refused;
        CallerProofs proofs = context.RequestServices.GetRequiredService<CallerProofs>();
        if (SchemeOf(credentials, proofs) is { } name)
        {
            ILoggerFactory logs = context.RequestServices.GetRequiredService<ILoggerFactory>();
            IAuthenticationHandler handler = name switch
            {
                CertificateHandler.SchemeName => new CertificateHandler(s_options, logs, UrlEncoder.Default, proofs),
                SignedTokenHandler.SchemeName => new SignedTokenHandler(s_options, logs, UrlEncoder.Default, proofs),
                _ => new TokenFileHandler(s_options, logs, UrlEncoder.Default, proofs),
            };
            await handler.InitializeAsync(new AuthenticationScheme(name, null, handler.GetType()), context)
                .ConfigureAwait(false);
            AuthenticateResult result = await handler.AuthenticateAsync().ConfigureAwait(false);
            if (result.Principal is { } principal) (context.User, caller) = (principal, Caller.Of(principal));
        }

        context.Features.Set(caller);
    }

    /// <summary>Returns the scheme of a caller's credentials; null where no handler is needed, as for callers without
    /// any. A token that is listed in the token file is that token, whatever its form.</summary>
    internal static string? SchemeOf(in Credentials credentials, CallerProofs proofs)
    {
        if (credentials.Token is not { } token)
        {
            return credentials.Certificate is not null && proofs.ClientScope != AccessScope.None
                ? CertificateHandler.SchemeName
                : null;
        }

        return proofs.Signed is not null && SignedTokens.IsForm(token) && !proofs.IsListed(token)
            ? SignedTokenHandler.SchemeName
            : TokenFileHandler.SchemeName;
    }

    /// <summary>Authenticates the caller of a request by another token than that of its headers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="token">The token.</param>
    public static Task AuthenticateCallerAsync(HttpContext context, string token)
    {
        context.Request.Headers[HeaderNames.Authorization] = Credentials.HeaderOf(token);
        return AuthenticateCallerAsync(context);
    }
}
