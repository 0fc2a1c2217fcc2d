namespace ArrowCid.Registry;

/// <summary>How much one step of a collection does at most.</summary>
/// <param name="Read">The records that it reads, as the janitor.</param>
/// <param name="TakenIn">The blocks that it looks at, while queries of the same handle wait.</param>
/// <param name="Dropped">The blocks that it drops, as the janitor; each step takes a flush.</param>
internal readonly record struct CollectionSteps(int Read, int TakenIn, int Dropped)
{
    public static CollectionSteps ByDefault { get; } = new(4096, 1024, 2 * FactLimits.MaxRemoved);
}
