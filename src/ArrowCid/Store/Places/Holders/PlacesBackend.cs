using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>The blocks that a store's places are known to have: the cheapest one that answers with the right bytes
/// gives them. Of gateways that follow one another any may answer. A place is opened when it is first
/// needed.</summary>
internal sealed class PlacesBackend(CidStore store, bool followsLocations = false)
    : BlockBackend("the places of " + store.Directory)
{
    private readonly ConcurrentDictionary<string, BlockBackend> _open = new(StringComparer.Ordinal);
    private readonly Lock _opening = new();
    private readonly ConcurrentDictionary<string, HedgedBackend> _hedged = new(StringComparer.Ordinal);

    public override bool CanList => true;

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        First(cid, place => place.Contains(cid, cancellationToken) ? place : null) is not null;

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        var seen = new HashSet<Cid>();
        foreach (StoredEntry entry in store.Places.List()
            .SelectMany(place => store.Places.ListAt(place.Name, cancellationToken)))
        {
            if (seen.Add(entry.Cid)) yield return entry.Cid;
        }
    }

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken) => First(Hedged(store.Places.CopiesOf(cid)).Concat(Hints(cid)),
        (name, source) => MeasuredPlace.TryGet(store, name, source, cid, cancellationToken));

    /// <summary>The locations that writers have recorded for a block, but those that are not followed.</summary>
    private IEnumerable<(string Name, Func<BlockBackend> Open)> Hints(Cid cid)
    {
        if (!followsLocations) yield break;
        foreach (string hint in store.Metadata.Get(cid)?.Locations ?? [])
        {
            if (LocationHint.Resolve(hint) is { } location)
                yield return (location, () => Open($"\n{location}", () => store.Places.OpenHint(location)));
        }
    }

    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken) =>
        First(cid, place => place.TryGetRanges(cid, slices, cancellationToken))?.ToArray();

    internal override BlockLease? FindManifest(Cid block, Cid manifest, CancellationToken cancellationToken) =>
        First(block, place => place.FindManifest(block, manifest, cancellationToken));

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        store.Metadata.Get(cid) is { Kind: BlockKind.Batch, SchemaCid: { } schema }
            ? schema
            : base.FindSchema(cid, cancellationToken);

    protected override void Close()
    {
        lock (_opening)
        {
            foreach (BlockBackend place in _open.Values) place.Dispose();
            _open.Clear();
        }
    }

    /// <summary>The places, with neighboring gateways as one that asks them side by side.</summary>
    private IEnumerable<(string Name, Func<BlockBackend> Open)> Hedged(IReadOnlyList<BlockPlace> places)
    {
        for (int i = 0, next; i < places.Count; i = next)
        {
            int first = i;
            next = i + 1;
            while (!places[i].IsDurable && next < places.Count && !places[next].IsDurable) next++;
            int end = next;
            yield return end == first + 1
                ? (places[first].Name, () => Open(places[first]))
                : (string.Join('+', places.Take(first..end).Select(place => place.Name)),
                    () => OpenGateways([.. places.Take(first..end)]));
        }
    }

    private T? First<T>(Cid cid, Func<BlockBackend, T?> ask) where T : class => First(
        store.Places.CopiesOf(cid).Select<BlockPlace, (string, Func<BlockBackend>)>(
            place => (place.Name, () => Open(place))), (_, place) => ask(place));

    /// <summary>The first answer of the places that have a block; an error counts if no other place has one.</summary>
    private static T? First<T>(IEnumerable<(string Name, Func<BlockBackend> Open)> sources,
        Func<string, BlockBackend, T?> ask) where T : class
    {
        ArrowCidException? first = null;
        foreach ((string name, Func<BlockBackend> open) in sources)
        {
            try
            {
                if (ask(name, open()) is { } answer) return answer;
            }
            catch (ArrowCidException e)
            {
                first ??= e;
            }
        }

        if (first is not null) ExceptionDispatchInfo.Throw(first);
        return null;
    }

    private HedgedBackend OpenGateways(BlockPlace[] places) =>
        _hedged.GetOrAdd(string.Join('/', places.Select(place => place.Name)),
            _ => new HedgedBackend(Array.ConvertAll(places, Open), new HedgeOptions(), isOwner: false));

    /// <summary>Opens a place once. One that cannot be opened is tried again when it is needed again.</summary>
    private BlockBackend Open(BlockPlace place) =>
        // The location may have changed under the name.
        Open($"{place.Name}\n{place.Location}", () => store.Places.Open(place, readOnly: true));

    private BlockBackend Open(string key, Func<BlockBackend> opening)
    {
        if (_open.TryGetValue(key, out BlockBackend? open)) return open;
        lock (_opening)
        {
            if (_open.TryGetValue(key, out open)) return open;
            return _open[key] = opening();
        }
    }
}
