namespace ArrowCid.Server;

/// <summary>How a server pins blocks for other IPFS nodes, over the Pinning Service API.</summary>
public sealed class PinningOptions
{
    /// <summary>The source that means all places of the store that are recorded to have a block.</summary>
    public const string PlacesSource = "places";

    /// <summary>The source that means the HTTP gateways that a request itself names, as far as their addresses are
    /// public: a request does not reach this machine, its network, or the metadata of its host.</summary>
    public const string OriginsSource = "origins";

    /// <summary>The source that means all HTTP gateways that a request itself names, of this machine and of private
    /// networks too.</summary>
    public const string AnyOriginsSource = "any-origins";

    /// <summary>Where blocks come from that the store lacks, the first ones first: names of places, locations (as
    /// <see cref="CidStoreOptions.OpenPlace"/> knows them), <see cref="PlacesSource"/>,
    /// <see cref="OriginsSource"/> and <see cref="AnyOriginsSource"/>. Gateways that follow one
    /// another are asked together.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [PlacesSource, OriginsSource];

    /// <summary>The largest number of bytes that one request may fetch, over all of its blocks. A request that needs
    /// more fails.</summary>
    public long MaxBytes { get; init; } = 64L << 30;

    /// <summary>The largest number of blocks that one request may fetch.</summary>
    public int MaxBlocks { get; init; } = 1_000_000;

    /// <summary>The largest number of requests that are kept, pinned ones included. Further ones are refused.</summary>
    public int MaxRequests { get; init; } = 10_000;

    /// <summary>The number of requests that are fetched at the same time, at least 1.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>How long blocks are looked for, from the first attempt of this process, before a request
    /// fails.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromHours(1);
}
