namespace ArrowCid.Storage;

/// <summary>Keeps bulk loads out of a store until disposed.</summary>
internal sealed class CollectionBarrier(BulkLoadLock door) : IDisposable
{
    public void Dispose() => door.EndSweep();
}
