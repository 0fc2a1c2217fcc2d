using System.Buffers;
using System.IO.Pipelines;

namespace ArrowCid.Server.Http;

/// <summary>Writers that know streams alone write into a pipe; who drives them flushes it, without a thread that
/// waits.</summary>
internal sealed class PipeStream(PipeWriter pipe) : Stream
{
    // The number of bytes handed on at once.
    private const int Piece = 64 << 10;

    /// <summary>The bytes that were written and not handed on yet.</summary>
    public long Unsent { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        pipe.Write(buffer);
        Unsent += buffer.Length;
    }

    /// <summary>Nothing: <see cref="Send(CancellationToken)"/> does it.</summary>
    public override void Flush()
    {
    }

    /// <summary>Hands on what was written.</summary>
    /// <exception cref="OperationCanceledException">The other side has gone.</exception>
    public async ValueTask Send(CancellationToken cancellationToken)
    {
        Unsent = 0;
        FlushResult result = await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (result.IsCompleted || result.IsCanceled) throw new OperationCanceledException("the other side has gone");
    }

    /// <summary>Writes bytes and hands them on, piece by piece.</summary>
    public async ValueTask Send(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (int at = 0; at < bytes.Length; at += Piece)
        {
            Write(bytes.Span.Slice(at, Math.Min(Piece, bytes.Length - at)));
            await Send(cancellationToken).ConfigureAwait(false);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
