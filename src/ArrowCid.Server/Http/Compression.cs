using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using ZstdSharp;

namespace ArrowCid.Server.Http;

/// <summary>
/// Compresses the bodies of answers by zstd, Brotli or gzip: text where the request's <c>Accept-Encoding</c> allows it,
/// bytes of blocks where it names one coding alone. Browsers and libraries list several in every request, and on a fast
/// network compressed blocks are slower. What a client decodes is what its CID verifies.
/// </summary>
internal static class Compression
{
    // Parquet is compressed already, and events must leave at once.
    private static readonly string[] s_texts =
    [
        "application/json", "application/x-ndjson", "text/csv", "text/plain", "text/html", "text/css",
        "text/javascript",
    ];

    private static readonly string[] s_bytes =
    [
        FileTypes.ArrowStream, FileTypes.ArrowFile, FileTypes.Car, FileTypes.Bytes, "application/vnd.ipld.raw",
        "application/vnd.ipld.dag-cbor",
    ];

    /// <summary>Returns the codecs, which are not those of the host.</summary>
    public static IResponseCompressionProvider ProviderOf(IServiceProvider services)
    {
        const CompressionLevel Level = CompressionLevel.Fastest;
        var options = new ResponseCompressionOptions
        {
            // No answer has a secret beside text of the caller's own, so that its length tells nothing.
            EnableForHttps = true,
            MimeTypes = [.. s_texts, .. s_bytes],
        };
        options.Providers.Add(new ZstdProvider());
        options.Providers.Add(new BrotliCompressionProvider(
            Options.Create(new BrotliCompressionProviderOptions { Level = Level })));
        options.Providers.Add(new GzipCompressionProvider(
            Options.Create(new GzipCompressionProviderOptions { Level = Level })));
        return new Provider(services, Options.Create(options));
    }

    /// <summary>Returns what answers as another does, and compresses the answer. A host that compresses answers itself
    /// does it instead.</summary>
    public static RequestDelegate Compress(RequestDelegate next, IResponseCompressionProvider provider)
    {
        RequestDelegate compress = new ResponseCompressionMiddleware(next, provider).Invoke;
        return context =>
        {
            context.Response.OnStarting(static state => WeakenTag((HttpResponse)state), context.Response);
            return context.Features.Get<IHttpsCompressionFeature>() is null ? compress(context) : next(context);
        };
    }

    /// <summary>Marks the ETag of a compressed body as weak: it is not the same bytes as the plain one, of which ranges
    /// are served.</summary>
    private static Task WeakenTag(HttpResponse response)
    {
        string tag = response.Headers.ETag.ToString();
        if (response.Headers.ContentEncoding.Count == 0) return Task.CompletedTask;
        if (tag.StartsWith('"')) response.Headers.ETag = $"W/{tag}";
        response.Headers.Remove("Accept-Ranges");
        return Task.CompletedTask;
    }

    private sealed class Provider(IServiceProvider services, IOptions<ResponseCompressionOptions> options)
        : ResponseCompressionProvider(services, options)
    {
        public override bool ShouldCompressResponse(HttpContext context)
        {
            string type = (context.Response.ContentType ?? "").Split(';')[0];
            return (!s_bytes.Contains(type) || NamesOneCoding(context.Request)) && base.ShouldCompressResponse(context);
        }

        private static bool NamesOneCoding(HttpRequest request) =>
            StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding,
                out IList<StringWithQualityHeaderValue>? codings)
            && codings is [{ Quality: not 0 } coding] && coding.Value != "*";
    }

    private sealed class ZstdProvider : ICompressionProvider
    {
        // As fast as gzip's fastest level or faster, and smaller.
        private const int Level = 1;

        public string EncodingName => "zstd";

        public bool SupportsFlush => true;

        public Stream CreateStream(Stream outputStream) => new CompressionStream(outputStream, Level, leaveOpen: true);
    }
}
