namespace ArrowCid.Ipc;

/// <summary>Where a reader's bytes come from: memory that is borrowed, or a stream that is read once.</summary>
internal abstract class ByteSource : IDisposable
{
    private byte[] _metadata = [];

    /// <summary>Bytes taken so far.</summary>
    public long Position { get; protected set; }

    /// <summary>Fills as much of the target as there are bytes.</summary>
    /// <returns>The bytes read; fewer than asked for only at the end.</returns>
    public abstract int Read(Span<byte> target);

    /// <summary>The next bytes of a body: borrowed where the source is memory, else an array of their own.</summary>
    /// <returns>Exactly <paramref name="count"/> bytes, or fewer at the end.</returns>
    public abstract ReadOnlyMemory<byte> ReadBody(int count);

    /// <summary>Passes bytes unseen.</summary>
    /// <returns>Whether all of them were there.</returns>
    public bool Skip(long count)
    {
        Span<byte> passed = stackalloc byte[512];
        while (count > 0)
        {
            int read = Read(passed[..(int)Math.Min(count, passed.Length)]);
            if (read == 0) return false;
            count -= read;
        }

        return true;
    }

    /// <summary>The next bytes as an array of their own.</summary>
    protected ReadOnlyMemory<byte> ReadGrowing(int count)
    {
        // A length is only a claim until its bytes have come: space grows with them.
        const int FirstStep = 1 << 20;
        byte[] body = GC.AllocateUninitializedArray<byte>(Math.Min(count, FirstStep));
        int have = Read(body);
        while (have == body.Length && have < count)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(count, 2L * body.Length));
            body.AsSpan(0, have).CopyTo(larger);
            body = larger;
            have += Read(body.AsSpan(have));
        }

        return body.AsMemory(0, have);
    }

    /// <summary>A private copy of the next bytes, valid until the next call: others may write mapped memory.</summary>
    public ReadOnlySpan<byte> ReadMetadata(int count)
    {
        const int FirstStep = 1 << 16;
        int have = 0;
        while (have < count)
        {
            int step = Math.Min(count - have, Math.Max(have, FirstStep));
            if (_metadata.Length < have + step) Array.Resize(ref _metadata, have + step);
            int read = Read(_metadata.AsSpan(have, step));
            have += read;
            if (read < step) break;
        }

        return _metadata.AsSpan(0, have);
    }

    public abstract void Dispose();
}

/// <summary>A source that can be read anywhere: what a file's table of contents, which is at its end, needs.</summary>
internal abstract class SeekableSource : ByteSource
{
    /// <summary>The bytes of all.</summary>
    public abstract long Length { get; }

    /// <summary>Goes on reading at another place.</summary>
    public abstract void MoveTo(long position);
}

internal sealed class MemorySource(ReadOnlyMemory<byte> bytes) : SeekableSource
{
    public long Remaining => bytes.Length - Position;

    public override long Length => bytes.Length;

    public override void MoveTo(long position) => Position = position;

    public override int Read(Span<byte> target)
    {
        int count = (int)Math.Min(Remaining, target.Length);
        bytes.Span.Slice((int)Position, count).CopyTo(target);
        Position += count;
        return count;
    }

    public override ReadOnlyMemory<byte> ReadBody(int count)
    {
        ReadOnlyMemory<byte> body = bytes.Slice((int)Position, (int)Math.Min(Remaining, count));
        Position += body.Length;
        return body;
    }

    public override void Dispose()
    {
    }
}

/// <summary>A stream, with the bytes that were read ahead to tell what it is.</summary>
internal sealed class StreamSource(Stream stream, byte[] ahead, bool leaveOpen) : ByteSource
{
    private ReadOnlyMemory<byte> _ahead = ahead;

    public override int Read(Span<byte> target)
    {
        int first = Math.Min(_ahead.Length, target.Length);
        _ahead.Span[..first].CopyTo(target);
        _ahead = _ahead[first..];
        int count = first + ReadFrom(stream, target[first..]);
        Position += count;
        return count;
    }

    public override ReadOnlyMemory<byte> ReadBody(int count) => ReadGrowing(count);

    public override void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    public static int ReadFrom(Stream stream, Span<byte> target)
    {
        try
        {
            return stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"The Arrow stream could not be read: {e.Message}", e);
        }
    }
}

/// <summary>A stream that can seek, from where it was when it was opened.</summary>
internal sealed class FileSource : SeekableSource
{
    private readonly Stream _stream;
    private readonly long _start;
    private readonly bool _leaveOpen;

    public FileSource(Stream stream, long start, bool leaveOpen)
    {
        (_stream, _start, _leaveOpen) = (stream, start, leaveOpen);
        Length = Math.Max(0, stream.Length - start);
    }

    public override long Length { get; }

    /// <summary>A source that goes on reading at its start, although the stream may be past it.</summary>
    public static FileSource From(Stream stream, long start, bool leaveOpen)
    {
        var source = new FileSource(stream, start, leaveOpen);
        source.MoveTo(0);
        return source;
    }

    public override void MoveTo(long position)
    {
        Position = position;
        _stream.Position = _start + position;
    }

    public override int Read(Span<byte> target)
    {
        int read = StreamSource.ReadFrom(_stream, target);
        Position += read;
        return read;
    }

    public override ReadOnlyMemory<byte> ReadBody(int count)
    {
        if (count > Length - Position) return ReadGrowing(count);
        byte[] body = GC.AllocateUninitializedArray<byte>(count);
        return body.AsMemory(0, Read(body));
    }

    public override void Dispose()
    {
        if (!_leaveOpen) _stream.Dispose();
    }
}
