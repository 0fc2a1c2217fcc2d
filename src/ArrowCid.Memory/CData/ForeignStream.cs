using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

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

    /// <summary>The producer's description of its last error, or null.</summary>
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
