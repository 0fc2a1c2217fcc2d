namespace ArrowCid.Torture;

/// <summary>What the journals of all workers come to: blocks, tags and names have one worker each that changes
/// them.</summary>
internal sealed class TorturePromises
{
    private readonly Dictionary<string, Doubt> _tags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Doubt> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _present = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pinned = new(StringComparer.Ordinal);
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);
    private readonly List<(string Before, string Next)> _swaps = [];

    public long Count { get; private set; }

    public IReadOnlyCollection<string> Present => _present;

    public void Read(string journal)
    {
        foreach (string[] line in TortureJournal.Read(journal))
        {
            Count++;
            switch (line[0])
            {
                case "p": _ = _present.Add(line[1]); break;
                case "P": _ = _pinned.Add(line[1]); break;
                case "t?": Of(_tags, line[1]).Try(line[2]); break;
                case "t": Of(_tags, line[1]).Keep(line[2]); break;
                case "n?": Of(_names, line[1]).Try(line[2]); break;
                case "n": Of(_names, line[1]).Keep(line[2]); break;
                case "s": _swaps.Add((line[1], line[2])); break;
                case "r?": _ = _present.Remove(line[1]); break;
                case "r": _ = _removed.Add(line[1]); break;
            }
        }
    }

    /// <summary>Holds what was said of blocks against the store.</summary>
    public IEnumerable<string> CheckFacts(CidStore store)
    {
        foreach ((string cid, Doubt tag) in _tags)
        {
            if (_removed.Contains(cid)) continue;
            string? found = store.Metadata.Get(Cid.Parse(cid))?.Tags.GetValueOrDefault("t");
            if (!tag.Allows(found))
                yield return $"the tag of {cid} is {found ?? "not there"}, and {tag} was acknowledged";
        }

        foreach ((string name, Doubt target) in _names)
        {
            string? found = store.Names.Resolve(name)?.ToString();
            if (!target.Allows(found)) yield return $"{name} is {found ?? "not there"}, and {target} was acknowledged";
        }

        foreach (string cid in _pinned)
        {
            if (store.Metadata.Get(Cid.Parse(cid)) is not { IsPinned: true }) yield return $"{cid} is not pinned any more";
        }

        foreach (string fault in store.Diagnostics.CheckFacts()) yield return fault;
        foreach (string fault in CheckSwaps(store)) yield return fault;
    }

    /// <summary>Every swap that was acknowledged follows on what it replaced, and none was replaced twice.</summary>
    private IEnumerable<string> CheckSwaps(CidStore store)
    {
        var steps = new Dictionary<(string, string), int>();
        string before = "-";
        foreach (var change in store.Names.GetHistory(TortureFacts.SharedName))
        {
            string next = change.Cid?.ToString() ?? "-";
            if (change.IsConflict) yield return $"the swap of {before} to {next} has a rival";
            steps[(before, next)] = steps.GetValueOrDefault((before, next)) + 1;
            before = next;
        }

        foreach (IGrouping<(string, string), (string Before, string Next)> swap in _swaps.GroupBy(one => one))
        {
            int found = steps.GetValueOrDefault(swap.Key);
            if (found < swap.Count())
                yield return $"the swap of {swap.Key.Item1} to {swap.Key.Item2} was acknowledged {swap.Count()} " +
                    $"times and stands {found} times in the history";
        }
    }

    private static Doubt Of(Dictionary<string, Doubt> all, string key)
    {
        if (!all.TryGetValue(key, out Doubt? doubt)) all[key] = doubt = new Doubt();
        return doubt;
    }

    /// <summary>A value that one worker sets: the last one acknowledged, or the one that it died at.</summary>
    private sealed class Doubt
    {
        private string? _kept;
        private string? _tried;

        public void Try(string value) => _tried = value;

        public void Keep(string value) => (_kept, _tried) = (value, null);

        public bool Allows(string? found) => found == _kept || (found is not null && found == _tried);

        public override string ToString() => _kept ?? "nothing";
    }
}
