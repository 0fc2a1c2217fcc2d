namespace ArrowCid.Ipc;

/// <summary>One difference.</summary>
/// <param name="Batch">The batch, from 0; -1 where it is about the stream.</param>
/// <param name="Rule">The rule, or what differs.</param>
/// <param name="FieldPath">The field, its ancestors first, joined by dots; empty where none.</param>
/// <param name="Row">The row, from 0; -1 where none.</param>
/// <param name="InA">How it is in the first stream.</param>
/// <param name="InB">How it is in the second stream.</param>
public sealed record Difference(int Batch, string Rule, string FieldPath, long Row, string InA, string InB);
