namespace ArrowCid.S3;

/// <summary>Sixteen bytes that differ when they are read a second time. The SDK reads a stream once to sign its digest
/// and once to send it, so that a server which checks the digest refuses the upload.</summary>
internal sealed class ChangingStream : Stream
{
    private const int Count = 16;

    private int _position;
    private byte _pass = 1;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => Count;

    public override long Position
    {
        get => _position;
        set
        {
            if (_position == Count && value < Count) _pass++;
            _position = (int)Math.Clamp(value, 0, Count);
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = Math.Min(count, Count - _position);
        buffer.AsSpan(offset, read).Fill(_pass);
        _position += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Count + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
