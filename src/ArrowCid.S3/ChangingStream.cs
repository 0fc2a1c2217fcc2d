namespace ArrowCid.S3;

/// <summary>Sixteen bytes that differ when they are read a second time. The SDK reads a stream once to sign its digest
/// and once to send it, so that a server which checks the digest refuses the upload.</summary>
internal sealed class ChangingStream : ReadOnlyStream
{
    private const int Count = 16;

    private int _position;
    private byte _pass = 1;

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

    public override int Read(Span<byte> buffer)
    {
        int read = Math.Min(buffer.Length, Count - _position);
        buffer[..read].Fill(_pass);
        _position += read;
        return read;
    }
}
