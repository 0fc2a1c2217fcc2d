using ArrowCid.Server.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ArrowCid.Server.Http;

/// <summary>Health, readiness, metrics and the OpenAPI document.</summary>
internal sealed class Operations(HttpService service)
{
    private byte[]? _openApi;

    /// <summary>The process answers.</summary>
    public static Task Health(HttpContext context) => HttpErrors.WriteText(context.Response, "ok");

    /// <summary>The store answers too, and the server is not ending.</summary>
    public static async Task Ready(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        HealthCheckResult store = context.RequestServices.GetRequiredService<StoreHealth>().Check();
        if (store.Status != HealthStatus.Healthy) throw new GatewayException(503, store.Description!);
        await HttpErrors.WriteText(context.Response, store.Description!).ConfigureAwait(false);
    }

    /// <summary>The settings, their values, and where these come from.</summary>
    public Task Configuration(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return HttpErrors.WriteJson(context.Response, writer =>
        {
            writer.WriteString("store", service.Store.Directory);
            writer.WriteStartArray("settings");
            foreach (ServerSetting setting in service.Settings)
            {
                writer.WriteStartObject();
                writer.WriteString("name", setting.Name);
                writer.WriteString("value", setting.Value);
                writer.WriteString("from", setting.From);
                if (setting.Help is { } help) writer.WriteString("help", help);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>Counters and measurements.</summary>
    public async Task Figures(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(service.Metrics.Write(), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The document of the API: of the routes that the host has mapped.</summary>
    public async Task OpenApi(HttpContext context)
    {
        byte[] document = LazyInitializer.EnsureInitialized(ref _openApi, () => OpenApiDocument.Write(context
            .RequestServices.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<Route>()).OfType<Route>().Distinct()));
        context.Response.ContentType = FileTypes.Json;
        context.Response.ContentLength = document.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.Body.WriteAsync(document, context.RequestAborted).ConfigureAwait(false);
    }
}
