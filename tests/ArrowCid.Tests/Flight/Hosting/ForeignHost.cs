using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ArrowCid.Tests.Flight;

/// <summary>An ASP.NET Core host of its own middleware, which serves a store too: one port of HTTP/2, one of HTTP/1. Its
/// authentication takes every caller for an administrator, under the names of the server's own schemes and claims.</summary>
internal sealed class ForeignHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ForeignHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    public Uri Http => new(_app.Urls.Last());

    public Uri Flight => new(_app.Urls.First().Replace("http://", "grpc://", StringComparison.Ordinal));

    public static async Task<ForeignHost> StartAsync(Action<ArrowCidServerOptions>? configure,
        Action<IServiceCollection>? register = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        register?.Invoke(builder.Services);
        builder.Services.AddArrowCidServer(configure);
        builder.Services.AddAuthentication("certificate")
            .AddScheme<AuthenticationSchemeOptions, EveryoneHandler>("certificate", null)
            .AddScheme<AuthenticationSchemeOptions, EveryoneHandler>("token-file", null)
            .AddScheme<AuthenticationSchemeOptions, EveryoneHandler>("signed-token", null);
        builder.Services.AddAuthorization();
        builder.Services.AddCors();
        builder.Services.AddResponseCompression();
        builder.Services.AddHealthChecks().AddCheck("store", () => HealthCheckResult.Healthy());
        // After the server's own registration, so that it would undo what that changed for all services.
        builder.Services.AddGrpc();
        builder.Services.AddGrpcHealthChecks();
        WebApplication app = builder.Build();
        app.UseResponseCompression();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseCors(policy => policy.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod());
        app.MapArrowCidFlight();
        app.MapArrowCidGateway();
        app.MapArrowCidApi();
        app.MapGet("/health", () => "the host's own");
        app.MapGet("/v1/own", () => "the host's own");
        app.MapGet("/whoami", (HttpContext context) => context.User.Identity!.Name);
        app.MapGrpcHealthChecksService();
        await app.StartAsync();
        return new ForeignHost(app);
    }

    public HttpClient Connect(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = Http,
            Timeout = TimeSpan.FromMinutes(2),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public GrpcChannel Channel() => GrpcChannel.ForAddress(_app.Urls.First());

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class EveryoneHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            ClaimsPrincipal everyone = Caller.PrincipalOf("everyone", AccessScope.Admin, Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(everyone, Scheme.Name)));
        }
    }
}
