using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A block with fewer copies than wanted.</summary>
public sealed record ReplicaShortage
{
    /// <summary>The block and what is known of it.</summary>
    public required StoredEntry Entry { get; init; }

    /// <summary>The number of copies, with that in the store itself. Gateways do not count.</summary>
    public required int Copies { get; init; }
}
