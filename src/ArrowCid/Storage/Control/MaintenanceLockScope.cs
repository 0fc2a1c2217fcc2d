namespace ArrowCid.Storage;

/// <summary>
/// Being the janitor, until disposed of by the same thread: no other thread or process drops, compacts or grows the
/// index. The thread's own puts may still grow it.
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
