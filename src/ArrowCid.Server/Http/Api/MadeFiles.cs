using ArrowCid.Server.Service;

namespace ArrowCid.Server.Http;

/// <summary>
/// Files of answers that can only be made whole, such as Parquet. Each is made once, however many requests there are
/// for it and its ranges, and is kept until no request has used it for a while. The key of a file is its ETag, which
/// determines the content. The files have no name in the file system, so that none outlives the process.
/// </summary>
internal sealed class MadeFiles : IDisposable
{
    private readonly MadeFileLimits _limits;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MadeFile> _files = new(StringComparer.Ordinal);

    // Files that wait for a thread that makes them, in the order of their requests.
    private readonly LinkedList<MadeFile> _waiting = [];
    private int _makers;
    private long _bytes;
    private bool _isTimed, _isDisposed;

    /// <param name="limits">The limits.</param>
    /// <param name="time">The clock.</param>
    public MadeFiles(MadeFileLimits limits, TimeProvider time)
    {
        (_limits, _time) = (limits, time);
        _timer = time.CreateTimer(_ => RemoveExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The number of files, including those that are being made or wait for it.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _files.Count;
        }
    }

    /// <summary>The number of bytes of all files.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>Opens a file, and makes it if it does not exist. Requests for a file that is being made wait for
    /// it.</summary>
    /// <param name="tag">The ETag.</param>
    /// <param name="make">Writes the file. It may run longer than the request.</param>
    /// <param name="cancellationToken">Ends the wait. A file whose making has begun is completed all the
    /// same, so that a client that tries again finds it.</param>
    /// <returns>The file; the caller must dispose it.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: the files take too much space; what
    /// <paramref name="make"/> throws.</exception>
    public async Task<MadeFileLease> OpenAsync(string tag, Action<Stream> make, CancellationToken cancellationToken)
    {
        MadeFile file = Take(tag, make);
        try
        {
            FileStream made = await file.Made.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new MadeFileLease(this, file, made);
        }
        catch
        {
            Release(file);
            throw;
        }
    }

    /// <summary>Ends a use of a file.</summary>
    internal void Release(MadeFile file)
    {
        lock (_lock) EndUse(file);
    }

    /// <summary>Closes the files that no request uses; the others are closed after their requests. A file that is
    /// being made is closed at its next write.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            _timer.Dispose();
            foreach (MadeFile file in _files.Values.ToArray())
            {
                _ = file.Made.TrySetException(new ObjectDisposedException(nameof(MadeFiles)));
                _ = file.Made.Task.Exception;
                if (file.Users == 0) Remove(file);
            }

            _waiting.Clear();
        }
    }

    private MadeFile Take(string tag, Action<Stream> make)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_files.TryGetValue(tag, out MadeFile? file))
            {
                file = new MadeFile(tag, make);
                _files.Add(tag, file);
                _ = _waiting.AddLast(file);
            }

            file.Users++;
            StartMakers();
            return file;
        }
    }

    private void StartMakers()
    {
        while (!_isDisposed && _makers < _limits.Makers && _waiting.First is { Value: var file })
        {
            _waiting.RemoveFirst();
            _makers++;
            file.Users++;
            _ = Task.Run(() => Make(file));
        }
    }

    private void Make(MadeFile file)
    {
        FileStream? made = null;
        Exception? fault = null;
        try
        {
            made = Spool.Make();
            using (var target = new MadeFileStream(made, length => Grow(file, length))) file.Make(target);
            made.Flush();
        }
        catch (Exception e)
        {
            fault = e is IOException or UnauthorizedAccessException
                ? new ArrowCidException(IoFault.CodeOf(e),
                    $"{Path.GetTempPath()}: the answer's temporary file cannot be written: {e.Message}", e)
                : e;
        }

        lock (_lock)
        {
            _makers--;
            if (fault is not null) _ = file.Made.TrySetException(fault);
            if (fault is not null || !file.Made.TrySetResult(made!))
            {
                // Reads the exception, because all requests may have ended.
                _ = file.Made.Task.Exception;
                made?.Dispose();
                Remove(file);
            }

            EndUse(file);
            StartMakers();
        }
    }

    private void EndUse(MadeFile file)
    {
        file.Users--;
        if (file.Users > 0) return;
        file.LastUse = _time.GetTimestamp();
        // A file that still waits to be made is no longer wanted.
        if (_isDisposed || !file.Made.Task.IsCompletedSuccessfully) Remove(file);
        EvictIdle();
        SetTimer();
    }

    /// <summary>Counts the bytes of a file before they are written, and evicts others where there is no
    /// space.</summary>
    private void Grow(MadeFile file, long length)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            long more = length - file.Length;
            if (more <= 0) return;
            foreach (MadeFile idle in Idle())
            {
                if (_bytes + more <= _limits.TotalBytes) break;
                Remove(idle);
            }

            bool isAlone = _bytes == file.Length;
            if (_bytes + more > _limits.TotalBytes && !isAlone)
            {
                throw new ArrowCidException(ErrorCode.Busy,
                    $"the files that are sent now take {_bytes} of {_limits.TotalBytes} bytes; try again later");
            }

            file.Length = length;
            _bytes += more;
        }
    }

    /// <summary>Closes idle files while they take too much space together.</summary>
    private void EvictIdle()
    {
        MadeFile[] idle = [.. Idle()];
        long bytes = idle.Sum(file => file.Length);
        foreach (MadeFile file in idle.SkipLast(1))
        {
            if (bytes <= _limits.IdleBytes) return;
            bytes -= file.Length;
            Remove(file);
        }
    }

    private void RemoveExpired()
    {
        lock (_lock)
        {
            _isTimed = false;
            if (_isDisposed) return;
            foreach (MadeFile file in Idle())
            {
                if (_time.GetElapsedTime(file.LastUse) >= _limits.Idle) Remove(file);
            }

            SetTimer();
        }
    }

    /// <summary>Sets the timer to the time at which the first idle file expires.</summary>
    private void SetTimer()
    {
        if (_isTimed || _isDisposed || Idle() is not [var first, ..]) return;
        TimeSpan left = _limits.Idle - _time.GetElapsedTime(first.LastUse);
        _isTimed = _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The files that no request uses, the least recently used one first.</summary>
    private MadeFile[] Idle() => [.. _files.Values.Where(file => file.Users == 0).OrderBy(file => file.LastUse)];

    private void Remove(MadeFile file)
    {
        if (_files.GetValueOrDefault(file.Tag) == file) _ = _files.Remove(file.Tag);
        _ = _waiting.Remove(file);
        _bytes -= file.Length;
        file.Length = 0;
        if (file.Made.Task.IsCompletedSuccessfully) file.Made.Task.Result.Dispose();
    }
}
