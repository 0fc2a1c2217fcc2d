using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>What two sets do not have in common.</summary>
/// <param name="Welcome">How the other side describes its set.</param>
/// <param name="There">The items that the other side alone has; of a tail, all that came there.</param>
/// <param name="Here">The items that this side alone has; of a tail, all that came here.</param>
/// <param name="Way">How they were found.</param>
internal sealed record SyncDifference(SyncWelcome Welcome, IReadOnlyList<Digest256> There,
    IReadOnlyList<Digest256> Here, SyncWay Way);
