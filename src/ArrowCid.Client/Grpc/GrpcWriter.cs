using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using ArrowCid.Flight.Limits;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Flight.Grpc;

/// <summary>
/// Writes messages, each as bytes of its own and a range of memory that is not copied before the pipe. Small ones are
/// gathered until there are enough or the caller flushes. One caller at a time.
/// </summary>
/// <param name="pipe">Where to.</param>
/// <param name="start">Sends the headers, once, before the first message; null where nothing is to be sent.</param>
internal sealed class GrpcWriter(PipeWriter pipe, Func<CancellationToken, Task>? start = null)
{
    /// <summary>What to ask a pipe for where the bytes are few. Pipes ask for 4 KiB at least, and for just that where
    /// they do not know, so that this has to be more.</summary>
    public const int SmallHint = 4097;

    private const int PrefixBytes = 5;

    // Less is flushed only when the source has no more; more is handed over in pieces of this size.
    private const int FlushAt = 1 << 16;
    private const int ReportAt = 1 << 20;
    private const int Piece = 1 << 18;
    private const int SmallPiece = 1 << 14;
    private const int MostCopied = 1 << 15;

    // What is taken of the pipe at once where more than a little comes, so that small messages take turns with it
    // seldom.
    private const int LargeHint = 1 << 15;

    private Func<CancellationToken, Task>? _start = start;

    /// <summary>Whether the pipe is a response's. A flush of one is ended by
    /// <see cref="PipeWriter.CancelPendingFlush"/>: given a token, it would reset the stream with an error before the
    /// call's status is told.</summary>
    public bool IsResponse { get; init; }

    /// <summary>How long the reader may leave what was written unread, and what ends the call then; null for any
    /// time.</summary>
    public (UnreadLimit Limit, Action End)? Unread { get; set; }

    private Memory<byte> _room;
    private int _used, _pending;
    private long _unreported;

    /// <summary>Gets the number of bytes that were written, when there are many and from <see cref="ReportSent"/>; null
    /// for none.</summary>
    public Action<long>? Sent { get; set; }

    /// <summary>The bytes of large pieces that all calls may have on their way; null for any number.</summary>
    public MemoryBudget? Pieces { get; init; }

    /// <summary>Writes a protobuf message.</summary>
    public ValueTask WriteAsync(IMessage message, CancellationToken cancel)
    {
        if (_start is not null) return StartAndWriteAsync(message, cancel);
        int length = message.CalculateSize();
        Span<byte> span = Take(PrefixBytes + length);
        WritePrefix(span, length);
        message.WriteTo(span[PrefixBytes..]);
        return FlushIfMuchAsync(cancel);
    }

