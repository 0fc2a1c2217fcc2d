namespace ArrowCid.Flight.Limits;

/// <summary>
/// The bytes that all calls of a server may buffer and decompress at the same time. A caller that may wait is served in
/// turn; one that may not is told at once. For any number of threads.
/// </summary>
internal sealed class MemoryBudget
{
    /// <summary>The least that a server has by default: one message of the largest size.</summary>
    public const long LeastDefault = 256L << 20;

    private const int DefaultShare = 8;

    private readonly MemoryBudget? _parent;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly HashSet<IReclaimable> _idle = [];
    private long _used;

    /// <param name="capacity">The number of bytes.</param>
    /// <param name="parent">A larger budget that the same bytes count against too. Callers of a part never
    /// wait.</param>
    /// <param name="time">The clock for those that wait.</param>
    public MemoryBudget(long capacity, MemoryBudget? parent = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        (Capacity, _parent, _time) = (capacity, parent, time ?? TimeProvider.System);
    }

    /// <summary>The default of a server: an eighth of the memory that the process may have, and at least
    /// <see cref="LeastDefault"/>.</summary>
    public static long DefaultCapacity =>
        Math.Max(LeastDefault, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / DefaultShare);

    public long Capacity { get; }

    /// <summary>The bytes that are taken now.</summary>
    public long Used
    {
        get
        {
            lock (_lock) return _used;
        }
    }

    /// <summary>Whether a caller waits for bytes.</summary>
    public bool IsShort
    {
        get
        {
            lock (_lock) return _waiters.Count > 0;
        }
    }

    /// <summary>Takes bytes if they are free.</summary>
    public bool TryAcquire(long bytes)
    {
        if (TryTake(bytes, inTurn: false)) return true;
        ReclaimIdle();
        return TryTake(bytes, inTurn: false);
    }

    /// <summary>Takes bytes, and waits for them where others have them.</summary>
    /// <returns>False where they were not free in time.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was set.</exception>
    public async ValueTask<bool> AcquireAsync(long bytes, TimeSpan patience, CancellationToken cancel)
    {
        if (TryTake(bytes, inTurn: true)) return true;
        if (bytes > Capacity) return false;
        if (_parent is not null || patience <= TimeSpan.Zero) return TryAcquire(bytes);
        ReclaimIdle();
        var waiter = new Waiter(bytes);
        lock (_lock)
        {
            _waiters.AddLast(waiter.Node);
            Grant();
        }

        try
        {
            await waiter.Granted.Task.WaitAsync(patience, _time, cancel).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                bool isWaiting = waiter.Node.List is not null;
                if (isWaiting) _waiters.Remove(waiter.Node);
                else if (e is TimeoutException) return true;
                else _used -= bytes;
                // Smaller requests may have stood in line after this one.
                Grant();
            }

            if (e is OperationCanceledException) throw;
            return false;
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
            Grant();
        }

        _parent?.Release(bytes);
    }

    /// <summary>Names memory that may be reclaimed while its call is idle.</summary>
    public void Offer(IReclaimable idle)
    {
        lock (_lock) _idle.Add(idle);
        if (IsShort) ReclaimIdle();
    }

    /// <summary>Ends an offer. The memory may have been reclaimed meanwhile.</summary>
    public void Withdraw(IReclaimable idle)
    {
        lock (_lock) _idle.Remove(idle);
    }

    private bool TryTake(long bytes, bool inTurn)
    {
        lock (_lock)
        {
            if (bytes > Capacity - _used || (inTurn && _waiters.Count > 0)) return false;
            _used += bytes;
        }

        if (_parent is null || _parent.TryAcquire(bytes)) return true;
        lock (_lock) _used -= bytes;
        return false;
    }

    private void ReclaimIdle()
    {
        IReclaimable[] idle;
        lock (_lock)
        {
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (IReclaimable each in idle) each.Reclaim();
    }

    /// <summary>Serves those that wait, in turn. Under the lock.</summary>
    private void Grant()
    {
        while (_waiters.First is { } first && first.Value.Bytes <= Capacity - _used)
        {
            _used += first.Value.Bytes;
            _waiters.RemoveFirst();
            first.Value.Granted.SetResult();
        }
    }

    private sealed class Waiter
    {
        public Waiter(long bytes)
        {
            Bytes = bytes;
            Node = new LinkedListNode<Waiter>(this);
        }

        public long Bytes { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
