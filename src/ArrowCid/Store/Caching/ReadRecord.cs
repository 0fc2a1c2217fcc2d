namespace ArrowCid;

/// <summary>A read of a block by any process.</summary>
public sealed record ReadRecord
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The block, as raw bytes: its codec is not recorded.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The number of its bytes; 0 where the read failed.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The name of the place that it came from, or <see cref="BlockPlace.Here"/>; null where the table has no
    /// such place any more.</summary>
    public required string? Place { get; init; }

    /// <summary>What that took; zero for the store itself.</summary>
    public required TimeSpan Took { get; init; }
}
