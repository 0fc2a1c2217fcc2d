namespace ArrowCid;

/// <summary>The contents of a store.</summary>
/// <param name="Summary">Sizes and counts of its files.</param>
/// <param name="Kinds">Its blocks by kind: <c>batch</c>, <c>schema</c>, <c>raw</c>, <c>view</c>.</param>
/// <param name="Producers">Its batches by producer; the empty text for batches without one.</param>
/// <param name="Schemas">Its batches by the CID of their schema.</param>
/// <param name="LiveShare">How much of the records' bytes is of blocks that are here and of facts, from 0 to 1: the
/// rest comes back by compaction.</param>
/// <param name="FactRecords">Records of facts.</param>
/// <param name="FactBytes">Their bytes.</param>
/// <param name="Names">The number of names that point to a block.</param>
/// <param name="Pinned">Blocks that are pinned or held.</param>
/// <param name="Expired">Blocks that are no longer needed.</param>
/// <param name="Absent">Blocks with metadata that are not in the store.</param>
/// <param name="IndexEntries">The capacity of the index, in entries.</param>
/// <param name="IndexUsed">How many of them are taken, but for at most 15 of each other handle that is open, or was
/// killed.</param>
public sealed record StoreStatistics(StoreSummary Summary, IReadOnlyList<StoreShare> Kinds,
    IReadOnlyList<StoreShare> Producers, IReadOnlyList<StoreShare> Schemas, double LiveShare, long FactRecords,
    long FactBytes, long Names, long Pinned, long Expired, long Absent, long IndexEntries, long IndexUsed);
