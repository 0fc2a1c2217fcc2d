using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Flight.Service;

/// <summary>
/// The announcements as they come, read once for all watchers that have caught up: each of them has a number and
/// nothing else. The newest are kept; who falls behind these goes back to the log. For any number of threads.
/// </summary>
internal sealed class LiveAnnouncements(CidStore store, CancellationToken stopping) : IDisposable
{
    private const int Kept = 1024;

    // How far back a place is looked for: who has just caught up is behind by what came meanwhile.
    private const int MostBehind = 64;

    private readonly Lock _lock = new();
    private readonly Announcement[] _ring = new Announcement[Kept];
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _reading;
    private Cursor _began;
    private long _next;
    private bool _hasEnded, _isDisposed;
    private Table? _table;

    /// <summary>Begins to read, the first time.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_reading is not null || _hasEnded) return;
            _began = store.Blocks.Fix(Cursor.Now);
            _reading = Task.Run(ReadAsync, CancellationToken.None);
        }
    }

    /// <summary>The number of what comes behind a cursor; null where it cannot be told from here.</summary>
    public long? Find(Cursor at)
    {
        lock (_lock)
        {
            if (_hasEnded) return null;
            for (long number = _next; number > Math.Max(0, _next - MostBehind); number--)
            {
                if (_ring[(number - 1) % Kept].Cursor == at) return number;
            }

            return _next <= MostBehind && _began == at ? 0 : null;
        }
    }

    /// <summary>Waits until there is something of a number, or no more will be.</summary>
    public Task WaitAsync(long number)
    {
        lock (_lock) return number < _next || _hasEnded ? Task.CompletedTask : _more.Task;
    }

    /// <summary>Takes what there is from a number on.</summary>
    /// <param name="number">From which; it is moved behind what was taken.</param>
    /// <param name="found">Where to; it gets <paramref name="most"/> at most.</param>
    /// <param name="most">How many.</param>
    /// <returns>False where that is no longer kept, or nothing more will come: the log has the rest.</returns>
    public bool TryTake(ref long number, List<Announcement> found, int most)
    {
        lock (_lock)
        {
            if (_hasEnded || number < _next - Kept) return false;
            for (; number < _next && found.Count < most; number++) found.Add(_ring[number % Kept]);
            return true;
        }
    }

    /// <summary>A table of announcements, encoded once for all who send the same.</summary>
    /// <param name="first">The number of the first.</param>
    /// <param name="rows">The announcements.</param>
    /// <param name="make">Makes the table.</param>
    public (RecordBatch Batch, ReadOnlyMemory<byte> Block) TableOf(long first, IReadOnlyCollection<Announcement> rows,
        Func<IReadOnlyCollection<Announcement>, RecordBatch> make)
    {
        Table? known = Volatile.Read(ref _table);
        if (known is null || known.First != first || known.Count != rows.Count)
        {
            RecordBatch batch = make(rows);
            known = new Table(first, rows.Count, batch, CanonicalBlock.Encode(batch).Bytes);
            Volatile.Write(ref _table, known);
        }

        return (known.Batch, known.Block);
    }

    public void Dispose()
    {
        Task? reading;
        lock (_lock)
        {
            if (_isDisposed) return;
            (_isDisposed, _hasEnded, reading) = (true, true, _reading);
        }

        _ending.Cancel();
        // The store may be closed next, and nothing of ours must read it then.
        reading?.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        _ending.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            var options = new WatchOptions { WithFacts = true };
            await foreach (Announcement put in store.WatchAsync(_began, options, _ending.Token).ConfigureAwait(false))
            {
                TaskCompletionSource heard;
                lock (_lock)
                {
                    _ring[_next++ % Kept] = put;
                    heard = _more;
                    _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                heard.TrySetResult();
            }
        }
        finally
        {
            // Whatever ended it: every watcher goes back to the log, which says the same to it.
            TaskCompletionSource heard;
            lock (_lock) (_hasEnded, heard) = (true, _more);
            heard.TrySetResult();
        }
    }

    private sealed record Table(long First, int Count, RecordBatch Batch, ReadOnlyMemory<byte> Block);
}
