using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>What it would take to fetch blocks again: from the cheapest place that counts and is known to have a block,
/// by what reads from it took. The places are looked up once.</summary>
internal sealed class FetchCosts(CidStore store)
{
    // Without a measurement a directory answers in a tenth of a millisecond, and a point of cost is a millisecond.
    private const double LeastNs = 1e5, NsPerCost = 1e6;

    private readonly Dictionary<string, (BlockPlace Place, PlaceMeasure Measure)> _places = store.Places.List()
        .Where(place => place.IsDurable)
        .ToDictionary(place => place.Name, place => (place,
            store.Blocks.Cache.Heat.Measure(HeatFile.KeyOf(place.Name))), StringComparer.Ordinal);

    /// <summary>The time in nanoseconds; 0 where no place is known to have it.</summary>
    public double Of(CachedBlock block)
    {
        if (_places.Count == 0 || store.Metadata.Get(block.Cid) is not { } entry) return 0;
        double least = double.PositiveInfinity;
        foreach (Registry.BlockCopy copy in entry.Copies)
        {
            if (!_places.TryGetValue(copy.Place, out (BlockPlace Place, PlaceMeasure Measure) known)) continue;
            double latency = LeastNs + (known.Place.Cost * NsPerCost);
            least = Math.Min(least, known.Measure.Expected(block.Bytes, latency));
        }

        return double.IsFinite(least) ? least : 0;
    }
}
