using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>The copies of blocks except those at one place, each place opened and locked once.</summary>
internal sealed class OtherCopies(CidStore store, BlockPlace? except) : IDisposable
{
    private readonly Dictionary<string, (BlockBackend Backend, IDisposable? Lock)> _open =
        new(StringComparer.Ordinal);

    /// <summary>Reads another copy of a block and hashes it.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="tried">Why the copies that are recorded do not count; null where there are none.</param>
    public bool TryProve(Cid cid, CancellationToken cancellationToken, out string? tried) =>
        TryAny(cid, place =>
        {
            using BlockLease? block = place.TryGet(cid, cancellationToken);
            return block is not null;
        }, out tried);

    /// <summary>Finds another copy of a block, whose bytes were proved when it was recorded, without reading
    /// it.</summary>
    /// <inheritdoc cref="TryProve"/>
    public bool TryFind(Cid cid, CancellationToken cancellationToken, out string? tried) =>
        TryAny(cid, place => place.Contains(cid, cancellationToken), out tried);

    private bool TryAny(Cid cid, Func<BlockBackend, bool> isAt, out string? tried)
    {
        var faults = new List<string>();
        foreach (BlockPlace place in Candidates(cid))
        {
            try
            {
                if (isAt(Open(place)))
                {
                    tried = null;
                    return true;
                }

                faults.Add($"{place.Name} does not have it");
            }
            catch (ArrowCidException e) when (e.Code != ErrorCode.Busy || place.Name != BlockPlace.Here)
            {
                faults.Add($"{place.Name}: {e.Message}");
            }
        }

        tried = faults.Count == 0 ? null : string.Join("; ", faults);
        return false;
    }

    public void Dispose()
    {
        foreach ((BlockBackend backend, IDisposable? turn) in _open.Values)
        {
            turn?.Dispose();
            backend.Dispose();
        }
    }

    private IEnumerable<BlockPlace> Candidates(Cid cid)
    {
        if (except is not null && store.Contains(cid))
            yield return new BlockPlace { Name = BlockPlace.Here, Location = store.Directory };
        foreach (BlockPlace place in store.Places.CopiesOf(cid))
        {
            if (place.IsDurable && place.Name != except?.Name) yield return place;
        }
    }

    private BlockBackend Open(BlockPlace place)
    {
        if (_open.TryGetValue(place.Name, out (BlockBackend Backend, IDisposable? Lock) known))
            return known.Backend;
        BlockBackend backend = place.Name == BlockPlace.Here
            ? store.Transfer.AsBackend()
            : store.Places.Open(place, readOnly: true);
        try
        {
            IDisposable? turn = backend.LockDirectory is { } directory
                ? CopyLock.Take(directory, exclusive: false)
                : null;
            _open.Add(place.Name, (backend, turn));
            return backend;
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }
}
