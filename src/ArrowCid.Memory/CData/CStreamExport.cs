using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace ArrowCid.Memory;

/// <summary>
/// One exported ArrowArrayStream. As with <see cref="CDataExport"/> the struct holds a number, and calls through what
/// was released find nothing. Nothing is thrown into the consumer: an exception is an error number and a text, and the
/// same ones again when it asks for more.
/// </summary>
internal sealed unsafe class CStreamExport
{
    private static readonly ConcurrentDictionary<long, CStreamExport> s_live = new();

    // As for an export of arrays, a forked child finds nothing.
    private static readonly int s_process = ProcessMark.Current;

    private static long s_serial;

    private readonly ICStreamSource _source;
    private readonly Lock _gate = new();
    private byte* _error;
    private int _errno;
    private bool _isReleased;

    private CStreamExport(ICStreamSource source) => _source = source;

    /// <summary>Writes an ArrowArrayStream, which owns the source until it is released.</summary>
    public static void Stream(ICStreamSource source, nint target)
    {
        long serial = Interlocked.Increment(ref s_serial);
        s_live[serial] = new CStreamExport(source);
        // SAFETY: the caller guarantees that the target is writable memory for an ArrowArrayStream.
        *(CStream*)target = new CStream
        {
            GetSchema = CDataCallbacks.Current.StreamSchema,
            GetNext = CDataCallbacks.Current.StreamNext,
            GetLastError = CDataCallbacks.Current.StreamError,
            Release = CDataCallbacks.Current.ReleaseStream,
            PrivateData = (nint)serial,
        };
    }

    private static CStreamExport? Find(CStream* stream) => stream is not null && ProcessMark.Current == s_process
        && s_live.TryGetValue(stream->PrivateData, out CStreamExport? export)
            ? export
            : null;

    // SAFETY of the callbacks: the consumer calls them with a struct that we made or a copy of it, and guarantees that
    // the target struct is writable memory of its size.
    public static int GetSchema(CStream* stream, CSchema* target)
    {
        if (target is null) return Errno.Invalid;
        *target = default;
        return Find(stream)?.Call(target, static (source, at) => CDataExport.Schema(source.Schema(), at))
            ?? Errno.Invalid;
    }

    public static int GetNext(CStream* stream, CArray* target)
    {
        if (target is null) return Errno.Invalid;
        *target = default;
        return Find(stream)?.Call(target, static (source, at) => source.Next(at)) ?? Errno.Invalid;
    }

    public static byte* GetLastError(CStream* stream) => Find(stream) is { } export ? export._error : null;

    public static void Release(CStream* stream)
    {
        if (stream is null || stream->Release is null) return;
        stream->Release = null;
        if (Find(stream) is not null && s_live.TryRemove(stream->PrivateData, out CStreamExport? export)) export.End();
    }

    private int Call(void* target, Action<ICStreamSource, nint> action)
    {
        lock (_gate)
        {
            if (_isReleased) return Errno.Invalid;
            if (_errno != 0) return _errno;
            try
            {
                action(_source, (nint)target);
                return 0;
            }
            catch (Exception e)
            {
                Fail(e);
                return _errno;
            }
        }
    }

    private void Fail(Exception e)
    {
        _errno = _source.ErrorNumber(e);
        byte[] text = Encoding.UTF8.GetBytes(_source.ErrorText(e).Replace('\0', ' '));
        // SAFETY: as many bytes and one more; freed with the stream.
        _error = (byte*)NativeMemory.Alloc((nuint)text.Length + 1);
        text.CopyTo(new Span<byte>(_error, text.Length));
        _error[text.Length] = 0;
    }

    private void End()
    {
        lock (_gate)
        {
            _isReleased = true;
            try
            {
                _source.Dispose();
            }
            catch (Exception)
            {
                // A release cannot report that closing the source failed; no further reads follow.
            }

            NativeMemory.Free(_error);
            _error = null;
        }
    }
}
