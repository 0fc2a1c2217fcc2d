using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Flight.Http;

/// <summary>What tells who runs the server how it is, and who writes a client what there is.</summary>
internal sealed class Operations(HttpService service)
{
    private const string OpenApiName = "ArrowCid.Flight.Http.openapi.json";
    private static readonly Lazy<byte[]> s_openApi = new(ReadOpenApi);

    /// <summary>The process answers.</summary>
    public static Task Health(HttpContext context) => HttpErrors.WriteText(context.Response, "ok");

    /// <summary>The store answers too, and the server is not ending.</summary>
    public Task Ready(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (service.Stopping.IsCancellationRequested) throw new GatewayException(503, "the server is ending");
        _ = service.Store.GetFigures();
        return HttpErrors.WriteText(context.Response, service.Store.IsReadOnly ? "ready, for reading only" : "ready");
    }

    /// <summary>Counters and measurements.</summary>
    public async Task Figures(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(service.Metrics.Write(), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The document of the API.</summary>
    public static async Task OpenApi(HttpContext context)
    {
        context.Response.ContentType = FileTypes.Json;
        context.Response.ContentLength = s_openApi.Value.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.Body.WriteAsync(s_openApi.Value, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] ReadOpenApi()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(OpenApiName)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
