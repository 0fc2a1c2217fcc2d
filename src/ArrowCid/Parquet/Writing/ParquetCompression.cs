namespace ArrowCid.Parquet;

/// <summary>How the pages of a Parquet file are compressed.</summary>
public enum ParquetCompression
{
    /// <summary>Not at all.</summary>
    None = 0,
    /// <summary>Snappy: fast, and read by everybody.</summary>
    Snappy = 1,
    /// <summary>Gzip: small and slow.</summary>
    Gzip = 2,
    /// <summary>Brotli: smaller and slower.</summary>
    Brotli = 4,
    /// <summary>Zstandard, by the system's library.</summary>
    Zstd = 6,
    /// <summary>LZ4 blocks without a frame (LZ4_RAW), by the system's library.</summary>
    Lz4 = 7,
}
