namespace ArrowCid.Client;

/// <summary>What goes along with a request to pin.</summary>
public sealed class RemotePinOptions
{
    /// <summary>A name by which it is found again, at most 255 characters; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>Multiaddrs that have the blocks, at most 20.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Texts that the service keeps with the request.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }
}
