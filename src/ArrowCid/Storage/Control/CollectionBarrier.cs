namespace ArrowCid.Storage;

/// <summary>Keeping out who would fill a store, until disposed of.</summary>
internal sealed class CollectionBarrier(BulkLoadLock door) : IDisposable
{
    public void Dispose() => door.EndSweep();
}
