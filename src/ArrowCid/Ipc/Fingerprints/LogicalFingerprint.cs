namespace ArrowCid.Ipc;

/// <summary>The logical fingerprint of a table: the same for the same values, however they are cut into batches and
/// encoded (<c>src/ArrowCid/Ipc/Fingerprints/lfp1.md</c>).</summary>
public sealed record LogicalFingerprint
{
    /// <summary>The fingerprint: <c>lfp1-</c> and 64 hexadecimal digits in lower case.</summary>
    public required string Text { get; init; }

    /// <summary>The number of rows.</summary>
    public required long Rows { get; init; }

    /// <summary>The names of the columns and their column CIDs, in the order of the schema. Two columns have one column
    /// CID if they have the same logical type and the same values in the same order.</summary>
    public required IReadOnlyList<KeyValuePair<string, Cid>> Columns { get; init; }
}
