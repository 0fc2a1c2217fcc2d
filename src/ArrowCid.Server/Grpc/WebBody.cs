using System.Buffers;
using System.IO.Pipelines;

namespace ArrowCid.Server.Grpc;

/// <summary>The body of a request of gRPC-Web. The library's pipe, which decodes base64, can only be advanced to the
/// end of what it returned, so the rest is kept here.</summary>
internal sealed class WebBody(PipeReader pipe) : Stream
{
    private byte[] _kept = [];
    private int _start, _end;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_start == _end)
        {
            ReadResult read = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            int length = (int)read.Buffer.Length;
            if (_kept.Length < length) _kept = new byte[length];
            read.Buffer.CopyTo(_kept);
            pipe.AdvanceTo(read.Buffer.End);
            (_start, _end) = (0, length);
            if (length == 0 && read.IsCompleted) return 0;
        }

        int count = Math.Min(buffer.Length, _end - _start);
        _kept.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
