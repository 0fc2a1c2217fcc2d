using ArrowCid.Ipc;

namespace ArrowCid.Parquet;

/// <summary>How a Parquet file is read. Immutable.</summary>
public sealed class ParquetReadOptions
{
    private readonly long _memoryBudget = ArrowReadOptions.DefaultMemoryBudget;

    internal static ParquetReadOptions Default { get; } = new();

    /// <summary>The bytes that the footer or one row group may take in memory; 4 GiB by default. Over it reading ends
    /// with <see cref="ErrorCode.TooLarge"/>, before the memory is taken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0.</exception>
    public long MemoryBudget
    {
        get => _memoryBudget;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _memoryBudget = value;
        }
    }

    /// <summary>Keys that are left out of the schema's and every field's metadata; null (the default) for none.
    /// </summary>
    public IReadOnlySet<string>? DropMetadata { get; init; }

    /// <summary>Leaves a <see cref="Stream"/> open when the reader is disposed.</summary>
    public bool LeaveOpen { get; init; }

    /// <summary>Reads a file by <see cref="ParquetWriter"/> as other readers do: by its Parquet types and the schema
    /// that every Arrow reader knows, without the exact one.</summary>
    public bool IgnoresExactSchema { get; init; }

    /// <summary>Does not look at the checksums of pages.</summary>
    public bool IgnoresChecksums { get; init; }
}
