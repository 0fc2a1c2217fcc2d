namespace ArrowCid;

/// <summary>What a store looks like at one moment.</summary>
public sealed record StoreSummary
{
    /// <summary>The store; a copy of its files is another.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The most bytes that its files may take.</summary>
    public required long Capacity { get; init; }

    /// <summary>The bytes that its files take.</summary>
    public required long BytesTaken { get; init; }

    /// <summary>The bytes of records in them.</summary>
    public required long BytesCommitted { get; init; }

    /// <summary>Segments with records.</summary>
    public required int Segments { get; init; }

    /// <summary>The bytes of a segment.</summary>
    public required long SegmentSize { get; init; }

    /// <summary>How many writers there may be at once.</summary>
    public required int Lanes { get; init; }

    /// <summary>How many there are.</summary>
    public required int LanesInUse { get; init; }

    /// <summary>Whether its oldest blocks go when it is full.</summary>
    public required bool IsRing { get; init; }
}
