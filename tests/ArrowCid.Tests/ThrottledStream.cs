namespace ArrowCid.Tests;

/// <summary>A stream that cannot seek and reads a few bytes at a time.</summary>
/// <param name="inner">The stream with the bytes, which is disposed with this one.</param>
/// <param name="most">Returns the most bytes that the next read may return.</param>
internal sealed class ThrottledStream(Stream inner, Func<int> most) : Stream
{
    public ThrottledStream(Stream inner, int most = 7) : this(inner, () => most)
    {
    }

    public ThrottledStream(byte[] bytes, int most) : this(new MemoryStream(bytes), most)
    {
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, most()));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer[..Math.Min(most(), buffer.Length)], cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
