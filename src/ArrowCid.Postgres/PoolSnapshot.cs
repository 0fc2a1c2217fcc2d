namespace ArrowCid.Postgres;

/// <summary>A snapshot of a pool's registry: a UnixFS directory of Parquet files among the blocks of the pool, from
/// which stores that join begin.</summary>
public sealed record PoolSnapshot
{
    /// <summary>The CID of the directory.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The number of rows: words of metadata, and changes of names.</summary>
    public required long Rows { get; init; }

    /// <summary>The number of rows that were written for it. The others are in parts of the snapshot before.</summary>
    public required long NewRows { get; init; }

    /// <summary>The number of files.</summary>
    public required int Parts { get; init; }

    /// <summary>The number of bytes of all files.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The point in the pool's log up to which it is complete.</summary>
    public required PoolToken Position { get; init; }
}
