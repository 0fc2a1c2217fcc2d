namespace ArrowCid;

/// <summary>The contents of a store.</summary>
public sealed record StoreStatistics
{
    /// <summary>Sizes and counts of its files.</summary>
    public required StoreSummary Summary { get; init; }

    /// <summary>Its blocks by kind: <c>batch</c>, <c>schema</c>, <c>raw</c>, <c>view</c>.</summary>
    public required IReadOnlyList<StoreShare> Kinds { get; init; }

    /// <summary>Its batches by producer; the empty text for batches without one.</summary>
    public required IReadOnlyList<StoreShare> Producers { get; init; }

    /// <summary>Its batches by the CID of their schema.</summary>
    public required IReadOnlyList<StoreShare> Schemas { get; init; }

    /// <summary>How much of the records' bytes is of blocks that are here and of facts, from 0 to 1: the rest comes
    /// back by compaction.</summary>
    public required double LiveShare { get; init; }

    /// <summary>Records of facts.</summary>
    public required long FactRecords { get; init; }

    /// <summary>Their bytes.</summary>
    public required long FactBytes { get; init; }

    /// <summary>The number of names that point to a block.</summary>
    public required long Names { get; init; }

    /// <summary>Blocks that are pinned or held.</summary>
    public required long Pinned { get; init; }

    /// <summary>Blocks that are no longer needed.</summary>
    public required long Expired { get; init; }

    /// <summary>Blocks with metadata that are not in the store.</summary>
    public required long Absent { get; init; }

    /// <summary>The capacity of the index, in entries.</summary>
    public required long IndexEntries { get; init; }

    /// <summary>How many of them are taken, but for at most 15 of each other handle that is open, or was
    /// killed.</summary>
    public required long IndexUsed { get; init; }
}
