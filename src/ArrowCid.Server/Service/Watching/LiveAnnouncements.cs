using ArrowCid.Columnar;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;

namespace ArrowCid.Server.Service;

/// <summary>
/// The announcements as they come, read once for all watchers that have caught up: each of them has a number and
/// nothing else. The newest are kept; a watcher that falls behind these returns to the log. For any number of threads.
/// </summary>
internal sealed class LiveAnnouncements(CidStore store, CancellationToken stopping) : IDisposable
{
    private const int Kept = 1024;

    // How far back a place is searched: a watcher that has just caught up lags by what came meanwhile.
    private const int MostBehind = 64;

    // The number of waiters that one thread wakes, one after another: each hands over a message and waits again.
    private const int Turn = 64;

    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly StoreEvent[] _ring = new StoreEvent[Kept];
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly HashSet<LiveWatcher> _watchers = [];
    private LiveWatcher[]? _inTurn;
    private Timer? _beats;
    private Task? _reading;
    private Cursor _began;
    private long _next;
    private bool _hasEnded, _isDisposed;
    private int _watches;
    private Table? _table;

    /// <summary>The number of watches that are open, those that have not caught up among them.</summary>
    public int Watches => Volatile.Read(ref _watches);

    /// <summary>Counts a watch that opens (1) or closes (-1).</summary>
    public void Count(int change) => Interlocked.Add(ref _watches, change);

    /// <summary>Begins to read, the first time.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            if (_reading is not null || _hasEnded) return;
            _began = store.Blocks.Listing.Fix(Cursor.Now);
            _reading = Task.Run(ReadAsync, CancellationToken.None);
        }
    }

    /// <summary>From now on the watcher is woken by what comes, and where it was silent for long.</summary>
    public void Add(LiveWatcher watcher)
    {
        lock (_lock)
        {
            _ = _watchers.Add(watcher);
            _inTurn = null;
            if (_isDisposed) return;
            _beats ??= new Timer(static live => ((LiveAnnouncements)live!).WakeSilent(), this, s_beat, s_beat);
        }
    }

    /// <summary>The watcher is woken no more.</summary>
    public void Remove(LiveWatcher watcher)
    {
        lock (_lock)
        {
            _ = _watchers.Remove(watcher);
            _inTurn = null;
            if (_watchers.Count > 0) return;
            _beats?.Dispose();
            _beats = null;
        }
    }

    /// <summary>The number of what comes after a cursor; null if it is unknown here.</summary>
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

    /// <summary>Takes what there is from a number on.</summary>
    /// <param name="number">The first number; it is moved past the ones taken.</param>
    /// <param name="found">Where to, made where there is something; it gets <paramref name="most"/> at most.</param>
    /// <param name="most">How many.</param>
    /// <returns>False where that is no longer kept, or nothing more will come: the log has the rest.</returns>
    public bool TryTake(ref long number, ref List<StoreEvent>? found, int most)
    {
        lock (_lock)
        {
            if (_hasEnded || number < _next - Kept) return false;
            if (number < _next) found ??= [];
            for (; number < _next && found!.Count < most; number++) found.Add(_ring[number % Kept]);
            return true;
        }
    }

    /// <summary>A table of announcements, encoded once for all senders of the same.</summary>
    /// <param name="first">The number of the first.</param>
    /// <param name="rows">The announcements.</param>
    /// <param name="make">Makes the table.</param>
    public Table TableOf(long first, IReadOnlyList<StoreEvent> rows,
        Func<IReadOnlyCollection<StoreEvent>, RecordBatch> make)
    {
        Table? known = Volatile.Read(ref _table);
        if (known is not null && known.First == first && known.Count == rows.Count) return known;
        RecordBatch batch = make(rows);
        ReadOnlyMemory<byte> block = CanonicalBlock.Encode(batch).Bytes;
        string mark = rows[^1].Cursor.ToString();
        known = new Table(first, rows.Count, batch, block, mark, BatchSender.MessageOf(block, mark));
        Volatile.Write(ref _table, known);
        return known;
    }

    public void Dispose()
    {
        Task? reading;
        lock (_lock)
        {
            if (_isDisposed) return;
            (_isDisposed, _hasEnded, reading) = (true, true, _reading);
            _beats?.Dispose();
            _beats = null;
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
            var options = new WatchOptions { WithMetadata = true, Names = "*" };
            await foreach (StoreEvent put in store.WatchAsync(_began, options, _ending.Token).ConfigureAwait(false))
            {
                lock (_lock) _ring[_next++ % Kept] = put;
                WakeAll();
            }
        }
        finally
        {
            // Whatever ended it: every watcher returns to the log, which has the same records.
            lock (_lock) _hasEnded = true;
            WakeAll();
        }
    }

    private LiveWatcher[] InTurn()
    {
        lock (_lock) return _inTurn ??= [.. _watchers];
    }

    /// <summary>Wakes all, some by this thread and the others by those that are free.</summary>
    private void WakeAll()
    {
        LiveWatcher[] all = InTurn();
        for (int at = Turn; at < all.Length; at += Turn)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static turn => Wake(turn.All, turn.At), (All: all, At: at),
                preferLocal: false);
        }

        Wake(all, 0);

        static void Wake(LiveWatcher[] all, int from)
        {
            foreach (LiveWatcher watcher in all.AsSpan(from, Math.Min(Turn, all.Length - from))) watcher.Wake();
        }
    }

    private void WakeSilent()
    {
        foreach (LiveWatcher watcher in InTurn())
        {
            if (watcher.IsSilent) watcher.Wake();
        }
    }

    /// <summary>A table of announcements in every form that it is sent in.</summary>
    /// <param name="First">The number of the first.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Batch">The table.</param>
    /// <param name="Block">Its canonical block.</param>
    /// <param name="Mark">The cursor after it.</param>
    /// <param name="Message">Both as one message.</param>
    public sealed record Table(long First, int Count, RecordBatch Batch, ReadOnlyMemory<byte> Block, string Mark,
        ReadOnlyMemory<byte> Message);
}
