using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>
/// A batch over memory of another library, which stays until <see cref="Dispose"/>; afterwards access to it throws
/// <see cref="ObjectDisposedException"/>. Without a Dispose the memory is never given back.
/// </summary>
internal sealed class ImportedBatch : IDisposable
{
    private readonly ForeignArray _memory;
    private readonly RecordBatch _batch;

    internal ImportedBatch(ForeignArray memory, Schema schema)
    {
        _memory = memory;
        try
        {
            _batch = CArrayReader.Batch(memory.View, schema, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The batch, over the producer's memory. Valid until this is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public RecordBatch Batch
    {
        get
        {
            _memory.ThrowIfDisposed();
            return _batch;
        }
    }

    /// <summary>Calls the producer's release, once every re-export of the batch is released too. Further calls do
    /// nothing.</summary>
    public void Dispose() => _memory.Dispose();
}
