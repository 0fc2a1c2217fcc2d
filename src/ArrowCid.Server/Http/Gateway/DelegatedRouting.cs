using System.Text.Json;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ArrowCid.Server.Http;

/// <summary>Delegated routing (Delegated Routing V1 HTTP API): the providers of a block. Those are this server by its
/// gateway, where it has the block, and others that are recorded to have it. A block without any has an empty list with
/// 200, as IPIP-513 says.</summary>
internal sealed class DelegatedRouting(GatewayBlocks blocks, HttpService service)
{
    private readonly Lazy<string> _peer = new(() => BlockProviders.PeerOf(service.Store.Directory));

    /// <summary>Answers <c>GET /routing/v1/providers/{cid}</c>.</summary>
    public async Task Providers(HttpContext context)
    {
        string text = (string?)context.Request.RouteValues["cid"] ?? "";
        if (!Cid.TryParse(text, out Cid cid, out CidError error))
            throw new GatewayException(422, $"'{text}' is no CID: {Cid.Describe(error)}");
        HttpResponse response = context.Response;
        List<RoutingProvider> providers = await FindAsync(context, cid).ConfigureAwait(false);
        response.Headers.Vary = "Accept";
        response.Headers.CacheControl = providers.Count == 0 ? "public, max-age=15" : "public, max-age=300";
        if (WantsLines(context.Request))
        {
            response.ContentType = FileTypes.JsonLines;
            if (HttpMethods.IsHead(context.Request.Method)) return;
            foreach (RoutingProvider provider in providers)
            {
                byte[] line = JsonObject.Bytes(writer => WriteMembers(writer, provider));
                await response.Body.WriteAsync((byte[])[.. line, (byte)'\n'], context.RequestAborted)
                    .ConfigureAwait(false);
            }

            return;
        }

        await HttpErrors.WriteJson(response, writer =>
        {
            writer.WriteStartArray("Providers");
            foreach (RoutingProvider provider in providers)
            {
                writer.WriteStartObject();
                WriteMembers(writer, provider);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }).ConfigureAwait(false);
    }

    private async Task<List<RoutingProvider>> FindAsync(HttpContext context, Cid cid)
    {
        var providers = new List<RoutingProvider>();
        if (AddressOf(context) is { } own && IsWanted(context, new(_peer.Value, own, RoutingProvider.Gateway)))
        {
            using ServedBlock? block = await blocks.TryOpenAsync(cid, context.RequestAborted).ConfigureAwait(false);
            if (block is not null) providers.Add(new(_peer.Value, own, RoutingProvider.Gateway));
        }

        // A server with a public URL has callers of other machines behind a proxy of its own.
        var caller = new CallerConnection(context.Connection.RemoteIpAddress, CallerConnection.Http);
        providers.AddRange(BlockProviders.Of(service.Store, cid, caller.IsLocal && service.PublicUrl is null)
            .Where(provider => IsWanted(context, provider)));
        return providers;
    }

    private static bool IsWanted(HttpContext context, RoutingProvider provider) =>
        Passes(context.Request.Query["filter-protocols"], provider.Protocol)
        && PassesAddresses(context.Request.Query["filter-addrs"], provider.Address);

    private static void WriteMembers(Utf8JsonWriter writer, RoutingProvider provider)
    {
        writer.WriteString("Schema", "peer");
        writer.WriteString("ID", provider.Peer);
        writer.WriteStartArray("Addrs");
        writer.WriteStringValue(provider.Address.ToString());
        writer.WriteEndArray();
        writer.WriteStartArray("Protocols");
        writer.WriteStringValue(provider.Protocol);
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
    public Multiaddr? AddressOf(HttpContext context)
    {
        if (service.PublicUrl is { } url) return Multiaddr.OfUrl(url);
        HostString host = context.Request.Host;
        if (!service.Origins.IsHost(host.Host)) return null;
        const int ByScheme = -1;
        return Multiaddr.OfUrl(new UriBuilder(context.Request.Scheme, host.Host, host.Port ?? ByScheme).Uri);
    }

    /// <summary>Whether a protocol is asked for (IPIP-484).</summary>
    private static bool Passes(string? filter, string protocol) => string.IsNullOrEmpty(filter)
        || filter.Split(',').Contains(protocol, StringComparer.OrdinalIgnoreCase);

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
}
