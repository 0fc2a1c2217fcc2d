namespace ArrowCid.Parquet;

/// <summary>The result of comparing a row group with the CID that its file claims.</summary>
public sealed record ParquetVerifyResult
{
    /// <summary>The row group, from 0.</summary>
    public required int Group { get; init; }

    /// <summary>The CID that the file claims.</summary>
    public required Cid Claimed { get; init; }

    /// <summary>The CID of the contents; null if they cannot be read.</summary>
    public required Cid? Found { get; init; }

    /// <summary>The first column that is not as it was written, where the CIDs differ and it can be told.</summary>
    public required string? Column { get; init; }

    /// <summary>Why it cannot be read; null where it can.</summary>
    public required ArrowCidException? Error { get; init; }

    /// <summary>Whether the row group is what its CID says.</summary>
    public bool IsIntact => Found == Claimed;
}
