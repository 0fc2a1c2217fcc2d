using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>The blocks that a store's places are known to have: the cheapest one that answers with the right bytes
/// gives them. Of gateways that follow one another any may answer. A place is opened when it is first
/// needed.</summary>
internal sealed class PlacesBackend(CidStore store) : BlockBackend("the places of " + store.Directory)
{
    private readonly ConcurrentDictionary<string, Lazy<BlockBackend>> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HedgedBackend> _hedged = new(StringComparer.Ordinal);

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        store.Places.CopiesOf(cid).Any(place => Open(place).Contains(cid, cancellationToken));

    private protected override BlockLease? Find(Cid cid, in Digest256 digest,
        CancellationToken cancellationToken) => First(Hedged(store.Places.CopiesOf(cid)),
        (name, source) => MeasuredPlace.TryGet(store, name, source, cid, cancellationToken));

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
        foreach ((string name, Lazy<BlockBackend> place) in _open)
        {
            if (_open.TryRemove(name, out _) && place.IsValueCreated) place.Value.Dispose();
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

    private BlockBackend Open(BlockPlace place) =>
        _open.GetOrAdd(place.Name, _ => new Lazy<BlockBackend>(() => store.Places.Open(place, readOnly: true))).Value;
}
