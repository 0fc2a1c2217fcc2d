using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>What the parts of an open store share.</summary>
/// <param name="Blocks">The block store below.</param>
/// <param name="Registry">The registry below.</param>
/// <param name="Verify">What is proved of blocks that are read.</param>
/// <param name="Timeout">How long calls wait for others.</param>
internal sealed record StoreCore(BlockStore Blocks, StoreRegistry Registry, VerifyMode Verify, TimeSpan Timeout)
{
    /// <summary>Fetches blocks from places; null where the store does not read them.</summary>
    public PlaceFill? Fill { get; set; }
}
