namespace ArrowCid.Ipc;

/// <summary>
/// Whether bytes are a canonical block, and if not, where they first differ from the block of the batch they hold.
/// </summary>
public sealed record CheckResult
{
    /// <summary>Whether the bytes are a canonical block.</summary>
    public required bool IsCanonical { get; init; }

    /// <summary>The address of the canonical block of the batch that the bytes hold.</summary>
    public required BlockAddress Address { get; init; }

    /// <summary>The canonical block's message at the first difference: «schema», «dictionary 3», «batch» or «end of
    /// stream»; empty where canonical.</summary>
    public string Message { get; init; } = "";

    /// <summary>The field at the first difference, its ancestors first, joined by dots; empty where none.</summary>
    public string FieldPath { get; init; } = "";

    /// <summary>The buffer at the first difference: its role, «metadata» or «padding»; empty where none.</summary>
    public string Buffer { get; init; } = "";

    /// <summary>The first byte that differs, from 0; -1 where canonical.</summary>
    public long Offset { get; init; } = -1;

    /// <summary>The rule of canonical-block.md that fixes that byte; empty where canonical.</summary>
    public string Rule { get; init; } = "";

    /// <summary>
    /// Every rule by which the bytes are known to depart from the canonical form; empty where canonical.
    /// </summary>
    public IReadOnlyList<Difference> Violations { get; init; } = [];
}
