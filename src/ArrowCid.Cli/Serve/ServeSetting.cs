namespace ArrowCid.Cli.Serve;

/// <summary>A setting of <c>serve</c>: a flag, a variable and a member of <c>arrowcid.json</c>.</summary>
/// <param name="Name">The flag without its dashes, and the member's name.</param>
/// <param name="Value">What its value looks like; null where it is there or not.</param>
/// <param name="Default">The default; null for none.</param>
/// <param name="Help">What it does.</param>
internal sealed record ServeSetting(string Name, string? Value, string? Default, string Help)
{
    public string Flag => "--" + Name;

    public string Variable => "ARROWCID_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Every setting, in the order in which they are explained.</summary>
    public static IReadOnlyList<ServeSetting> All { get; } =
    [
        new("flight", "ADDRESS", "127.0.0.1:8815",
            "The address of Flight: HOST:PORT (port 0 chooses a free one), unix:PATH, or none."),
        new("http", "ADDRESS", "127.0.0.1:8816", "The address of the gateway and the HTTP API, in the same forms."),
        new("anonymous-read", "WHO", "loopback", "The callers that may read by CID without a token: never, " +
            "loopback or always."),
        new("allow-anonymous-put", null, "false", "Puts over Flight from this machine without a token."),
        new("token-file", "FILE", null, "The tokens, one per line: NAME read|put|admin sha256:HEX [EXPIRES]."),
        new("signing-keys", "FILE", null, "The public keys in PEM of tokens signed with ES256."),
        new("audience", "TEXT", null, "The required aud of signed tokens."),
        new("tls-cert", "FILE", null, "The server's certificate in PEM, followed by its chain."),
        new("tls-key", "FILE", null, "The private key in PEM. Default: the key in the file of the certificate."),
        new("tls-client-ca", "FILE", null, "The authority of clients' certificates; a client with one may read."),
        new("tls-require-client", null, "false", "Refusal of clients without a certificate."),
        new("allow-insecure", null, "false", "Permission to listen beyond this machine without TLS or tokens."),
        new("hosts", "NAMES", null, "The host names of the server besides its addresses, separated by commas."),
        new("origins", "URLS", null, "The origins whose pages may call /v1, separated by commas."),
        new("grpc-web", null, "false",
            "Flight over gRPC-Web on the HTTP port, for browsers."),
        new("rate", "N", "0", "The largest number of calls per second and client; 0 is no limit."),
        new("streams", "N", "4096", "The largest number of simultaneous calls per client; 0 is no limit."),
        new("max-request-bytes", "N", "1073741824", "The largest number of bytes of an HTTP request."),
        new("max-buffered-bytes", "N", "0",
            "The memory for the messages of all Flight calls; 0 is an eighth of the machine's, at least 256 MiB."),
        new("unread-timeout", "SPAN", "10m",
            "The time after which a Flight call without a token ends if it reads none of its response; off: never."),
        new("public-url", "URL", null, "The URL of the HTTP port for other machines. Default: the URL of each " +
            "request."),
        new("pinning", null, "false", "The IPFS Pinning Service API at /v1/pinning, for callers with the scope admin."),
        new("pinning-from", "SOURCES", "places,origins", "The sources of blocks to pin, separated by commas: names " +
            "of places, locations, places (all places of the store), origins (the gateways that a request names, at " +
            "public addresses alone), any-origins (at any address)."),
        new("pinning-limit", "N", "68719476736", "The largest number of bytes that one pin request may fetch."),
        new("pinning-patience", "SPAN", "1h", "The time after which a pin request fails whose blocks are not found."),
        new("otlp", "URL", null, "The receiver of OpenTelemetry metrics (OTLP over HTTP)."),
        new("maintenance", "SPAN", "1m",
            "The time between two rounds of maintenance, unless another process maintains the store; off: never."),
        new("cache", "SIZE", null, "The largest size of the store's blocks, such as 64GiB, kept in the store for all " +
            "processes: blocks that places have are fetched when they are read, and leave when others need the " +
            "space; off: no limit any more."),
        new("cache-policy", "NAME", "s3fifo", "The policy that chooses the blocks that leave: s3fifo, arc or lru."),
        new("role", "ROLE", "full", "What the server does: full; cache (callers read, and what places have is kept " +
            "within --cache); reader (callers read, and nothing changes)."),
        new("places", null, "true", "Blocks that are recorded at places ('arrowcid place') and not stored here are " +
            "read from there, and stored."),
        new("write", "MODE", "auto", "The copies of new blocks to the places that take them all: back (after the put " +
            "has returned), through (before), auto (as each place says) or off."),
        new("max-backlog", "SIZE", "off", "The size of the backlog of such a place over which puts are refused, such " +
            "as 10GiB; off: the store's capacity."),
        new("follow", "LOCATIONS", null, "The stores that this one follows, separated by commas: directories or " +
            "servers, as for 'arrowcid mirror'. What comes there is pulled while the server runs."),
        new("follow-where", "FILTER", null, "The filter of what is pulled from the stores that are followed."),
        new("follow-every", "SPAN", "5s", "The time between two looks at a store that is followed."),
        new("registry", "URL", null, "The database of a pool that the store joins, postgres://USER@HOST/DATABASE; " +
            "with --blocks."),
        new("blocks", "LOCATION", null, "The blocks of that pool, s3://BUCKET/FOLDER or a shared directory."),
        new("log", "FORM", "auto", "The format of the log on standard error: text, json, none, or auto: text on a " +
            "terminal."),
    ];
}
