namespace ArrowCid;

/// <summary>What the signed statements about a name say, compared with what it points to.</summary>
public sealed record NameCheck
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The block that it points to; null where it was removed.</summary>
    public required Cid? Target { get; init; }

    /// <summary>The statements about it whose signatures hold, each after the one that it follows.</summary>
    public required IReadOnlyList<StatementCheck> Statements { get; init; }

    /// <summary>What is wrong, as a clause: the name does not point to what the last statement says (it was rolled
    /// back, or changed without a signature), or two statements follow the same one. Null where nothing is, and where
    /// there is no statement.</summary>
    public required string? Fault { get; init; }

    /// <summary>The statement that the first one follows, where it is not stored: it was collected, or withheld. Null
    /// where the chain begins with the first one.</summary>
    public Cid? Missing { get; init; }
}
