using ArrowCid.Server.Access;

namespace ArrowCid.Server;

/// <summary>The callers that a server admits, and its limits: what <see cref="CidServerOptions"/> and
/// <see cref="ArrowCidServerOptions"/> share.</summary>
public abstract class ServerOptions
{
    private protected ServerOptions()
    {
    }

    /// <summary>Which callers may fetch by CID without a token. Listings and puts always need one.</summary>
    public AnonymousRead AnonymousRead { get; set; } = AnonymousRead.Loopback;

    /// <summary>What the server does with its store. The caller opens a store for reading only where <see
    /// cref="ServerRole.Reader"/> is to change nothing at all, not even by maintenance.</summary>
    public ServerRole Role { get; set; }

    /// <summary>Whether Flight takes puts of callers of this machine without a token.</summary>
    public bool AllowAnonymousPut { get; set; }

    /// <summary>A file of tokens: a line each, <c>NAME SCOPE sha256:HEX [EXPIRES]</c>.</summary>
    public string? TokenFile { get; set; }

    /// <summary>A PEM file of the public keys that sign tokens with ES256.</summary>
    public string? SigningKeys { get; set; }

    /// <summary>The required <c>aud</c> of signed tokens; null: it is not checked.</summary>
    public string? Audience { get; set; }

    /// <summary>Names by which the server is called beside <c>localhost</c> and its addresses.</summary>
    public IReadOnlyList<string> Hosts { get; set; } = [];

    /// <summary>Origins whose pages may call <c>/v1</c>.</summary>
    public IReadOnlyList<string> Origins { get; set; } = [];

    /// <summary>Whether Flight's calls are also answered over gRPC-Web, for pages of a browser.</summary>
    public bool GrpcWeb { get; set; }

    /// <summary>Calls a second and client; 0 is no limit.</summary>
    public int CallsPerSecond { get; set; }

    /// <summary>Calls at once and client; 0 is no limit.</summary>
    public int StreamsPerClient { get; set; } = 4096;

    /// <summary>The bytes of one request over HTTP at most.</summary>
    public long MaxRequestBytes { get; set; } = 1L << 30;

    /// <summary>The bytes that all calls over Flight may buffer and decompress at the same time. Calls that need more
    /// end with RESOURCE_EXHAUSTED. 0: an eighth of the process's memory, and at least 256 MiB.</summary>
    public long MaxBufferedBytes { get; set; }

    /// <summary>The time in which a caller without a token must read the next piece, 256 KiB at most, of an answer over
    /// Flight; else its call is ended. By default 10 minutes; null for no limit.</summary>
    public TimeSpan? UnreadTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The URL by which other machines reach the HTTP port, for delegated routing; null: the one that they
    /// asked.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>How blocks are pinned for callers with the scope <c>admin</c>, over the Pinning Service API at
    /// <c>/v1/pinning</c>; null: not at all. The store must not be a ring.</summary>
    public PinningOptions? Pinning { get; set; }

    /// <summary>How long a message that has begun may stand still over Flight before its call is ended.</summary>
    internal TimeSpan StallPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stream of DoExchange without a token may wait for its next message.</summary>
    internal TimeSpan AnonymousPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of connections and unread answers.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The settings of which these options were made; null: the properties are what was set.</summary>
    internal IReadOnlyList<ServerSetting>? Settings { get; init; }

    /// <summary>Whether Flight has a port of its own, whose connections are marked.</summary>
    internal abstract bool HasFlightPort { get; }

    /// <summary>What a caller with a certificate may do, which the TLS handshake has proved.</summary>
    private protected abstract AccessScope ClientScope { get; }

    internal AccessSettings Access => new()
    {
        AnonymousRead = AnonymousRead,
        IsReadOnly = Role != ServerRole.Full,
        AllowAnonymousPut = AllowAnonymousPut,
        TokenFile = TokenFile,
        SigningKeys = SigningKeys,
        Audience = Audience,
        ClientScope = ClientScope,
    };
}
