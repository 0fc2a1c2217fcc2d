namespace ArrowCid.Server.Http;

/// <summary>The stream that a file of <see cref="MadeFiles"/> is written to: bytes are counted before they are
/// written.</summary>
/// <param name="inner">The file.</param>
/// <param name="grow">Admits a length of the file, or throws.</param>
internal sealed class MadeFileStream(FileStream inner, Action<long> grow) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value)
    {
        grow(value);
        inner.SetLength(value);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        // Ends the check of a file when the server stops.
        grow(0);
        return inner.Read(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        grow(inner.Position + buffer.Length);
        inner.Write(buffer);
    }
}
