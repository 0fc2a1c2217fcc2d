using System.Collections.Immutable;

namespace ArrowCid.Server.Pinning;

/// <summary>A request to pin a block with everything beneath it.</summary>
internal sealed record PinRequest
{
    /// <summary>The id of the request, which the server chooses.</summary>
    public required string Id { get; init; }

    /// <summary>The CID as the client wrote it.</summary>
    public required string CidText { get; init; }

    /// <summary>The block.</summary>
    public required Cid Root { get; init; }

    /// <summary>The time of the request, in milliseconds since 1970; no two requests have the same.</summary>
    public required long Created { get; init; }

    /// <summary>The client's name for it; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Multiaddrs that are said to have the blocks.</summary>
    public ImmutableArray<string> Origins { get; init; } = [];

    /// <summary>The client's metadata.</summary>
    public ImmutableSortedDictionary<string, string> Meta { get; init; } = NoMeta;

    /// <summary>How far it is.</summary>
    public PinState State { get; init; }

    /// <summary>More about the state, for people; null for nothing.</summary>
    public string? Details { get; init; }

    /// <summary>The number of bytes of all blocks of a pinned request.</summary>
    public long Bytes { get; init; }

    /// <summary>The root of the request that this one replaces, which stays until this one is pinned or fails; the
    /// default for none.</summary>
    public Cid Replaced { get; init; }

    public static ImmutableSortedDictionary<string, string> NoMeta { get; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}
