namespace ArrowCid;

/// <summary>What a store looks like at one moment.</summary>
/// <param name="Id">The store; a copy of its files is another.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Capacity">The most bytes that its files may take.</param>
/// <param name="BytesTaken">The bytes that its files take.</param>
/// <param name="BytesCommitted">The bytes of records in them.</param>
/// <param name="Segments">Segments with records.</param>
/// <param name="SegmentSize">The bytes of a segment.</param>
/// <param name="Lanes">How many writers there may be at once.</param>
/// <param name="LanesInUse">How many there are.</param>
/// <param name="IsRing">Whether its oldest blocks go when it is full.</param>
public sealed record StoreSummary(Guid Id, DateTimeOffset Created, long Capacity, long BytesTaken,
    long BytesCommitted,
    int Segments, long SegmentSize, int Lanes, int LanesInUse, bool IsRing);
