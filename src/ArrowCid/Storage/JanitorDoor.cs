namespace ArrowCid.Storage;

/// <summary>
/// The janitor's lock for the threads of one handle, which its description does not keep apart: the thread that is in
/// may come in again, every other one is out.
/// </summary>
internal sealed class MaintenanceLock(ControlFile control)
{
    private readonly object _gate = new();
    private int _depth;
    private bool _isClosed;

    /// <summary>Whether a thread of this handle is in.</summary>
    public bool IsHeld => Volatile.Read(ref _depth) > 0;

    /// <param name="isChanging">Whether index, table or logs may be changed inside, so that a clean stamp has to
    /// go.</param>
    public bool TryEnter(bool isChanging = true)
    {
        if (!Monitor.TryEnter(_gate)) return false;
        bool isIn = false;
        try
        {
            if (isChanging && !_isClosed) control.MarkInUse();
            isIn = !_isClosed && (_depth > 0 || control.TryLock(StoreLayout.JanitorLock, exclusive: true));
            if (isIn) _depth++;
            return isIn;
        }
        finally
        {
            if (!isIn) Monitor.Exit(_gate);
        }
    }

    /// <summary>Waits for who is in and lets nobody in again: the locks of this handle are about to go.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }

    /// <summary>On the thread that entered.</summary>
    public void Exit()
    {
        try
        {
            if (--_depth == 0) control.Unlock(StoreLayout.JanitorLock);
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }
}

/// <summary>
/// Being the janitor, until disposed of by the same thread: nobody else drops, compacts, reclaims or grows the index.
/// The thread's own puts may still grow it.
/// </summary>
internal sealed class MaintenanceLockScope(ControlFile control) : IDisposable
{
    private bool _isOver;

    /// <summary>Makes the sweep word odd, with a full fence: from before the fence of a drop is read until the drop is
    /// committed.</summary>
    public void BeginSweep()
    {
        if ((control.Map.Read(StoreLayout.SweepWord) & 1) == 0) _ = control.Map.Add(StoreLayout.SweepWord, 1);
    }

    /// <summary>Makes it even again, and another than it was.</summary>
    public void EndSweep()
    {
        if ((control.Map.Read(StoreLayout.SweepWord) & 1) != 0) _ = control.Map.Add(StoreLayout.SweepWord, 1);
    }

    public void Dispose()
    {
        if (_isOver) return;
        _isOver = true;
        control.Janitor.Exit();
    }
}
