using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Http;

/// <summary>Delegated routing (v1): who has a block. Here that is this server alone, over its gateway.</summary>
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
        string? address = AddressOf(context);
        bool isWanted = address is not null && Passes(context.Request.Query["filter-protocols"], [Protocol])
            && PassesAddresses(context.Request.Query["filter-addrs"], address);
        using ServedBlock? block = isWanted
            ? await blocks.TryOpenAsync(cid, context.RequestAborted).ConfigureAwait(false)
            : null;
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = block is null ? "public, max-age=15" : "public, max-age=300";
        bool isLines = context.Request.Headers.Accept.ToString()
            .Contains("application/x-ndjson", StringComparison.OrdinalIgnoreCase);
        if (isLines)
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

    private void WriteProvider(Utf8JsonWriter writer, string address)
    {
        writer.WriteString("Schema", "peer");
        writer.WriteString("ID", _peer.Value);
        writer.WriteStartArray("Addrs");
        writer.WriteStringValue(address);
        writer.WriteEndArray();
        writer.WriteStartArray("Protocols");
        writer.WriteStringValue(Protocol);
        writer.WriteEndArray();
    }

    /// <summary>The gateway as a multiaddr: by the URL that is public, else as the client has called it.</summary>
    private string? AddressOf(HttpContext context)
    {
        if (service.PublicUrl is { } url) return Multiaddr(url.Scheme, url.DnsSafeHost, url.Port);
        if (!service.Origins.IsHost(context.Request.Host.Host)) return null;
        int port = context.Request.Host.Port ?? context.Connection.LocalPort;
        return Multiaddr(context.Request.Scheme, context.Request.Host.Host.Trim('[', ']'), port);
    }

    private static string Multiaddr(string scheme, string host, int port)
    {
        string place = IPAddress.TryParse(host, out IPAddress? address)
            ? $"/{(address.AddressFamily == AddressFamily.InterNetwork ? "ip4" : "ip6")}/{address}"
            : $"/dns/{host}";
        return $"{place}/tcp/{port}/{(scheme == "https" ? "https" : "http")}";
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
    private static bool PassesAddresses(string? filter, string address)
    {
        if (string.IsNullOrEmpty(filter)) return true;
        string[] parts = address.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string[] asked = filter.Split(',');
        if (asked.Any(each => each.StartsWith('!') && parts.Contains(each[1..], StringComparer.OrdinalIgnoreCase)))
            return false;
        string[] wanted = [.. asked.Where(each => !each.StartsWith('!'))];
        return wanted.Length == 0 || wanted.Any(each => parts.Contains(each, StringComparer.OrdinalIgnoreCase)
            || each.Equals("https", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A peer's name that stays with the store: a multihash, as peers' names are.</summary>
    private static string PeerOf(string directory) =>
        Cid.Sha256(Multicodec.DagPb, Encoding.UTF8.GetBytes($"arrowcid:{directory}")).ToV0().ToString();
}
