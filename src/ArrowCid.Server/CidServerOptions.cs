using System.Net;
using ArrowCid.Server.Access;

namespace ArrowCid.Server;

/// <summary>Where a server listens, whom it serves, and how much.</summary>
public sealed class CidServerOptions
{
    /// <summary>Where Flight is served, HTTP/2 without TLS unless there is a certificate: an <see cref="IPEndPoint"/>,
    /// whose port 0 takes a free one, or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>, whose file is the
    /// owner's alone and has no TLS. Null: no Flight.</summary>
    public EndPoint? Flight { get; init; } = new IPEndPoint(IPAddress.Loopback, 8815);

    /// <summary>Where the gateway and the HTTP API are served, likewise. Null: no HTTP.</summary>
    public EndPoint? Http { get; init; } = new IPEndPoint(IPAddress.Loopback, 8816);

    /// <summary>Which callers may fetch by CID without a token. Listings and puts always need one.</summary>
    public AnonymousRead AnonymousRead { get; init; } = AnonymousRead.Loopback;

    /// <summary>Whether Flight takes puts of callers of this machine without a token.</summary>
    public bool AllowAnonymousPut { get; init; }

    /// <summary>A file of tokens: a line each, <c>NAME SCOPE sha256:HEX [EXPIRES]</c>.</summary>
    public string? TokenFile { get; init; }

    /// <summary>A PEM file of the public keys that sign tokens with ES256.</summary>
    public string? SigningKeys { get; init; }

    /// <summary>The required <c>aud</c> of signed tokens; null: it is not checked.</summary>
    public string? Audience { get; init; }

    /// <summary>A PEM file with the server's certificate, and those that lead to its authority; null: no TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>A PEM file with the certificate's key; null: it stands in <see cref="Certificate"/>.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>A PEM file of the authority that signs clients' certificates; every client with one may read.</summary>
    public string? ClientAuthority { get; init; }

    /// <summary>Whether a client must show a certificate.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>Listens beyond this machine also without TLS or without tokens.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>Names by which the server is called beside <c>localhost</c> and its addresses.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Origins whose pages may call <c>/v1</c>.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Whether the HTTP port also answers Flight's calls over gRPC-Web, for pages of a browser.</summary>
    public bool GrpcWeb { get; init; }

    /// <summary>Calls a second and client; 0 is no limit.</summary>
    public int CallsPerSecond { get; init; }

    /// <summary>Calls at once and client; 0 is no limit.</summary>
    public int StreamsPerClient { get; init; } = 4096;

    /// <summary>The bytes of one request over HTTP at most.</summary>
    public long MaxRequestBytes { get; init; } = 1L << 30;

    /// <summary>The bytes that all calls over Flight may buffer and decompress at the same time. Calls that need more
    /// end with RESOURCE_EXHAUSTED. 0: an eighth of the process's memory, and at least 256 MiB.</summary>
    public long MaxBufferedBytes { get; init; }

    /// <summary>The time in which a caller without a token must read the next piece, 256 KiB at most, of an answer over
    /// Flight; else its call is ended. By default 10 minutes; null for no limit.</summary>
    public TimeSpan? UnreadTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The URL by which other machines reach the HTTP port, for delegated routing; null: the one that they
    /// asked.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Where figures are sent by OpenTelemetry, OTLP over HTTP; null: nowhere.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>How lines are logged to standard error.</summary>
    public ServerLog Log { get; init; }

    /// <summary>How long a message that has begun may stand still over Flight before its call is ended.</summary>
    internal TimeSpan StallPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a request's headers may take.</summary>
    internal TimeSpan HeaderPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the first bytes of a connection may take, and a third of the time for its first
    /// request.</summary>
    internal TimeSpan ConnectionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stream of DoExchange without a token may wait for its next message.</summary>
    internal TimeSpan AnonymousPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most connections of each port; one address has at most a quarter of them.</summary>
    internal int MaxConnections { get; init; } = 16_384;

    /// <summary>The settings of which these options were made; null: the properties are what was set.</summary>
    internal IReadOnlyList<ServerSetting>? Settings { get; init; }

    /// <summary>The clock of connections.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    internal AccessSettings Access => new()
    {
        AnonymousRead = AnonymousRead,
        AllowAnonymousPut = AllowAnonymousPut,
        TokenFile = TokenFile,
        SigningKeys = SigningKeys,
        Audience = Audience,
    };

    internal TlsFiles? Tls => Certificate is null
        ? null
        : new TlsFiles(Certificate, CertificateKey, ClientAuthority, RequireClientCertificate);

    /// <summary>Reads every file that is named, and refuses what a start would refuse.</summary>
    internal void Check()
    {
        using var proofs = CallerProofs.Open(Access);
        RequireSafe(proofs.HasTokens);
        if (Tls is not { } files) return;
        files.Load().Dispose();
        if (files.ClientAuthority is not null) _ = files.Authorities();
    }

    /// <summary>Refuses settings that would expose the store without an explicit option.</summary>
    internal void RequireSafe(bool hasTokens)
    {
        if (Tls is null && (ClientAuthority is not null || RequireClientCertificate))
            throw Refused("clients' certificates need TLS; name the server's with --tls-cert FILE");
        if (RequireClientCertificate && ClientAuthority is null)
            throw Refused("a certificate is asked of clients and nobody signs them; name --tls-client-ca FILE");
        bool isOpen = new[] { Flight, Http }.Any(at => at is IPEndPoint ip && !CallerConnection.IsLoopback(ip.Address));
        if (!isOpen || AllowInsecure) return;
        if (Tls is null)
        {
            throw Refused("an address beyond this machine needs TLS: --tls-cert FILE [--tls-key FILE], or " +
                "--allow-insecure where the network is trusted");
        }

        if (!hasTokens && ClientAuthority is null)
        {
            throw Refused("an address beyond this machine needs tokens: --token-file FILE, --signing-keys FILE or " +
                "--tls-client-ca FILE, or --allow-insecure where whoever comes may read");
        }
    }

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, why);
}
