using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Access;

/// <summary>Finds the caller of each request by the authentication handlers, for Flight and HTTP alike.</summary>
internal static class CallerAuthentication
{
    /// <summary>Registers the handlers.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="proofs">The tokens and keys; the caller disposes of them after the host.</param>
    public static void AddCallerAuthentication(this IServiceCollection services, CallerProofs proofs)
    {
        services.AddSingleton(proofs);
        services.AddWebEncoders();
        // Not AddAuthentication, which also creates keys for cookies in the user's home.
        services.AddAuthenticationCore(options =>
        {
            options.AddScheme<TokenFileHandler>(TokenFileHandler.SchemeName, null);
            options.AddScheme<SignedTokenHandler>(SignedTokenHandler.SchemeName, null);
            options.AddScheme<CertificateHandler>(CertificateHandler.SchemeName, null);
        });
    }

    /// <summary>Authenticates each request before it is routed.</summary>
    public static void UseCallerAuthentication(this IApplicationBuilder app) => app.Use(next => async context =>
    {
        await AuthenticateCallerAsync(context).ConfigureAwait(false);
        await next(context).ConfigureAwait(false);
    });

    /// <summary>Returns the caller of a request.</summary>
    public static Caller CallerOf(HttpContext context) => context.Features.GetRequiredFeature<Caller>();

    /// <summary>Authenticates the caller of a request, whose header may have changed since it was last
    /// authenticated.</summary>
    public static async Task AuthenticateCallerAsync(HttpContext context)
    {
        Credentials credentials = Credentials.Of(context);
        Caller caller = credentials.Token is null ? Caller.Anonymous : Caller.Refused;
        if (SchemeOf(credentials, context.RequestServices.GetRequiredService<CallerProofs>()) is { } scheme)
        {
            // A scope of its own: handlers keep their first result as long as theirs.
            await using AsyncServiceScope scope = context.RequestServices.CreateAsyncScope();
            var handlers = scope.ServiceProvider.GetRequiredService<IAuthenticationHandlerProvider>();
            IAuthenticationHandler handler = (await handlers.GetHandlerAsync(context, scheme).ConfigureAwait(false))!;
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
