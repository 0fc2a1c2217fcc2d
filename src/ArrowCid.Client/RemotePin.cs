namespace ArrowCid.Client;

/// <summary>A request to pin, as a pinning service describes it.</summary>
public sealed record RemotePin
{
    /// <summary>The id of the request, which the service chose.</summary>
    public required string RequestId { get; init; }

    /// <summary>How far it is.</summary>
    public required RemotePinStatus Status { get; init; }

    /// <summary>The time of the request.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The block that is pinned with everything beneath it.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The name that was given to it; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The multiaddrs that were said to have the blocks.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>The metadata that was given to it.</summary>
    public IReadOnlyDictionary<string, string> Meta { get; init; } = new Dictionary<string, string>();

    /// <summary>The multiaddrs of the service, to which a provider of the blocks may connect.</summary>
    public IReadOnlyList<string> Delegates { get; init; } = [];

    /// <summary>What the service adds, such as <c>status_details</c>.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = new Dictionary<string, string>();
}
