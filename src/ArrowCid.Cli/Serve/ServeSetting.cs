namespace ArrowCid.Cli.Serve;

/// <summary>A setting of <c>serve</c>: a flag, a variable and a member of <c>arrowcid.json</c>.</summary>
/// <param name="Name">The flag without its dashes, and the member's name.</param>
/// <param name="Value">What its value looks like; null where it is there or not.</param>
/// <param name="Default">What counts where nobody says anything; null for none.</param>
/// <param name="Help">What it does.</param>
internal sealed record ServeSetting(string Name, string? Value, string? Default, string Help)
{
    public string Flag => "--" + Name;

    public string Variable => "ARROWCID_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Every setting, in the order in which they are explained.</summary>
    public static IReadOnlyList<ServeSetting> All { get; } =
    [
        new("flight", "ADDRESS", "127.0.0.1:8815",
            "Where Flight is served: HOST:PORT (port 0 takes a free one), unix:PATH, or none."),
        new("http", "ADDRESS", "127.0.0.1:8816", "Where the gateway and the HTTP API are served, likewise."),
        new("anonymous-read", "WHO", "loopback", "Who fetches by CID without a token: never, loopback or always."),
        new("allow-anonymous-put", null, "false", "Takes puts over Flight from this machine without a token."),
        new("token-file", "FILE", null, "Tokens, a line each: NAME read|put|admin sha256:HEX [EXPIRES]."),
        new("signing-keys", "FILE", null, "Public keys in PEM that sign tokens with ES256."),
        new("audience", "TEXT", null, "What signed tokens must have as aud."),
        new("tls-cert", "FILE", null, "The server's certificate in PEM, and those that lead to its authority."),
        new("tls-key", "FILE", null, "Its private key in PEM. Default: it stands beside the certificate."),
        new("tls-client-ca", "FILE", null, "Who signs clients' certificates; whoever shows one may read."),
        new("tls-require-client", null, "false", "Refuses clients without a certificate."),
        new("allow-insecure", null, "false", "Listens beyond this machine without TLS or tokens."),
        new("hosts", "NAMES", null, "Names by which the server is called beside its addresses, with commas."),
        new("origins", "URLS", null, "Origins whose pages may call /v1, with commas."),
        new("grpc-web", null, "false",
            "Answers Flight's calls over gRPC-Web on the HTTP port, for pages of a browser."),
        new("rate", "N", "0", "Calls a second and client at most; 0 is no limit."),
        new("streams", "N", "4096", "Calls at once and client at most; 0 is no limit."),
        new("max-request-bytes", "N", "1073741824", "The bytes of a request over HTTP at most."),
        new("max-buffered-bytes", "N", "0",
            "Memory for the messages of all Flight calls; 0 is an eighth of the machine's, at least 256 MiB."),
        new("unread-timeout", "SPAN", "10m",
            "Ends Flight calls without a token that read nothing of their answer for so long; off: never."),
        new("public-url", "URL", null, "How other machines reach the HTTP port. Default: as they call it."),
        new("otlp", "URL", null, "Where figures are sent by OpenTelemetry (OTLP over HTTP)."),
        new("maintenance", "SPAN", "1m",
            "Looks after the store so long after it last did, where no other process does; off: not."),
        new("log", "FORM", "auto", "How lines go to standard error: text, json, none, or auto: text on a terminal."),
    ];
}
