namespace ArrowCid.Ipc;

/// <summary>One difference.</summary>
public sealed record Difference
{
    /// <summary>The batch, from 0; -1 where it is about the stream.</summary>
    public required int Batch { get; init; }

    /// <summary>The rule, or what differs.</summary>
    public required string Rule { get; init; }

    /// <summary>The field, its ancestors first, joined by dots; empty where none.</summary>
    public required string FieldPath { get; init; }

    /// <summary>The row, from 0; -1 where none.</summary>
    public required long Row { get; init; }

    /// <summary>How it is in the first stream.</summary>
    public required string InA { get; init; }

    /// <summary>How it is in the second stream.</summary>
    public required string InB { get; init; }
}
