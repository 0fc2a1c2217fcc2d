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

/// <summary>One difference.</summary>
/// <param name="Batch">The batch, from 0; -1 where it is about the stream.</param>
/// <param name="Rule">The rule, or what differs.</param>
/// <param name="FieldPath">The field, its ancestors first, joined by dots; empty where none.</param>
/// <param name="Row">The row, from 0; -1 where none.</param>
/// <param name="InA">How it is in the first stream.</param>
/// <param name="InB">How it is in the second stream.</param>
public sealed record Difference(int Batch, string Rule, string FieldPath, long Row, string InA, string InB);
