using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>The explorer: the page and style sheet of <c>Explorer/source</c>, the scripts of <c>Explorer/built</c> and
/// the modules of <c>interop/browser</c>, which the assembly holds.</summary>
internal static class Page
{
    // Which scripts may run stands in the page itself, so that it holds on any server; this cannot stand there.
    private const string Policy = "frame-ancestors 'none'";

    private static readonly (string Path, string File, string Type)[] s_files =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/explorer.css", "explorer.css", "text/css; charset=utf-8"),
        ("/explorer.js", "explorer.js", "text/javascript; charset=utf-8"),
        ("/apache-arrow.js", "apache-arrow.js", "text/javascript; charset=utf-8"),
        ("/arrowcid.mjs", "arrowcid.mjs", "text/javascript; charset=utf-8"),
        ("/signing.mjs", "signing.mjs", "text/javascript; charset=utf-8"),
    ];

    /// <summary>A route a file.</summary>
    public static IEnumerable<Route> Routes => s_files.Select(each =>
    {
        var file = new Lazy<(byte[] Bytes, string Tag)>(() => Read(each.File));
        return new Route("GET", each.Path, null, RouteKind.Page,
            context => Serve(context, each.Type, file.Value.Bytes, file.Value.Tag));
    });

    private static async Task Serve(HttpContext context, string type, byte[] bytes, string tag)
    {
        HttpResponse response = context.Response;
        response.Headers.ETag = tag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(tag, StringComparison.Ordinal))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = type;
        response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private static (byte[] Bytes, string Tag) Read(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly()
            .GetManifestResourceStream($"ArrowCid.Server.Http.Page.{file}")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return (bytes, $"\"{Cid.Sha256(Multicodec.Raw, bytes)}\"");
    }
}
