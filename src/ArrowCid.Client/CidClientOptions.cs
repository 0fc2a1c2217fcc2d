using System.Net.Security;
using ArrowCid.Ipc;

namespace ArrowCid.Client;

/// <summary>How a client calls.</summary>
public sealed class CidClientOptions
{
    /// <summary>The token that it shows; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>How long a call may take, but for watches and listings; null: for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether what comes over the wire is hashed again and must give the CID that was asked for.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Whether a store that turns out to be on this machine is read in its shared memory.</summary>
    public bool UseLocalStore { get; init; } = true;

    /// <summary>How the server compresses the batches that it sends, for slow networks; a CID is that of the plain
    /// bytes.</summary>
    public ArrowCompression Compression { get; init; }

    /// <summary>How TLS is made, for <c>grpc+tls</c>: roots, a client's certificate. Null for the defaults.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }
}
