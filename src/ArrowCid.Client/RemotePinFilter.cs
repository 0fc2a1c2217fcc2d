namespace ArrowCid.Client;

/// <summary>Which requests a pinning service lists. What is not set passes all.</summary>
public sealed class RemotePinFilter
{
    /// <summary>Only requests for these blocks, at most 10.</summary>
    public IReadOnlyList<Cid> Cids { get; init; } = [];

    /// <summary>Only requests in these states; none: in any.</summary>
    public IReadOnlyList<RemotePinStatus> Statuses { get; init; } = [];

    /// <summary>Only requests of this name; null: of any or none.</summary>
    public string? Name { get; init; }
}
