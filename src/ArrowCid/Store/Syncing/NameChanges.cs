using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>Changes of names that one side alone has. Where both sides have some for a name that does not end at the
/// same block, that is a conflict: neither side's goes to the other unless both histories are merged.</summary>
internal sealed class NameChanges
{
    private readonly SortedDictionary<string, List<FactItem>> _in = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<FactItem>> _out = new(StringComparer.Ordinal);
    private readonly List<SyncNameConflict> _conflicts = [];

    /// <param name="here">The changes that this side alone has.</param>
    /// <param name="there">The changes that the other side alone has.</param>
    /// <param name="merges">Whether the histories of conflicting names are merged.</param>
    public NameChanges(Dictionary<string, List<FactItem>> here, Dictionary<string, List<FactItem>> there, bool merges)
    {
        foreach (string name in here.Keys.Concat(there.Keys).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal))
        {
            List<FactItem> ours = here.GetValueOrDefault(name, []), theirs = there.GetValueOrDefault(name, []);
            if (ours.Count > 0 && theirs.Count > 0)
            {
                Cid? end = FactCatalog.TargetOf(ours), other = FactCatalog.TargetOf(theirs);
                if (end != other)
                {
                    if (!merges)
                    {
                        _conflicts.Add(new SyncNameConflict(name, end, other));
                        continue;
                    }
                }
            }

            if (theirs.Count > 0) _in.Add(name, theirs);
            if (ours.Count > 0) _out.Add(name, ours);
        }
    }

    /// <summary>The changes that come, by name.</summary>
    public IReadOnlyDictionary<string, List<FactItem>> In => _in;

    /// <summary>The changes that go, by name.</summary>
    public IReadOnlyDictionary<string, List<FactItem>> Out => _out;

    public IReadOnlyList<string> NamesIn => [.. _in.Keys];

    public IReadOnlyList<string> NamesOut => [.. _out.Keys];

    public IReadOnlyList<SyncNameConflict> Conflicts => _conflicts;

    /// <summary>Whether some name has changes on both sides.</summary>
    public static bool HasCommon(Dictionary<string, List<FactItem>> here, Dictionary<string, List<FactItem>> there) =>
        here.Keys.Any(there.ContainsKey);
}
