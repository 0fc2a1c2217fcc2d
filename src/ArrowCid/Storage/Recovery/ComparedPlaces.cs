namespace ArrowCid.Storage;

/// <summary>
/// The places whose blocks this handle has compared with right bytes, so that a put of a known block does so once. All
/// are forgotten when any process records damage. For any number of threads at once.
/// </summary>
internal sealed class ComparedPlaces(DamageLog damage)
{
    // About 24 MB; then everything is compared again.
    private const int Most = 1 << 20;

    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _places = [];
    private ulong _version;

    /// <summary>Whether the place was compared. The version is to be given to <see cref="Add"/>.</summary>
    public bool Has(Segment segment, long offset, out ulong version)
    {
        version = damage.Version;
        lock (_gate) return version == _version && _places.Contains(Key(segment, offset));
    }

    /// <summary>Adds a place that was compared after the version was read.</summary>
    public void Add(Segment segment, long offset, ulong version)
    {
        lock (_gate)
        {
            if (version != _version || _places.Count >= Most) _places.Clear();
            _version = version;
            _ = _places.Add(Key(segment, offset));
        }
    }

    // 16 bits of a slot, 24 of a generation, 24 of an offset.
    private static ulong Key(Segment segment, long offset) =>
        ((ulong)segment.Slot << 48) | ((ulong)(segment.Generation & 0xffffff) << 24) |
        (ulong)(offset / StoreLayout.RecordAlignment);
}
