namespace ArrowCid.Transfer;

/// <summary>What a CAR brought.</summary>
public sealed record CarImport
{
    /// <summary>The CAR's roots.</summary>
    public required IReadOnlyList<Cid> Roots { get; init; }

    /// <summary>The blocks that the store has now, in the order in which they were put: each after those that it links
    /// to.</summary>
    public required IReadOnlyList<ImportedBlock> Blocks { get; init; }

    /// <summary>How many blocks were linked to and not there.</summary>
    public required long Missing { get; init; }

    /// <summary>How many blocks were there and not taken: damaged, or under a hash that cannot be proved or is no
    /// SHA-256.</summary>
    public required long Skipped { get; init; }

    /// <summary>The names that the CAR carries, sorted, with the blocks that they point to. The import sets
    /// none.</summary>
    public IReadOnlyList<KeyValuePair<string, Cid>> Names { get; init; } = [];

    /// <summary>The number of signed statements that it brought, each of which holds, or needs a shared
    /// secret.</summary>
    public long Statements { get; init; }

    /// <summary>Where the first section begins that the CAR does not have whole, because its file was cut short; null
    /// where it was not.</summary>
    public long? CutAt { get; init; }
}
