namespace ArrowCid.Ipc;

/// <summary>Why two streams are not the same bytes, or not the same batches.</summary>
public sealed record Explanation
{
    /// <summary>Whether the streams hold the same batches: every batch has the same CID in both.</summary>
    public required bool SameBatches { get; init; }

    /// <summary>Whether the streams are the same bytes.</summary>
    public required bool SameBytes { get; init; }

    /// <summary>
    /// With the same batches, the rules of the canonical form by which the streams differ; else the first difference of
    /// schema or values.
    /// </summary>
    public required IReadOnlyList<Difference> Differences { get; init; }
}
