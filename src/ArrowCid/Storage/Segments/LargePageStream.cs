using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Writes a file in memory from its beginning on, laid on large pages; the first 2 MiB, which most files are
/// no longer than, once it is a long one. Its length is right once it is disposed.</summary>
internal sealed class LargePageStream(FileStream file, FileDescriptor descriptor) : Stream
{
    private const long LongFile = 8 * LargePages.Bytes;

    private long _length;
    private long _laid = LargePages.Bytes;
    private bool _canLay = true;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _length;

    /// <inheritdoc/>
    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        long end = file.Position + buffer.Length;
        while (_canLay && _laid < end)
        {
            file.SetLength(_laid + LargePages.Bytes);
            _canLay = LargePages.TryMake(descriptor, _laid);
            _laid += LargePages.Bytes;
        }

        file.Write(buffer);
        _length = Math.Max(_length, end);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => file.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (file.Length != _length) file.SetLength(_length);
            if (_canLay && _length >= LongFile) _ = LargePages.TryMake(descriptor, 0);
        }

        base.Dispose(disposing);
    }
}
