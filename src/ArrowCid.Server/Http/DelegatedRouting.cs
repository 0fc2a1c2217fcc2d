using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary>Delegated routing (Delegated Routing V1 HTTP API): the providers of a block. Here that is this server
/// alone, by its gateway. A block that is not stored has none: an empty list with 200, as IPIP-513 says.</summary>
internal sealed class DelegatedRouting(GatewayBlocks blocks, HttpService service)
{
    private const string Protocol = "transport-ipfs-gateway-http";

    private readonly Lazy<string> _peer = new(() => PeerOf(service.Store.Directory));

    /// <summary>Answers <c>GET /routing/v1/providers/{cid}</c>.</summary>
    public async Task Providers(HttpContext context)
    {
        string text = (string?)context.Request.RouteValues["cid"] ?? "";
        if (!Cid.TryParse(text, out Cid cid, out CidError error))
            throw new GatewayException(422, $"'{text}' is no CID: {Cid.Describe(error)}");
        HttpResponse response = context.Response;
        Multiaddr? address = AddressOf(context);
        bool isWanted = address is not null && Passes(context.Request.Query["filter-protocols"], [Protocol])
            && PassesAddresses(context.Request.Query["filter-addrs"], address);
        using ServedBlock? block = isWanted
            ? await blocks.TryOpenAsync(cid, context.RequestAborted).ConfigureAwait(false)
            : null;
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = block is null ? "public, max-age=15" : "public, max-age=300";
        if (WantsLines(context.Request))
        {
            response.ContentType = FileTypes.JsonLines;
            if (block is null || HttpMethods.IsHead(context.Request.Method)) return;
            byte[] line = JsonObject.Bytes(writer => WriteProvider(writer, address!));
            await response.Body.WriteAsync((byte[])[.. line, (byte)'\n'], context.RequestAborted).ConfigureAwait(false);
            return;
        }

        await HttpErrors.WriteJson(response, writer =>
        {
            writer.WriteStartArray("Providers");
            if (block is not null)
            {
                writer.WriteStartObject();
                WriteProvider(writer, address!);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }).ConfigureAwait(false);
    }

    private void WriteProvider(Utf8JsonWriter writer, Multiaddr address)
    {
        writer.WriteString("Schema", "peer");
        writer.WriteString("ID", _peer.Value);
        writer.WriteStartArray("Addrs");
        writer.WriteStringValue(address.ToString());
        writer.WriteEndArray();
        writer.WriteStartArray("Protocols");
        writer.WriteStringValue(Protocol);
        writer.WriteEndArray();
    }

    /// <summary>Whether JSON lines are preferred to JSON, which is the default.</summary>
    private static bool WantsLines(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted))
            return false;
        MediaTypeHeaderValue? best = accepted.OrderByDescending(each => each.Quality ?? 1)
            .FirstOrDefault(each => each.MatchesAllTypes || Is(each, FileTypes.Json) || Is(each, FileTypes.JsonLines));
        return best is not null && Is(best, FileTypes.JsonLines);

        static bool Is(MediaTypeHeaderValue value, string type) =>
            value.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The gateway's address: of the URL that is public, else as the client has called it.</summary>
    private Multiaddr? AddressOf(HttpContext context)
    {
        if (service.PublicUrl is { } url) return Multiaddr.OfUrl(url);
        HostString host = context.Request.Host;
        if (!service.Origins.IsHost(host.Host)) return null;
        const int ByScheme = -1;
        return Multiaddr.OfUrl(new UriBuilder(context.Request.Scheme, host.Host, host.Port ?? ByScheme).Uri);
    }

    /// <summary>Whether one of the values is asked for (IPIP-484).</summary>
    private static bool Passes(string? filter, ReadOnlySpan<string> values)
    {
        if (string.IsNullOrEmpty(filter)) return true;
        foreach (string value in values)
        {
            if (filter.Split(',').Contains(value, StringComparer.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    /// <summary>A name that is left out goes before the requested ones. On this machine HTTP satisfies a request for
    /// HTTPS, which clients send by habit.</summary>
    private static bool PassesAddresses(string? filter, Multiaddr address)
    {
        if (string.IsNullOrEmpty(filter)) return true;
        string[] asked = filter.Split(',');
        if (asked.Any(each => each.StartsWith('!') && address.Has(each[1..]))) return false;
        string[] wanted = [.. asked.Where(each => !each.StartsWith('!'))];
        return wanted.Length == 0 || wanted.Any(each => address.Has(each)
            || each.Equals("https", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A peer's name that stays with the store: a multihash, as peers' names are.</summary>
    private static string PeerOf(string directory) =>
        Cid.Sha256(Multicodec.DagPb, Encoding.UTF8.GetBytes($"arrowcid:{directory}")).ToV0().ToString();
}
