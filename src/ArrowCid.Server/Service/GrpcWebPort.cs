using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Service;

/// <summary>gRPC-Web on the HTTP port: the calls of Flight for pages in a browser, which cannot speak gRPC.</summary>
internal static class GrpcWebPort
{
    private static readonly string[] s_services = [FlightNames.Service, "grpc.health.v1.Health"];

    /// <summary>Whether a request is for a service.</summary>
    public static bool IsCall(HttpContext context) => Array.Exists(s_services,
        service => context.Request.Path.StartsWithSegments($"/{service}", StringComparison.Ordinal));

    /// <summary>Answers calls, under the rules against pages of other origins.</summary>
    /// <param name="app">The pipeline, which only calls reach.</param>
    /// <param name="rules">The hosts and origins.</param>
    /// <param name="calls">Answers a call.</param>
    public static void Use(IApplicationBuilder app, OriginRules rules, RequestDelegate calls)
    {
        app.Use(next => context =>
        {
            if (rules.IsHost(context.Request.Host)) return next(context);
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return Task.CompletedTask;
        });
        app.UseCors(policy => policy
            .SetIsOriginAllowed(rules.IsOrigin)
            .WithMethods(HttpMethods.Post)
            .AllowAnyHeader()
            .WithExposedHeaders("grpc-status", "grpc-message", "grpc-encoding", "grpc-accept-encoding",
                FlightNames.ErrorTrailer));
        app.Run(context =>
        {
            string origin = context.Request.Headers.Origin.ToString();
            bool isOwn = origin.Equals($"{context.Request.Scheme}://{context.Request.Host}",
                StringComparison.OrdinalIgnoreCase);
            if (origin.Length == 0 || isOwn || rules.IsOrigin(origin)) return calls(context);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
    }
}
