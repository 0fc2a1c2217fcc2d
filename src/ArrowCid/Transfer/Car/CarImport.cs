namespace ArrowCid.Transfer;

/// <summary>What a CAR brought.</summary>
/// <param name="Roots">The CAR's roots.</param>
/// <param name="Blocks">The blocks that the store has now, in the order in which they were put: each after those that
/// it links to.</param>
/// <param name="Missing">How many blocks were linked to and not there.</param>
/// <param name="Skipped">How many blocks were there and not taken: damaged, or under a hash that cannot be proved or
/// is no SHA-256.</param>
public sealed record CarImport(IReadOnlyList<Cid> Roots, IReadOnlyList<ImportedBlock> Blocks, long Missing,
    long Skipped)
{
    /// <summary>The names that the CAR carries, sorted, with the blocks that they point to. The import sets
    /// none.</summary>
    public IReadOnlyList<KeyValuePair<string, Cid>> Names { get; init; } = [];

    /// <summary>Where the first section begins that the CAR does not have whole, because its file was cut short; null
    /// where it was not.</summary>
    public long? CutAt { get; init; }
}
