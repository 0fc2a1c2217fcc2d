namespace ArrowCid.Ipld.Car;

/// <summary>A stream read forward through one buffer, which knows where it is.</summary>
internal sealed class CarInput(Stream stream)
{
    private const int BufferBytes = 1 << 16;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start, _end;

    /// <summary>The bytes taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes, which stay the next ones; fewer than asked for only at the end.</summary>
    /// <param name="count">At most 32 KiB.</param>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            _end += Fill(_buffer.AsSpan(_end), count - _end);
        }

        return _buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    /// <summary>Passes bytes that were looked at.</summary>
    public void Take(int count)
    {
        _start += count;
        Position += count;
    }

    /// <summary>Fills as much of the target as there are bytes.</summary>
    public int Read(Span<byte> target)
    {
        int first = Math.Min(target.Length, _end - _start);
        _buffer.AsSpan(_start, first).CopyTo(target);
        Take(first);
        Span<byte> rest = target[first..];
        if (rest.IsEmpty) return first;
        int more = Fill(rest, rest.Length);
        Position += more;
        return first + more;
    }

    /// <summary>Passes bytes unseen.</summary>
    /// <returns>How many there were.</returns>
    public long Skip(long count)
    {
        long left = count;
        while (left > 0)
        {
            if (_start == _end && left > BufferBytes && stream.CanSeek)
            {
                long leap = Math.Min(left, Math.Max(0, stream.Length - stream.Position));
                stream.Position += leap;
                Position += leap;
                left -= leap;
                if (leap == 0) break;
                continue;
            }

            int have = Peek(1).Length == 0 ? 0 : (int)Math.Min(left, _end - _start);
            if (have == 0) break;
            Take(have);
            left -= have;
        }

        return count - left;
    }

    private int Fill(Span<byte> target, int least)
    {
        try
        {
            return stream.ReadAtLeast(target, Math.Min(least, target.Length), throwOnEndOfStream: false);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"The CAR could not be read: {e.Message}", e);
        }
    }
}
