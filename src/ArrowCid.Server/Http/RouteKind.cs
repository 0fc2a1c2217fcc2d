namespace ArrowCid.Server.Http;

/// <summary>Which rules hold for a route.</summary>
internal enum RouteKind
{
    /// <summary>For any page of any origin: what is served proves itself.</summary>
    Gateway,

    /// <summary>For our clients and for pages of origins that are listed.</summary>
    Api,

    /// <summary>As <see cref="Api"/>, with the errors of the Pinning Service API; parameters that are not known are
    /// passed over.</summary>
    Pinning,

    /// <summary>For the server's operator and the users of its page.</summary>
    Operation,

    /// <summary>For any caller: the files of the explorer.</summary>
    Page,
}
