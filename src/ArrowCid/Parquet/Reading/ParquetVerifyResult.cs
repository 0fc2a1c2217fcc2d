namespace ArrowCid.Parquet;

/// <summary>The result of comparing a row group with the CID that its file claims.</summary>
/// <param name="Group">The row group, from 0.</param>
/// <param name="Claimed">The CID that the file claims.</param>
/// <param name="Found">The CID of the contents; null if they cannot be read.</param>
/// <param name="Column">The first column that is not as it was written, where the CIDs differ and it can be
/// told.</param>
/// <param name="Error">Why it cannot be read; null where it can.</param>
public sealed record ParquetVerifyResult(int Group, Cid Claimed, Cid? Found, string? Column, ArrowCidException? Error)
{
    /// <summary>Whether the row group is what its CID says.</summary>
    public bool IsIntact => Found == Claimed;
}
