using Apache.Arrow;

namespace ArrowCid.Benchmarks;

/// <summary>A library that writes and reads Parquet files.</summary>
internal interface IParquetLibrary
{
    /// <summary>Writes batches as a Parquet file, one row group per batch.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="path">The file.</param>
    /// <param name="codec"><c>snappy</c> or <c>zstd</c>.</param>
    /// <exception cref="NotSupportedException">The library cannot write these columns or this codec.</exception>
    Task Write(IReadOnlyList<RecordBatch> batches, string path, string codec);

    /// <summary>Reads all columns of a Parquet file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="NotSupportedException">The library cannot read it.</exception>
    Task Read(string path);
}
