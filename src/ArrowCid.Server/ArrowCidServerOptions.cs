using ArrowCid.Server.Access;

namespace ArrowCid.Server;

/// <summary>The store that an ASP.NET Core host serves, the callers that it admits, and its limits. Addresses and TLS
/// are the host's.</summary>
public sealed class ArrowCidServerOptions : ServerOptions
{
    /// <summary>The store, which the caller closes after the host; null: the registered one
    /// (<see cref="StoreName"/>).</summary>
    public CidStore? Store { get; set; }

    /// <summary>The key of the store in the host's services; null: the store without a key.</summary>
    public string? StoreName { get; set; }

    internal override bool HasFlightPort => false;

    /// <summary>None: which certificates the host accepts, and for what, is not known here.</summary>
    private protected override AccessScope ClientScope => AccessScope.None;
}
