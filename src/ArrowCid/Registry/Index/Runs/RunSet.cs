namespace ArrowCid.Registry;

/// <summary>Some of an index's runs, by their places. After the sixty-third all are in it or none.</summary>
internal readonly struct RunSet(ulong bits)
{
    private const int Last = 63;

    public bool Has(int place) => (bits & (1ul << Math.Min(place, Last))) != 0;

    public RunSet With(int place) => new(bits | (1ul << Math.Min(place, Last)));
}
