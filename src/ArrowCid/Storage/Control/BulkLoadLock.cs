namespace ArrowCid.Storage;

/// <summary>
/// Keeps stores that are being filled and sweeps apart. What a backup held comes with the times of its puts, so that no
/// grace counts for it, and a block comes before what needs it: a sweep beside would take it for one that nobody needs.
/// Any number of threads and processes fill at once; a sweep is alone. The lock byte keeps processes apart, the fields
/// the threads of one handle.
/// </summary>
internal sealed class BulkLoadLock(ControlFile control)
{
    private readonly object _gate = new();
    private int _fillings;
    private bool _isSwept;
    private bool _isClosed;

    /// <summary>Begins to fill.</summary>
    /// <returns>False where somebody sweeps.</returns>
    public bool TryBegin()
    {
        lock (_gate)
        {
            if (_isClosed || _isSwept) return false;
            if (_fillings == 0 && !control.TryLock(StoreLayout.FillingLock, exclusive: false)) return false;
            _fillings++;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (--_fillings == 0 && !_isClosed) control.Unlock(StoreLayout.FillingLock);
        }
    }

    /// <summary>Keeps who would fill out, until <see cref="EndSweep"/>.</summary>
    /// <returns>False where somebody fills.</returns>
    public bool TryBeginSweep()
    {
        lock (_gate)
        {
            if (_isClosed || _isSwept || _fillings > 0 || !control.TryLock(StoreLayout.FillingLock, exclusive: true))
                return false;
            _isSwept = true;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBeginSweep"/> began.</summary>
    public void EndSweep()
    {
        lock (_gate)
        {
            _isSwept = false;
            if (!_isClosed) control.Unlock(StoreLayout.FillingLock);
        }
    }

    /// <summary>Lets nobody in again: the locks of this handle are about to go.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }
}
