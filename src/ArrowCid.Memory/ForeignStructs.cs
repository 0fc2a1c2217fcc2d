using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>Calls into structs of others.</summary>
internal static unsafe class CDataCalls
{
    // SAFETY: the caller says that the struct is one of the interface: then its release is what the interface says.
    public static void ReleaseSchema(nint schema)
    {
        var target = (CSchema*)schema;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static void ReleaseArray(nint array)
    {
        var target = (CArray*)array;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static void ReleaseStream(nint stream)
    {
        var target = (CStream*)stream;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static bool IsStreamReleased(nint stream) => ((CStream*)stream)->Release is null;

    /// <summary>Whether a struct ArrowDeviceArray's memory is the CPU's, and nothing has to be waited for.</summary>
    public static bool IsCpu(nint deviceArray, out int deviceType, out bool mustWait)
    {
        var device = (CDeviceArray*)deviceArray;
        (deviceType, mustWait) = (device->DeviceType, device->SyncEvent is not null);
        return deviceType == CDeviceArray.Cpu && !mustWait;
    }
}

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
        // SAFETY: nobody is left who reads the memory; the struct is ours and is freed once.
        CDataCalls.ReleaseArray((nint)_array);
        NativeMemory.Free(_array);
    }
}

/// <summary>A foreign struct ArrowArrayStream, taken, or borrowed: then it stays the lender's. One thread at a
/// time.</summary>
internal sealed unsafe class ForeignStream : IDisposable
{
    private readonly bool _isBorrowed;
    private CStream* _stream;

    private ForeignStream(CStream* stream)
    {
        _stream = stream;
        _isBorrowed = true;
    }

    /// <summary>Moves a struct that is not released here: the source is marked as released.</summary>
    public ForeignStream(nint source)
    {
        // SAFETY: the caller says that the source is an ArrowArrayStream; it is moved by bits.
        _stream = (CStream*)NativeMemory.Alloc((nuint)sizeof(CStream));
        *_stream = *(CStream*)source;
        ((CStream*)source)->Release = null;
    }

    public static ForeignStream Borrow(nint source) => new((CStream*)source);

    /// <summary>Asks for the schema, which the action reads; it is released afterwards.</summary>
    /// <returns>0, or the producer's error number.</returns>
    public int ReadSchema(Action<CSchemaView> read)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        if (_stream->GetSchema is null) return Errno.Invalid;
        CSchema schema = default;
        // SAFETY: the struct is a local, whose address is good for the call; released before it goes.
        int errno = _stream->GetSchema(_stream, &schema);
        try
        {
            if (errno == 0) read(new CSchemaView((nint)(&schema)));
            return errno;
        }
        finally
        {
            if (errno == 0) CDataCalls.ReleaseSchema((nint)(&schema));
        }
    }

    /// <summary>Asks for the next array; null at the end, and where there is an error number.</summary>
    public ForeignArray? Next(out int errno)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        CArray array = default;
        // SAFETY: as above; what it was filled with is moved to memory of its own.
        errno = _stream->GetNext is null ? Errno.Invalid : _stream->GetNext(_stream, &array);
        return errno == 0 && array.Release is not null ? ForeignArray.Take((nint)(&array)) : null;
    }

    /// <summary>What the producer says of its last error, or null.</summary>
    public string? LastError()
    {
        if (_stream is null || _stream->GetLastError is null) return null;
        // SAFETY: the producer's text ends with a NUL and is good until the next call.
        return Marshal.PtrToStringUTF8((nint)_stream->GetLastError(_stream));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_stream is null) return;
        if (!_isBorrowed)
        {
            CDataCalls.ReleaseStream((nint)_stream);
            NativeMemory.Free(_stream);
        }

        _stream = null;
    }
}
