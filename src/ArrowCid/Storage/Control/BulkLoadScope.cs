namespace ArrowCid.Storage;

/// <summary>Being at filling a store, until disposed of.</summary>
internal sealed class BulkLoadScope(BulkLoadLock door) : IDisposable
{
    private int _isOver;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0) door.End();
    }
}
