using System.Net;
using ArrowCid.Server.Access;

namespace ArrowCid.Server;

/// <summary>Where a server listens, whom it serves, and how much.</summary>
public sealed class CidServerOptions : ServerOptions
{
    /// <summary>Where Flight is served, HTTP/2 without TLS unless there is a certificate: an <see cref="IPEndPoint"/>,
    /// whose port 0 takes a free one, or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>, whose file is the
    /// owner's alone and has no TLS. Null: no Flight.</summary>
    public EndPoint? Flight { get; init; } = new IPEndPoint(IPAddress.Loopback, 8815);

    /// <summary>Where the gateway and the HTTP API are served, likewise. Null: no HTTP.</summary>
    public EndPoint? Http { get; init; } = new IPEndPoint(IPAddress.Loopback, 8816);

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

    /// <summary>Where figures are sent by OpenTelemetry, OTLP over HTTP; null: nowhere.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>How lines are logged to standard error.</summary>
    public ServerLog Log { get; init; }

    /// <summary>How long a request's headers may take.</summary>
    internal TimeSpan HeaderPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the first bytes of a connection may take, and a third of the time for its first
    /// request.</summary>
    internal TimeSpan ConnectionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most connections of each port; one address has at most a quarter of them.</summary>
    internal int MaxConnections { get; init; } = 16_384;

    internal override bool HasFlightPort => true;

    private protected override AccessScope ClientScope => AccessScope.Read;

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
            throw Refused("clients' certificates need TLS", nameof(Certificate));
        if (RequireClientCertificate && ClientAuthority is null)
            throw Refused("clients must have a certificate, and no authority for them is set", nameof(ClientAuthority));
        bool isOpen = new[] { Flight, Http }.Any(at => at is IPEndPoint ip && !CallerConnection.IsLoopback(ip.Address));
        if (!isOpen || AllowInsecure) return;
        if (Tls is null)
            throw Refused("an address beyond this machine needs TLS", nameof(Certificate), nameof(AllowInsecure));
        if (!hasTokens && ClientAuthority is null)
        {
            throw Refused("an address beyond this machine needs tokens", nameof(TokenFile), nameof(SigningKeys),
                nameof(ClientAuthority), nameof(AllowInsecure));
        }
    }

    private static ArrowCidException Refused(string why, params string[] options) =>
        new(ErrorCode.InvalidArgument, why)
        {
            Remedy = new Remedy(RemedyKind.SetOption, string.Join(',', options)),
        };
}
