namespace ArrowCid.Transfer;

/// <summary>How the batches of a file are read.</summary>
internal sealed record BatchReadOptions
{
    /// <summary>The options of a plain read.</summary>
    public static BatchReadOptions Default { get; } = new();

    /// <summary>Keys to leave out of the metadata of the schema and of all fields; null for none.</summary>
    public IReadOnlySet<string>? DropMetadata { get; init; }

    /// <summary>The rows of each batch of Arrow or Parquet, of which the last may have fewer; null for the file's own
    /// batches.</summary>
    public int? RowsPerBatch { get; init; }

    /// <summary>How CSV and JSON lines are read.</summary>
    public RowReadOptions Rows { get; init; } = new();
}
