using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>
/// The owner of memory under a foreign struct ArrowArray. Taken, it is released once this is disposed of and nothing is
/// pinned; borrowed, it stays the lender's, and nothing of it can be pinned.
/// </summary>
internal sealed unsafe class ForeignArray : IViewOwner, IDisposable
{
    private readonly CArray* _array;
    private readonly bool _isBorrowed;
    private ViewHolds _holds = new();

    private ForeignArray(CArray* array, bool isBorrowed)
    {
        _array = array;
        _isBorrowed = isBorrowed;
    }

    public CArrayView View => new((nint)_array);

    /// <summary>Moves a struct that is not released here: the source is marked as released.</summary>
    public static ForeignArray Take(nint source)
    {
        // SAFETY: the caller says that the source is an ArrowArray; it is moved by bits, as the interface wants.
        var array = (CArray*)NativeMemory.Alloc((nuint)sizeof(CArray));
        *array = *(CArray*)source;
        ((CArray*)source)->Release = null;
        return new ForeignArray(array, isBorrowed: false);
    }

    public static ForeignArray Borrow(nint source) => new((CArray*)source, isBorrowed: true);

    /// <inheritdoc/>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_holds.IsClosed, this);

    /// <inheritdoc/>
    public void Pin()
    {
        if (_isBorrowed)
            throw new InvalidOperationException("Borrowed memory cannot be kept beyond the call; import it instead.");
        ObjectDisposedException.ThrowIf(!_holds.TryAdd(), this);
    }

    /// <inheritdoc/>
    public void Unpin()
    {
        if (_holds.Remove()) End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_holds.Close()) End();
    }

    private void End()
    {
        if (_isBorrowed) return;
        // SAFETY: no reader of the memory is left; the struct is ours and is freed once.
        CDataCalls.ReleaseArray((nint)_array);
        NativeMemory.Free(_array);
    }
}
