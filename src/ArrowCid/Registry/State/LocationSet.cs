namespace ArrowCid.Registry;

/// <summary>
/// The locations of a block: the last list of each writer, all together. An empty list ends every list that is older,
/// of any writer. So two machines that each add a location keep both, and one can still remove them. The order in which
/// the lists come does not matter.
/// </summary>
internal sealed class LocationSet
{
    // Each handle of a store is a writer of its own: the oldest lists beyond this number are forgotten.
    private const int MostWriters = 64;

    // The newest first, one per writer.
    private readonly List<(FactStamp Stamp, string[] Locations)> _lists = [];
    private FactStamp? _cleared;

    /// <summary>Every list that counts, and the empty one that ended others.</summary>
    public IEnumerable<(FactStamp Stamp, string[] Locations)> Lists =>
        _cleared is { } stamp ? _lists.Prepend((stamp, [])) : _lists;

    /// <summary>The locations, those that were given last first.</summary>
    public string[] All => [.. _lists.SelectMany(list => list.Locations).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether a list with that stamp may be one that counts.</summary>
    public bool CanWin(FactStamp stamp)
    {
        if (_cleared is { } cleared && stamp <= cleared) return stamp == cleared;
        return !_lists.Exists(list => list.Stamp.Writer == stamp.Writer && list.Stamp > stamp) &&
            (_lists.Count < MostWriters || stamp >= _lists[^1].Stamp);
    }

    public void Merge(FactStamp stamp, string[] locations)
    {
        if (locations.Length == 0)
        {
            if (_cleared is { } before && before >= stamp) return;
            _cleared = stamp;
            _ = _lists.RemoveAll(list => list.Stamp < stamp);
            return;
        }

        if (_cleared is { } cleared && stamp < cleared) return;
        int own = _lists.FindIndex(list => list.Stamp.Writer == stamp.Writer);
        if (own >= 0)
        {
            (FactStamp last, string[] listed) = _lists[own];
            bool isLater = stamp > last || (stamp == last && FactOrder.OfTextLists(locations, listed) > 0);
            if (!isLater) return;
            _lists.RemoveAt(own);
        }

        int place = _lists.FindIndex(list => list.Stamp < stamp);
        _lists.Insert(place < 0 ? _lists.Count : place, (stamp, locations));
        if (_lists.Count > MostWriters) _lists.RemoveAt(MostWriters);
    }
}
