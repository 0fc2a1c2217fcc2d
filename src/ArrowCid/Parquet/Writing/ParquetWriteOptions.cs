namespace ArrowCid.Parquet;

/// <summary>How a Parquet file is written. Immutable. The same batches and options give the same bytes.</summary>
public sealed class ParquetWriteOptions
{
    private readonly int _pageBytes = 1 << 20;
    private readonly int _pageRows = 20_000;
    private readonly int _dictionaryBytes = 1 << 20;

    internal static ParquetWriteOptions Default { get; } = new();

    /// <summary>How pages are compressed; Snappy by default.</summary>
    public ParquetCompression Compression { get; init; } = ParquetCompression.Snappy;

    /// <summary>The codec's level; null for its usual one. Snappy and LZ4 have none.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>The bytes of values, uncompressed, at which a page ends; 1 MiB by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 64 or over 2^30.</exception>
    public int PageBytes
    {
        get => _pageBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 64);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1 << 30);
            _pageBytes = value;
        }
    }

    /// <summary>The rows at which a page ends; 20,000 by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int PageRows
    {
        get => _pageRows;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _pageRows = value;
        }
    }

    /// <summary>Data pages of version 2 in place of version 1, which more readers know.</summary>
    public bool UsesPageV2 { get; init; }

    /// <summary>How values are encoded that are no dictionary's; by default what suits them.</summary>
    public ParquetEncoding Encoding { get; init; }

    /// <summary>The bytes that a dictionary may take where a column has none of its own; 0 for none. 1 MiB by
    /// default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or over 2^28.</exception>
    public int DictionaryBytes
    {
        get => _dictionaryBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1 << 28);
            _dictionaryBytes = value;
        }
    }

    /// <summary>Columns that get a bloom filter in each row group: the paths of leaves, joined by dots.</summary>
    public IReadOnlySet<string> BloomFilters { get; init; } = new HashSet<string>();
}
