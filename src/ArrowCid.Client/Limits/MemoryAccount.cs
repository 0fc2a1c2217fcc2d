using System.Diagnostics;
using ArrowCid.Columnar;

namespace ArrowCid.Flight.Limits;

/// <summary>The bytes of one call. What is not released when the call ends is released then.</summary>
internal sealed class MemoryAccount(MemoryBudget budget, MemoryBudget inflated, TimeSpan patience)
    : IDisposable, IByteGrant
{
    private readonly Lock _lock = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _taken, _takenInflated, _most;
    private bool _isClosed;

    /// <summary>The bytes of large pieces that all calls may have on their way.</summary>
    public MemoryBudget? Pieces { get; init; }

    /// <summary>Whether another call waits for memory.</summary>
    public bool IsShort => budget.IsShort;

    /// <summary>Takes bytes, and waits for them where the call may.</summary>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="isInflated">Whether they come of a compressed message.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="MemoryExhaustedException">They are not free.</exception>
    public async ValueTask AcquireAsync(long bytes, bool isInflated, CancellationToken cancel)
    {
        if (bytes == 0) return;
        bool isTaken = isInflated
            ? inflated.TryAcquire(bytes)
            : await budget.AcquireAsync(bytes, patience, cancel).ConfigureAwait(false);
        if (!isTaken) throw Refused(isInflated);
        Add(bytes, isInflated);
    }

    public void Release(long bytes, bool isInflated)
    {
        if (bytes == 0) return;
        lock (_lock)
        {
            if (_isClosed) return;
            if (isInflated) _takenInflated -= bytes;
            else _taken -= bytes;
        }

        (isInflated ? inflated : budget).Release(bytes);
    }

    /// <inheritdoc/>
    public void Take(long bytes)
    {
        if (!budget.TryAcquire(bytes)) throw Refused(isInflated: false);
        Add(bytes, isInflated: false);
    }

    /// <inheritdoc/>
    public void Return(long bytes) => Release(bytes, isInflated: false);

    public void Offer(IReclaimable idle) => budget.Offer(idle);

    public void Withdraw(IReclaimable idle) => budget.Withdraw(idle);

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed) return;
            _isClosed = true;
        }

        if (_taken != 0) budget.Release(_taken);
        if (_takenInflated != 0) inflated.Release(_takenInflated);
        FreedMemory.Note(_most);
        FreedMemory.NoteEnd(Stopwatch.GetElapsedTime(_started));
    }

    private void Add(long bytes, bool isInflated)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                if (isInflated) _takenInflated += bytes;
                else _taken += bytes;
                _most = Math.Max(_most, _taken + _takenInflated);
                return;
            }
        }

        (isInflated ? inflated : budget).Release(bytes);
    }

    private static MemoryExhaustedException Refused(bool isInflated) => new(isInflated
        ? "the server has no memory free for compressed messages; send it again later or without grpc-encoding"
        : "the server has no memory free for this message; send it again later or in smaller batches");
}
