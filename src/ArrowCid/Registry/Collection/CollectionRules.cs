namespace ArrowCid.Registry;

/// <summary>What of a store may go.</summary>
/// <param name="TakesUnneeded">Whether all goes that no root needs; else what has expired, and its schemas.</param>
/// <param name="PutBefore">What was put or announced since stays, what has expired too where <paramref
/// name="SparesExpired"/> says so.</param>
/// <param name="SparesExpired">Whether <paramref name="PutBefore"/> counts for what has expired.</param>
/// <param name="MostBytes">The bytes that may stay: the oldest blocks are deleted until the rest fits; null: all that
/// may go is deleted.</param>
/// <param name="KeepsHistory">Whether what names stood for is a root as well.</param>
/// <param name="Now">The time by which things expire.</param>
internal readonly record struct CollectionRules(bool TakesUnneeded, DateTimeOffset PutBefore, bool SparesExpired,
    long? MostBytes, bool KeepsHistory, DateTimeOffset Now)
{
    /// <summary>Why a block that goes does.</summary>
    public RemovalReason ReasonOf(CollectedNode node) => node.HasExpired ? RemovalReason.Expired
        : MostBytes is null ? RemovalReason.Unneeded
        : RemovalReason.OverBudget;
}
