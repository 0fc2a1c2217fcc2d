using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Service;

/// <summary>What every call of gRPC passes first, whatever the host's own middleware is: the store is open, pages of a
/// browser keep the rules for them, and the caller is authenticated.</summary>
internal sealed class FlightPipeline(StoreSource source, OriginRules rules, ServerOptions options,
    IServiceProvider services)
{
    private const string Grpc = "application/grpc";

    /// <summary>Returns what answers a call.</summary>
    /// <param name="calls">Answers calls that may pass.</param>
    public RequestDelegate Of(RequestDelegate calls)
    {
        RequestDelegate serve = async context =>
        {
            await CallerAuthentication.AuthenticateCallerAsync(context).ConfigureAwait(false);
            await calls(context).ConfigureAwait(false);
        };
        RequestDelegate pages = Pages(serve);
        return context =>
        {
            if (!source.IsOpen) return OpeningAnswer.Answer(context);
            bool isNative = options.HasFlightPort ? ServerListening.IsFlight(context) : IsNative(context.Request);
            context.Features.Set(isNative ? CallKind.Native : CallKind.Web);
            return isNative ? serve(context) : pages(context);
        };
    }

    /// <summary>Whether no page of a browser can have sent a request: browsers name the origin of each POST.</summary>
    private static bool IsNative(HttpRequest request)
    {
        string type = request.ContentType ?? "";
        bool isGrpc = type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase)
            && (type.Length == Grpc.Length || type[Grpc.Length] is '+' or ';');
        return isGrpc && request.Headers.Origin.Count == 0 && !request.Headers.ContainsKey("Sec-Fetch-Site");
    }

    /// <summary>Answers calls under the rules against pages of other origins, over gRPC-Web too where it is
    /// on.</summary>
    private RequestDelegate Pages(RequestDelegate calls)
    {
        var app = new ApplicationBuilder(services);
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
        app.Use(next => context =>
        {
            string origin = context.Request.Headers.Origin.ToString();
            bool isOwn = origin.Equals($"{context.Request.Scheme}://{context.Request.Host}",
                StringComparison.OrdinalIgnoreCase);
            if (origin.Length == 0 || isOwn || rules.IsOrigin(origin)) return next(context);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        });
        if (options.GrpcWeb) app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        app.Run(calls);
        return app.Build();
    }
}
