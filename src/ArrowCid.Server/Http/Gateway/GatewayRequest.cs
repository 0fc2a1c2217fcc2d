using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary>What is asked of <c>/ipfs/{cid}[/path]</c>.</summary>
/// <param name="Root">The CID.</param>
/// <param name="Path">The path after it, decoded, without slashes at its ends.</param>
/// <param name="Format">The form of the answer.</param>
/// <param name="IsNegotiated">Whether <c>Accept</c> alone says so.</param>
/// <param name="Accepted">The accepted type, where it was a CAR's.</param>
internal sealed record GatewayRequest(Cid Root, string Path, GatewayFormat Format, bool IsNegotiated,
    MediaTypeHeaderValue? Accepted)
{
    private const int MostSegments = 256, MostPath = 4096;
    private const string Raw = "application/vnd.ipld.raw", Car = "application/vnd.ipld.car",
        DagCbor = "application/vnd.ipld.dag-cbor";

    /// <summary>The content types of all answers.</summary>
    public static IReadOnlyList<string> Types { get; } =
        [Raw, Car, DagCbor, FileTypes.Bytes, FileTypes.ArrowStream, FileTypes.ArrowFile, FileTypes.Parquet,
            "text/plain", FileTypes.Csv, FileTypes.Json, FileTypes.JsonLines];

    /// <summary>The CID and the path as in an address.</summary>
    public string Address => $"/ipfs/{Root}{Escaped}";

    /// <summary>The same as its one URI (IPIP-548), however it was asked for.</summary>
    public string Canonical => $"ipfs://{Root.ToV1()}{Escaped}{(EndsWithSlash ? "/" : "")}";

    /// <summary>The CID and the path as they are read.</summary>
    public string Plain => Path.Length == 0 ? $"/ipfs/{Root}" : $"/ipfs/{Root}/{Path}";

    /// <summary>Whether a path is there and was asked for as a directory's.</summary>
    public bool EndsWithSlash { get; init; }

    private string Escaped => Path.Length == 0
        ? ""
        : $"/{string.Join('/', Path.Split('/').Select(Uri.EscapeDataString))}";

    /// <summary>Reads a request.</summary>
    /// <exception cref="GatewayException">400 or 406.</exception>
    public static GatewayRequest Read(HttpRequest request)
    {
        string path = (string?)request.RouteValues["path"] ?? "";
        return Read(request, path.Trim('/')) with { EndsWithSlash = path.TrimStart('/') is [_, .., '/'] };
    }

    private static GatewayRequest Read(HttpRequest request, string path)
    {
        string text = (string?)request.RouteValues["cid"] ?? "";
        if (!Cid.TryParse(text, out Cid root, out CidError error))
            throw new GatewayException(400, $"'{Short(text)}' is no CID: {Cid.Describe(error)}");
        if (path.Length > MostPath || path.Count(c => c == '/') >= MostSegments)
            throw new GatewayException(400, $"a path has at most {MostSegments} segments and {MostPath} characters");
        string? format = request.Query["format"];
        List<MediaTypeHeaderValue> accepted = Accept(request);
        MediaTypeHeaderValue? car = accepted.Find(each => each.MediaType.Equals(Car,
            StringComparison.OrdinalIgnoreCase));
        if (!string.IsNullOrEmpty(format)) return new GatewayRequest(root, path, FormatOf(format), false, car);
        foreach (MediaTypeHeaderValue each in accepted)
        {
            GatewayFormat? found = each.MediaType.Value?.ToLowerInvariant() switch
            {
                Raw => GatewayFormat.Raw,
                Car => GatewayFormat.Car,
                DagCbor => GatewayFormat.DagCbor,
                "application/vnd.ipld.dag-json" or "application/x-tar" or "application/vnd.ipfs.ipns-record" =>
                    throw NotMade(each.MediaType.Value!),
                _ => null,
            };
            if (found is { } chosen) return new GatewayRequest(root, path, chosen, true, car);
        }

        return new GatewayRequest(root, path, GatewayFormat.File, false, null);
    }

    /// <summary>The file's name that the answer is to have.</summary>
    public static void Name(HttpContext context, string byDefault, bool isAttachment)
    {
        string? asked = context.Request.Query["filename"];
        string name = string.IsNullOrEmpty(asked) ? byDefault : asked;
        var disposition = new ContentDispositionHeaderValue(
            isAttachment || context.Request.Query["download"] == "true" ? "attachment" : "inline");
        disposition.SetHttpFileName(name);
        context.Response.Headers.ContentDisposition = disposition.ToString();
    }

    private static GatewayFormat FormatOf(string format) => format switch
    {
        "raw" => GatewayFormat.Raw,
        "car" => GatewayFormat.Car,
        "dag-cbor" => GatewayFormat.DagCbor,
        "dag-json" or "json" or "cbor" or "tar" or "ipns-record" => throw NotMade(format),
        _ => throw new GatewayException(400, $"there is no format '{Short(format)}'; raw and car are served"),
    };

    private static GatewayException NotMade(string format) => new(406,
        $"{format} is not made here; ask for ?format=raw or ?format=car. " +
        "Batches as arrow, parquet, csv or json are at /v1/blocks/{cid}");

    private static List<MediaTypeHeaderValue> Accept(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? list)
            ? [.. list.OrderByDescending(each => each.Quality ?? 1)]
            : [];

    private static string Short(string text)
    {
        const int Most = 100;
        var shown = new StringBuilder(text.Length > Most ? text[..Most] + "…" : text);
        for (int i = 0; i < shown.Length; i++)
        {
            if (char.IsControl(shown[i])) shown[i] = ' ';
        }

        return shown.ToString();
    }
}