    /// <summary>Writes a message of two parts.</summary>
    /// <param name="head">Its first bytes.</param>
    /// <param name="body">The rest, readable until the call has ended.</param>
    /// <param name="cancel">Ends it with <see cref="OperationCanceledException"/>.</param>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        if (_start is not null) return StartAndWriteAsync(head, body, cancel);
        if (body.Length > MostCopied) return WriteLongAsync(head, body, cancel);
        int length = head.Length + body.Length;
        Span<byte> span = Take(PrefixBytes + length);
        WritePrefix(span, length);
        head.Span.CopyTo(span[PrefixBytes..]);
        body.Span.CopyTo(span[(PrefixBytes + head.Length)..]);
        return FlushIfMuchAsync(cancel);
    }

    /// <summary>Hands over what was gathered.</summary>
    public ValueTask FlushAsync(CancellationToken cancel)
    {
        End();
        ValueTask<FlushResult> flushing = pipe.FlushAsync(Passed(cancel));
        if (!flushing.IsCompletedSuccessfully) return FlushedAsync(flushing, cancel);
        _ = flushing.Result;
        // A flush to a client that is gone does not say so.
        cancel.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    /// <summary>Leaves the gathered bytes to the next flush of the pipe, such as the end of the call.</summary>
    public void End()
    {
        Advance();
        _pending = 0;
        _room = default;
    }

    /// <summary>Reports the bytes that were written since the last report.</summary>
    public void ReportSent()
    {
        if (_unreported > 0) Sent?.Invoke(_unreported);
        _unreported = 0;
    }

    private async ValueTask FlushedAsync(ValueTask<FlushResult> flushing, CancellationToken cancel)
    {
        if (Unread is var (limit, end) && !flushing.IsCompleted)
        {
            await ReadInTimeAsync(flushing.AsTask(), limit, end, cancel).ConfigureAwait(false);
        }
        else if (IsResponse && !flushing.IsCompleted)
        {
            await using CancellationTokenRegistration _ = cancel.UnsafeRegister(
                static pipe => ((PipeWriter)pipe!).CancelPendingFlush(), pipe);
            await flushing.ConfigureAwait(false);
        }
        else
        {
            await flushing.ConfigureAwait(false);
        }

        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Waits until the reader has made space, as long as it may take.</summary>
    private async Task ReadInTimeAsync(Task flushing, UnreadLimit limit, Action end, CancellationToken cancel)
    {
        await using CancellationTokenRegistration registration = cancel.UnsafeRegister(
            static pipe => ((PipeWriter)pipe!).CancelPendingFlush(), pipe);
        try
        {
            await flushing.WaitAsync(limit.Patience, limit.Time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (flushing.IsCompleted) return;
            pipe.CancelPendingFlush();
            await flushing.ConfigureAwait(false);
            end();
            throw new GrpcException(StatusCode.DeadlineExceeded, string.Create(CultureInfo.InvariantCulture,
                $"the answer was not read for {limit.Patience.TotalSeconds:0.#} s; call again, or show a token"));
        }
    }

    /// <summary>Returns space for <paramref name="count"/> bytes, which count as written.</summary>
    private Span<byte> Take(int count)
    {
        if (_room.Length - _used < count)
        {
            int hint = _pending == 0 ? SmallHint : LargeHint;
            Advance();
            _room = pipe.GetMemory(Math.Max(hint, count));
        }

        Span<byte> taken = _room.Span.Slice(_used, count);
        _used += count;
        _pending += count;
        _unreported += count;
        return taken;
    }

    private void Advance()
    {
        if (_used > 0) pipe.Advance(_used);
        _used = 0;
    }

    private async ValueTask StartAndWriteAsync(IMessage message, CancellationToken cancel)
    {
        await StartAsync(cancel).ConfigureAwait(false);
        await WriteAsync(message, cancel).ConfigureAwait(false);
    }

    private async ValueTask StartAndWriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body,
        CancellationToken cancel)
    {
        await StartAsync(cancel).ConfigureAwait(false);
        await WriteAsync(head, body, cancel).ConfigureAwait(false);
    }

    private Task StartAsync(CancellationToken cancel)
    {
        Task starting = _start!(cancel);
        _start = null;
        return starting;
    }

    private async ValueTask WriteLongAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body,
        CancellationToken cancel)
    {
        Span<byte> span = Take(PrefixBytes + head.Length);
        WritePrefix(span, head.Length + body.Length);
        head.Span.CopyTo(span[PrefixBytes..]);
        End();
        int piece = Math.Min(Piece, body.Length);
        // A reader that stalls holds a piece, and thousands may: only a limited number hold large ones.
        bool isLarge = Pieces is null || Pieces.TryAcquire(piece);
        try
        {
            while (!body.IsEmpty)
            {
                int length = Math.Min(isLarge ? piece : CopySmall(body.Span), body.Length);
                await FlushedAsync(isLarge
                    ? pipe.WriteAsync(body[..length], Passed(cancel))
                    : pipe.FlushAsync(Passed(cancel)), cancel).ConfigureAwait(false);
                body = body[length..];
                _unreported += length;
                if (_unreported >= ReportAt) ReportSent();
            }
        }
        finally
        {
            if (isLarge) Pieces?.Release(piece);
        }
    }

    /// <summary>Copies the next bytes into small blocks.</summary>
    /// <returns>The number of bytes.</returns>
    private int CopySmall(ReadOnlySpan<byte> body)
    {
        int copied = 0;
        while (copied < Math.Min(SmallPiece, body.Length))
        {
            Span<byte> block = pipe.GetSpan(SmallHint);
            int count = Math.Min(block.Length, Math.Min(SmallPiece, body.Length) - copied);
            body.Slice(copied, count).CopyTo(block);
            pipe.Advance(count);
            copied += count;
        }

        return copied;
    }

    private CancellationToken Passed(CancellationToken cancel) => IsResponse ? default : cancel;

    private ValueTask FlushIfMuchAsync(CancellationToken cancel)
    {
        if (_unreported >= ReportAt) ReportSent();
        return _pending >= FlushAt ? FlushAsync(cancel) : ValueTask.CompletedTask;
    }

    private static void WritePrefix(Span<byte> span, int length)
    {
        span[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)length);
    }
}
