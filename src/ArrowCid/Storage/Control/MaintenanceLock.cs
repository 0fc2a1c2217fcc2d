using System.Diagnostics;

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
            Debug.Assert(!isIn || _depth > 0);
            return isIn;
        }
        finally
        {
            if (!isIn) Monitor.Exit(_gate);
        }
    }

    /// <summary>Waits for current holders and refuses further ones: the locks of this handle are about to be
    /// closed.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }

    /// <summary>On the thread that entered.</summary>
    public void Exit()
    {
        Debug.Assert(Monitor.IsEntered(_gate), "the thread that entered leaves");
        Debug.Assert(_depth > 0);
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
