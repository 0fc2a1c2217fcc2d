using ArrowCid.Storage;

namespace ArrowCid.Server.Service;

/// <summary>Leases on the first blocks that a request names: the block that is found is the one that is sent.</summary>
internal sealed class NamedLeases : IDisposable
{
    // Each lease keeps a segment mapped.
    private const int Most = 64;

    private readonly Dictionary<Cid, RecordLease> _held = [];

    /// <summary>The lease on a block; null where it is not held.</summary>
    public RecordLease? this[Cid cid] => _held.GetValueOrDefault(cid);

    /// <summary>Keeps a lease, or releases it where there are enough.</summary>
    public void Keep(Cid cid, RecordLease lease)
    {
        if (_held.Count >= Most || !_held.TryAdd(cid, lease)) lease.Dispose();
    }

    /// <summary>Gives a lease to the caller, who releases it; null where it is not held.</summary>
    public RecordLease? Take(Cid cid) => _held.Remove(cid, out RecordLease? lease) ? lease : null;

    /// <summary>Releases all that were not taken.</summary>
    public void Dispose()
    {
        foreach (RecordLease lease in _held.Values) lease.Dispose();
        _held.Clear();
    }
}
