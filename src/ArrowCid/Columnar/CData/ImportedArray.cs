using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>
/// An array over memory of another library, which stays until <see cref="Dispose"/>; afterwards access to it throws
/// <see cref="ObjectDisposedException"/>. Without a Dispose the memory is never given back.
/// </summary>
internal sealed class ImportedArray : IDisposable
{
    private readonly ForeignArray _memory;
    private readonly ArrowArray _values;

    internal ImportedArray(ForeignArray memory, Field field)
    {
        (_memory, Field) = (memory, field);
        try
        {
            _values = CArrayReader.Array(memory.View, field, memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The field: name, type, nullability and metadata.</summary>
    public Field Field { get; }

    /// <summary>The slots, over the producer's memory. Valid until this is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed of.</exception>
    public ArrowArray Values
    {
        get
        {
            _memory.ThrowIfDisposed();
            return _values;
        }
    }

    /// <summary>Calls the producer's release, once every re-export of the array is released too. Further calls do
    /// nothing.</summary>
    public void Dispose() => _memory.Dispose();
}
