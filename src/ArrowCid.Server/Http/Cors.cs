using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>What browsers let pages of other origins do.</summary>
internal static class Cors
{
    private const string Exposed = "Content-Range, Content-Length, ETag, Ipfs-Uri, X-Ipfs-Path, " +
        "X-Ipfs-Roots, X-Chunked-Output, X-Stream-Output, X-Arrowcid-Dag";

    /// <summary>Any page may read.</summary>
    public static void Open(HttpResponse response)
    {
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.AccessControlAllowMethods = "GET, HEAD, OPTIONS";
        response.Headers.AccessControlAllowHeaders = "Content-Type, Range, User-Agent, X-Requested-With";
        response.Headers.AccessControlExposeHeaders = Exposed;
    }

    /// <summary>Pages of one origin may do what their token allows.</summary>
    public static void Allow(HttpResponse response, string origin)
    {
        response.Headers.AccessControlAllowOrigin = origin;
        response.Headers.Vary = "Origin";
        response.Headers.AccessControlAllowMethods = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
        response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, Range, Last-Event-ID";
        response.Headers.AccessControlExposeHeaders = Exposed;
    }
}
