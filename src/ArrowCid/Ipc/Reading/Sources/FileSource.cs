namespace ArrowCid.Ipc;

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
