namespace ArrowCid;

/// <summary>How a place answered reads, as all processes that use the store measured it.</summary>
public sealed record PlaceStatistics
{
    /// <summary>The name of the place; <see cref="BlockPlace.Here"/> is the store itself, whose reads are
    /// sampled.</summary>
    public required string Place { get; init; }

    /// <summary>Reads that gave a block.</summary>
    public required long Reads { get; init; }

    /// <summary>The bytes of these blocks.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The time that these reads took together; zero for the store itself.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Reads that failed.</summary>
    public required long Errors { get; init; }

    /// <summary>What a read of a small block takes, a moving mean; null where none was measured.</summary>
    public required TimeSpan? Latency { get; init; }

    /// <summary>The bytes per second of a large block, a moving mean; null where none was measured.</summary>
    public required double? BytesPerSecond { get; init; }

    /// <summary>When it was last read; null: never, or that is not known.</summary>
    public required DateTimeOffset? LastRead { get; init; }
}
