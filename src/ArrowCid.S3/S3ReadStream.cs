namespace ArrowCid.S3;

/// <summary>Reads an object from any position. What is read forward is fetched ahead, several ranges at the same
/// time. An object that is replaced meanwhile ends the reading.</summary>
internal sealed class S3ReadStream : ReadOnlyStream
{
    private readonly S3Bucket _bucket;
    private readonly ObjectInfo _object;
    private readonly Dictionary<long, Task<byte[]>> _ranges = [];
    private readonly CancellationTokenSource _end = new();
    private readonly int _rangeBytes, _ahead;
    private long _position, _last = -2;
    private bool _isClosed;

    public S3ReadStream(S3Bucket bucket, ObjectInfo found)
    {
        (_bucket, _object) = (bucket, found);
        _rangeBytes = bucket.Settings.RangeBytes;
        _ahead = bucket.Settings.Parallel / 2;
    }

    public override long Length => _object.Length;

    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_position >= Length || buffer.IsEmpty) return 0;
        long number = _position / _rangeBytes;
        ReadOnlySpan<byte> range = RangeOf(number);
        int at = (int)(_position - (number * _rangeBytes)), count = Math.Min(buffer.Length, range.Length - at);
        range.Slice(at, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            _end.Cancel();
            foreach (Task<byte[]> range in _ranges.Values)
                _ = range.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            _ranges.Clear();
            _end.Dispose();
            _bucket.Dispose();
        }

        base.Dispose(disposing);
    }

    private byte[] RangeOf(long number)
    {
        bool isForward = number == _last + 1;
        long ahead = isForward ? number + _ahead : number;
        for (long i = number; i <= ahead && i * _rangeBytes < Length; i++)
        {
            if (!_ranges.ContainsKey(i)) _ranges[i] = FetchAsync(i);
        }

        if (number != _last)
        {
            foreach (long old in _ranges.Keys.Where(key => key < number - 1 || key > ahead + _ahead).ToArray())
                _ = _ranges.Remove(old);
        }

        _last = number;
        return _ranges[number].GetAwaiter().GetResult();
    }

    private Task<byte[]> FetchAsync(long number) => Task.Run(async () =>
    {
        long offset = number * _rangeBytes;
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(_rangeBytes, Length - offset));
        return await _bucket.ReadAsync(_object.Key, offset, bytes, _end.Token, _object.ETag)
            ? bytes
            : throw new ArrowCidException(ErrorCode.Io, $"{_bucket.Name}: {_object.Key} was deleted while it was read");
    });
}
