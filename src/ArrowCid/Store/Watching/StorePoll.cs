using System.Diagnostics;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A watch that is asked rather than enumerated: with a wait of one's choice, and with a descriptor for event loops.
/// One thread at a time; any may dispose of it, which ends the wait.
/// </summary>
internal sealed class StorePoll : IDisposable
{
    private readonly CidStore _store;
    private readonly LogSignal _signal;
    private readonly LogReader _tail;
    private LogPause _pause;
    private readonly FilterGlob? _names;
    private readonly Queue<StoreEvent> _changes = [];
    private WatchSignal? _event;

    /// <param name="store">The store.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="names">A pattern of names whose changes are announced instead of puts; null: puts.</param>
    public StorePoll(CidStore store, Cursor from, string? names = null)
    {
        _store = store;
        _names = names is null ? null : new FilterGlob(names);
        _signal = store.Blocks.Signal;
        _tail = store.Blocks.Tail(from, names is null ? TailScope.Blocks : TailScope.Facts);
        _pause = new LogPause(_signal);
    }

    /// <summary>Whether it, or its store, was disposed of: nothing more will come.</summary>
    public bool IsEnded => _tail.IsClosed;

    /// <summary>Where to go on after the last announcement that was given.</summary>
    public Cursor Position => _tail.Position;

    /// <summary>What to give to poll or epoll. It is readable from the first on, and again when there may be something;
    /// <see cref="TryNext"/> makes it unreadable where there is nothing.</summary>
    public int Descriptor
    {
        get
        {
            if (_event is null)
            {
                var made = new WatchSignal(_signal);
                made.Set();
                _event = made;
            }

            return _event.Descriptor;
        }
    }

    /// <summary>The next announcement.</summary>
    /// <param name="most">How long to wait for one.</param>
    /// <param name="announcement">The announcement.</param>
    /// <returns>False where the time is over or the watch has ended.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public bool TryNext(TimeSpan most, out StoreEvent announcement)
    {
        if (TryFind(out announcement)) return true;
        if (most > TimeSpan.Zero && TryAwait(most, out announcement)) return true;
        _tail.ThrowIfGone();
        if (_event is null) return false;
        _event.Arm();
        if (!TryFind(out announcement)) return false;
        // There may be more, and a waiter on the descriptor must come back for it.
        _event.Set();
        return true;
    }

    public void Dispose()
    {
        _tail.Dispose();
        _signal.Disturb();
        _event?.Dispose();
    }

    private bool TryFind(out StoreEvent announcement)
    {
        if (_changes.TryDequeue(out announcement)) return true;
        while (_tail.TryNext(out LogEvent found))
        {
            if (_names is not null && found.Gap is null)
            {
                foreach (StoreEvent change in _store.Watching.ChangesIn(in found, _names)) _changes.Enqueue(change);
                if (_changes.TryDequeue(out announcement)) return true;
                continue;
            }

            if (_store.Watching.TryAnnounce(in found, null, out announcement)) return true;
        }

        return false;
    }

    private bool TryAwait(TimeSpan most, out StoreEvent announcement)
    {
        announcement = default;
        long started = Stopwatch.GetTimestamp();
        while (!_tail.IsClosed && Stopwatch.GetElapsedTime(started) < most)
        {
            if (!_pause.LooksAgain())
            {
                _tail.ThrowIfGone();
                _pause.Sleep(most - Stopwatch.GetElapsedTime(started));
            }

            if (!TryFind(out announcement)) continue;
            _pause.Reset();
            return true;
        }

        return false;
    }
}
