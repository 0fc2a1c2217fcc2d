using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>
/// Keeps bulk loads and sweeps apart. A restored backup brings the original put times, so no grace period protects its
/// blocks, and a block arrives before the blocks that need it: a concurrent sweep would collect it as unreferenced. Any
/// number of threads and processes can load at once; a sweep is exclusive. The lock byte excludes other processes, the
/// fields exclude threads of the same handle.
/// </summary>
internal sealed class BulkLoadLock(ControlFile control)
{
    private readonly object _gate = new();
    private int _fillings;
    private bool _isSwept;
    private bool _isClosed;

    /// <summary>Begins to fill.</summary>
    /// <returns>False if a sweep is running.</returns>
    public bool TryBegin()
    {
        lock (_gate)
        {
            if (_isClosed || _isSwept) return false;
            if (_fillings == 0 && !control.TryLock(StoreLayout.FillingLock, exclusive: false)) return false;
            Debug.Assert(_fillings >= 0 && !_isSwept);
            _fillings++;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    public void End()
    {
        lock (_gate)
        {
            Debug.Assert(_fillings > 0 && !_isSwept, "no sweep begins while a load is running");
            if (--_fillings == 0 && !_isClosed) control.Unlock(StoreLayout.FillingLock);
        }
    }

    /// <summary>Keeps bulk loads out until <see cref="EndSweep"/>.</summary>
    /// <returns>False if a bulk load is running.</returns>
    public bool TryBeginSweep()
    {
        lock (_gate)
        {
            if (_isClosed || _isSwept || _fillings > 0 || !control.TryLock(StoreLayout.FillingLock, exclusive: true))
                return false;
            Debug.Assert(_fillings == 0);
            _isSwept = true;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBeginSweep"/> began.</summary>
    public void EndSweep()
    {
        lock (_gate)
        {
            Debug.Assert(_isSwept && _fillings == 0);
            _isSwept = false;
            if (!_isClosed) control.Unlock(StoreLayout.FillingLock);
        }
    }

    /// <summary>Refuses all further entries: the locks of this handle are about to be closed.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }
}
