namespace ArrowCid.Storage;

/// <summary>What a store looks like at one moment, for people.</summary>
internal sealed record StorageStatistics(
    string Directory, Guid Id, long Capacity, long SegmentSize, long BytesTaken, int OpenSegments, int SealedSegments,
    int UnfinishedSegments, long BytesCommitted, int Lanes, int LanesInUse, long IndexEntries, long IndexUsed,
    bool IndexIsGrowing, DateTimeOffset Created);
