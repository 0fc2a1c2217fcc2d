using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Sync;

/// <summary>The facts of a store that count and mean something in other stores too, by their digests: of each key the
/// one with the greatest stamp, whatever was compacted. About 100 bytes for each. For one thread at a time.</summary>
internal sealed class FactCatalog
{
    private readonly Dictionary<UInt128, Standing> _last = [];
    private readonly Dictionary<Digest256, Digest256> _all = [];
    private readonly Dictionary<Digest256, FactStamp> _endsOfLocations = [];
    private readonly Dictionary<string, List<FactItem>> _names = new(StringComparer.Ordinal);
    private readonly HashSet<Digest256> _nameDigests = [];

    /// <summary>When blocks were last removed, in ms since 1970: the removals that are known.</summary>
    public Dictionary<Digest256, ulong> Removals { get; } = [];

    /// <summary>The changes of each name.</summary>
    public IReadOnlyDictionary<string, List<FactItem>> Names => _names;

    /// <summary>Reads a record.</summary>
    public void Add(ReadOnlyMemory<byte> payload)
    {
        foreach (FactItem item in FactItem.Split(payload))
        {
            if (item.Kind == (ulong)FactKind.Removal) AddRemovals(item);
            else _ = Offer(item);
        }
    }

    /// <summary>Takes a fact in.</summary>
    /// <returns>Whether it is news: it counts, and was not here.</returns>
    public bool Offer(FactItem item)
    {
        if (!item.Travels) return false;
        if (item.Name is { } name)
        {
            if (!_nameDigests.Add(item.Digest)) return false;
            if (!_names.TryGetValue(name, out List<FactItem>? changes)) _names.Add(name, changes = []);
            changes.Add(item);
            return true;
        }

        if (item.Key is not { } key) return _all.TryAdd(item.Digest, item.Subject ?? default);
        if (_last.TryGetValue(key, out Standing last))
        {
            int order = item.Stamp.CompareTo(last.Stamp);
            // Two facts of one stamp, which only a broken writer makes, are never both kept: the greater counts.
            bool isLess = order < 0 || (order == 0 && Compare(item.Digest, last.Digest) <= 0);
            if (isLess) return false;
        }

        Digest256 subject = item.Subject!.Value;
        bool ends = item.EndsLocations &&
            (!_endsOfLocations.TryGetValue(subject, out FactStamp end) || item.Stamp > end);
        if (ends) _endsOfLocations[subject] = item.Stamp;

        _last[key] = new Standing(item.Stamp, item.Digest, subject, item.Kind);
        return true;
    }

    /// <summary>The digests of all that counts.</summary>
    /// <param name="withPins">Whether pins are among them.</param>
    /// <param name="isWanted">Whether facts about a block are wanted; null: all are.</param>
    public IReadOnlyCollection<Digest256> Digests(bool withPins, Predicate<Digest256>? isWanted = null)
    {
        var digests = new List<Digest256>(_last.Count + _all.Count + _nameDigests.Count);
        foreach (Standing fact in _last.Values)
        {
            if (isWanted?.Invoke(fact.Subject) == false || (fact.Kind == (ulong)FactKind.Pin && !withPins)) continue;
            bool isEnded = fact.Kind == (ulong)FactKind.Locations &&
                _endsOfLocations.TryGetValue(fact.Subject, out FactStamp end) && fact.Stamp < end;
            if (!isEnded) digests.Add(fact.Digest);
        }

        digests.AddRange(_all.Where(each => isWanted?.Invoke(each.Value) != false).Select(each => each.Key));
        foreach (List<FactItem> changes in _names.Values)
        {
            if (isWanted is null || IsWanted(changes, isWanted))
                digests.AddRange(changes.Select(change => change.Digest));
        }

        return digests;
    }

    /// <summary>Whether a change of a name is here.</summary>
    public bool HasName(in Digest256 digest) => _nameDigests.Contains(digest);

    /// <summary>The digests of all facts that count here.</summary>
    public HashSet<Digest256> AllDigests() => [.. Digests(withPins: true)];

    /// <summary>What a name points to according to its changes; null where it does not exist.</summary>
    public static Cid? TargetOf(IEnumerable<FactItem> changes) =>
        changes.MaxBy(change => (change.Stamp.Time, change.Stamp.Writer))?.Target;

    private static bool IsWanted(List<FactItem> changes, Predicate<Digest256> isWanted) =>
        TargetOf(changes) is { } target && target.TryGetSha256(out Digest256 digest) && isWanted(digest);

    private static int Compare(Digest256 one, Digest256 other) =>
        Digest256.Bytes(in one).SequenceCompareTo(Digest256.Bytes(in other));

    private void AddRemovals(FactItem item)
    {
        foreach (FactGroup group in FactReader.Read(item.Payload.Span, ulong.MaxValue, static _ => { }))
        {
            ulong time = group.Stamp.Time >> 16;
            foreach (RemovedBlock removed in group.Facts.OfType<RemovalFact>().SelectMany(fact => fact.Blocks))
            {
                if (removed.Cid.TryGetSha256(out Digest256 digest))
                    Removals[digest] = Math.Max(time, Removals.GetValueOrDefault(digest));
            }
        }
    }

    private readonly record struct Standing(FactStamp Stamp, Digest256 Digest, Digest256 Subject, ulong Kind);
}
