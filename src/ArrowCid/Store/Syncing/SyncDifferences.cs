using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>All that differs between a store and another side.</summary>
/// <param name="blocks">The blocks.</param>
/// <param name="facts">The facts.</param>
/// <param name="blocksHere">The number of blocks here.</param>
/// <param name="fence">The moment of the sets here.</param>
internal sealed class SyncDifferences(SyncDifference blocks, SyncDifference facts, long blocksHere, string fence)
{
    public SyncDifference Blocks { get; } = blocks;

    public SyncDifference Facts { get; } = facts;

    public long BlocksHere { get; } = blocksHere;

    public string Fence { get; } = fence;

    /// <summary>Whether some set is only what came since the last sync.</summary>
    public bool IsTail => Blocks.Welcome.IsTail || Facts.Welcome.IsTail;

    /// <summary>Whether nothing came on either side.</summary>
    public bool IsEmpty => Blocks.There.Count + Blocks.Here.Count + Facts.There.Count + Facts.Here.Count == 0;

    /// <summary>The facts of the other side, names left out.</summary>
    public List<FactItem> FactsThere { get; } = [];

    /// <summary>The facts here, names left out.</summary>
    public List<FactItem> FactsHere { get; } = [];

    public Dictionary<string, List<FactItem>> NamesThere { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, List<FactItem>> NamesHere { get; } = new(StringComparer.Ordinal);

    public void AddThere(FactItem item) => Add(item, FactsThere, NamesThere);

    public void AddHere(FactItem item) => Add(item, FactsHere, NamesHere);

    private static void Add(FactItem item, List<FactItem> facts, Dictionary<string, List<FactItem>> names)
    {
        if (!item.Travels) return;
        if (item.Name is not { } name)
        {
            facts.Add(item);
            return;
        }

        if (!names.TryGetValue(name, out List<FactItem>? changes)) names.Add(name, changes = []);
        changes.Add(item);
    }
}
