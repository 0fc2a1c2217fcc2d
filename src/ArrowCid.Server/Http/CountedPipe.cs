using System.IO.Pipelines;

namespace ArrowCid.Server.Http;

/// <summary>A pipe whose bytes are counted.</summary>
/// <param name="pipe">Where the bytes are written.</param>
/// <param name="add">Gets the number of bytes, at each flush.</param>
internal sealed class CountedPipe(PipeWriter pipe, Action<long> add) : PipeWriter
{
    private long _bytes;

    public override bool CanGetUnflushedBytes => pipe.CanGetUnflushedBytes;

    public override long UnflushedBytes => pipe.UnflushedBytes;

    public override void Advance(int bytes)
    {
        pipe.Advance(bytes);
        _bytes += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Report();
        return pipe.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source,
        CancellationToken cancellationToken = default)
    {
        _bytes += source.Length;
        Report();
        return pipe.WriteAsync(source, cancellationToken);
    }

    public override void Complete(Exception? exception = null)
    {
        Report();
        pipe.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        Report();
        return pipe.CompleteAsync(exception);
    }

    /// <summary>Counts what was written since the last time.</summary>
    public void Report()
    {
        if (_bytes > 0) add(_bytes);
        _bytes = 0;
    }
}
