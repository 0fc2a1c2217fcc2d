using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>The result of a sync.</summary>
public sealed record SyncReport
{
    /// <summary>The other side.</summary>
    public required string Peer { get; init; }

    /// <summary>How the differing blocks were found.</summary>
    public required SyncWay Way { get; init; }

    /// <summary>The number of blocks here that took part; 0 where only what came since the last sync was
    /// compared.</summary>
    public required long BlocksHere { get; init; }

    /// <summary>The number of blocks on the other side that took part; as <see cref="BlocksHere"/>.</summary>
    public required long BlocksThere { get; init; }

    /// <summary>The bytes of messages until all differences were known, both ways.</summary>
    public required long SearchBytes { get; init; }

    /// <summary>The number of times that an answer was waited for until all differences were known.</summary>
    public required int RoundTrips { get; init; }

    /// <summary>The number of blocks that came, or would come.</summary>
    public required long BlocksPulled { get; init; }

    /// <summary>Their bytes.</summary>
    public required long BytesPulled { get; init; }

    /// <summary>The number of blocks that went, or would go.</summary>
    public required long BlocksPushed { get; init; }

    /// <summary>Their bytes.</summary>
    public required long BytesPushed { get; init; }

    /// <summary>The number of facts that came, names left out.</summary>
    public required long FactsPulled { get; init; }

    /// <summary>The number of facts that went, names left out.</summary>
    public required long FactsPushed { get; init; }

    /// <summary>The number of facts that the other side does not let this caller set, such as names and pins without
    /// the scope <c>admin</c>.</summary>
    public required long FactsRefused { get; init; }

    /// <summary>The number of signed statements that came and whose signatures hold; 0 where OpenSSL is not
    /// installed.</summary>
    public long StatementsHolding { get; init; }

    /// <summary>The number of signed statements that came and whose signatures do not hold. They count
    /// nowhere.</summary>
    public long StatementsBroken { get; init; }

    /// <summary>The names whose changes came, or would come, sorted.</summary>
    public required IReadOnlyList<string> NamesPulled { get; init; }

    /// <summary>The names whose changes went, or would go, sorted.</summary>
    public required IReadOnlyList<string> NamesPushed { get; init; }

    /// <summary>The names that both sides changed.</summary>
    public required IReadOnlyList<SyncNameConflict> Conflicts { get; init; }

    /// <summary>The names whose changes did not come or go because the block that they point to is not there.</summary>
    public required IReadOnlyList<string> NamesWaiting { get; init; }

    /// <summary>Of a dry run all differing blocks; otherwise those that were not moved, and those that were
    /// removed.</summary>
    public required IReadOnlyList<SyncItem> Items { get; init; }

    /// <summary>Whether nothing was changed.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>Whether both sides now have the same, as far as the options ask for it. Blocks that were removed on one
    /// side do not count.</summary>
    public bool IsInStep => Conflicts.Count == 0 && NamesWaiting.Count == 0 && FactsRefused == 0 &&
        !Items.Any(item => item.Outcome is SyncOutcome.OverLimit or SyncOutcome.Missing or SyncOutcome.WrongBytes or
            SyncOutcome.Refused) &&
        (!IsDryRun || BlocksPulled + BlocksPushed + FactsPulled + FactsPushed + NamesPulled.Count +
            NamesPushed.Count == 0);

    /// <summary>The number of blocks that were removed on one side and do not come back.</summary>
    public int RemovedBlocks =>
        Items.Count(item => item.Outcome is SyncOutcome.RemovedHere or SyncOutcome.RemovedThere);
}
