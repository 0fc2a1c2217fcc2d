using System.Diagnostics;

namespace ArrowCid.Registry;

/// <summary>All changes of a name, by their stamps.</summary>
internal sealed class NameLog(string name)
{
    private readonly List<NameRecord> _changes = [];

    public string Name { get; } = name;

    public IReadOnlyList<NameRecord> Changes => _changes;

    /// <summary>The change that stands.</summary>
    public NameRecord Last => _changes[^1];

    /// <summary>Adds a change.</summary>
    /// <returns>False where it was there already.</returns>
    public bool Add(NameRecord change)
    {
        int at = _changes.Count;
        // Mostly the last.
        if (at > 0 && _changes[^1].Stamp.CompareTo(change.Stamp) >= 0) at = Search(change.Stamp);
        if (at == _changes.Count || _changes[at].Stamp != change.Stamp)
        {
            _changes.Insert(at, change);
            Debug.Assert(at == 0 || _changes[at - 1].Stamp < change.Stamp, "changes are sorted by their stamps");
            Debug.Assert(at == _changes.Count - 1 || change.Stamp < _changes[at + 1].Stamp);
            return true;
        }

        Debug.Assert(_changes[at].Stamp == change.Stamp);
        bool isGreater = change.CompareContent(_changes[at]) > 0;
        if (isGreater) _changes[at] = change;
        return isGreater;
    }

    /// <summary>What stood at a time of the hybrid clock, or null.</summary>
    public NameRecord? At(ulong time)
    {
        int at = Search(new FactStamp(time, UInt128.MaxValue));
        if (at < _changes.Count && _changes[at].Stamp.Time <= time) return _changes[at];
        return at == 0 ? null : _changes[at - 1];
    }

    /// <summary>The changes, oldest first.</summary>
    public NameChange[] History()
    {
        var replaced = new Dictionary<FactStamp, int>();
        foreach (NameRecord change in _changes)
            replaced[PreviousOf(change)] = replaced.GetValueOrDefault(PreviousOf(change)) + 1;
        return [.. _changes.Select(change => Show(change, replaced[PreviousOf(change)] > 1))];
    }

    /// <summary>The change that stands.</summary>
    public NameChange Show() => Show(Last, _changes.Count(change => change.Previous == Last.Previous) > 1);

    private NameChange Show(NameRecord change, bool isConflict) =>
        new()
        {
            Name = Name,
            Cid = change.Target,
            Time = change.Stamp.When,
            Writer = change.Stamp.WriterId,
            IsConflict = isConflict,
        };

    // No change has time 0 and writer 0 (the clock begins in 1970), so it can represent "none".
    private static FactStamp PreviousOf(NameRecord change) => change.Previous ?? default;

    /// <summary>The first place whose stamp is not less.</summary>
    private int Search(FactStamp stamp)
    {
        int low = 0, high = _changes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_changes[middle].Stamp < stamp) low = middle + 1;
            else high = middle;
        }

        Debug.Assert(low == _changes.Count || _changes[low].Stamp >= stamp);
        Debug.Assert(low == 0 || _changes[low - 1].Stamp < stamp);
        return low;
    }
}
