using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Fetches in the background what readers will want next, one block at a time, so that it takes at most half
/// of a place's answers. What is too much, or fails, is left to the readers. Safe for concurrent use.</summary>
/// <param name="open">Opens the store with its places, without a look at the order of reads.</param>
internal sealed class AheadFetches(Func<BlockBackend> open) : IDisposable
{
    private const int MostWaiting = 64;

    private readonly Lock _gate = new();
    private readonly Queue<Cid> _waiting = [];
    private readonly CancellationTokenSource _end = new();
    private Task _work = Task.CompletedTask;
    private bool _isRunning, _isEnding;

    /// <summary>Ends once nothing waits any more.</summary>
    public Task Idle
    {
        get
        {
            lock (_gate) return _work;
        }
    }

    /// <summary>Adds blocks.</summary>
    public void Add(IReadOnlyList<Cid> cids)
    {
        if (cids.Count == 0) return;
        lock (_gate)
        {
            if (_isEnding) return;
            foreach (Cid cid in cids.Take(MostWaiting - _waiting.Count)) _waiting.Enqueue(cid);
            if (_isRunning) return;
            _isRunning = true;
            // A thread of its own: it waits for places, whose answers the threads of the pool take.
            _work = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
    }

    public void Dispose()
    {
        Task work;
        lock (_gate)
        {
            if (_isEnding) return;
            _isEnding = true;
            _waiting.Clear();
            work = _work;
        }

        _end.Cancel();
        work.Wait();
        _end.Dispose();
    }

    private void Work()
    {
        using IDisposable aside = PlaceFill.StandAside();
        using BlockBackend cache = open();
        while (TryNext(out Cid cid))
        {
            try
            {
                cache.TryGet(cid, _end.Token)?.Dispose();
            }
            catch (Exception e) when (e is ArrowCidException or OperationCanceledException)
            {
                // A reader that wants it hears of it.
                lock (_gate) _waiting.Clear();
            }
        }
    }

    private bool TryNext(out Cid cid)
    {
        lock (_gate) return _isRunning = _waiting.TryDequeue(out cid);
    }
}
