namespace ArrowCid.Client;

/// <summary>How far a pinning service is with a request.</summary>
public enum RemotePinStatus
{
    /// <summary>It waits for its turn.</summary>
    Queued,

    /// <summary>Its blocks are being fetched.</summary>
    Pinning,

    /// <summary>All of its blocks are kept there.</summary>
    Pinned,

    /// <summary>The service gave it up.</summary>
    Failed,
}
