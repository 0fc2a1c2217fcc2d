namespace ArrowCid.Transfer;

/// <summary>The formats of files that hold batches.</summary>
internal enum BatchFormat
{
    /// <summary>An Arrow IPC stream or file.</summary>
    Arrow,

    /// <summary>Parquet.</summary>
    Parquet,

    /// <summary>CSV.</summary>
    Csv,

    /// <summary>JSON lines.</summary>
    JsonLines,
}
