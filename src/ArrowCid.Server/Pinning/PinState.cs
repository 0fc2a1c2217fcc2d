namespace ArrowCid.Server.Pinning;

/// <summary>How far a request to pin is.</summary>
internal enum PinState
{
    /// <summary>It waits for its turn, or for its next attempt.</summary>
    Queued,

    /// <summary>Its blocks are being fetched.</summary>
    Pinning,

    /// <summary>All of its blocks are here and stay.</summary>
    Pinned,

    /// <summary>It was given up.</summary>
    Failed,
}
