using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// How the watchers of one handle learn of commits. A watcher that finds nothing arms (reads the word, sets the
/// waiters' flag with a full fence), looks again, and sleeps while the word is unchanged. Either the producer, whose
/// commit is a full fence too, sees the flag, or the second look sees the record. A watcher that may not write the word
/// polls. Blocking watchers sleep in their own threads, asynchronous ones share one.
/// </summary>
internal sealed class LogSignal(Mapping? wait)
{
    private readonly object _gate = new();
    private TaskCompletionSource _woken = NewSource();
    private Thread? _sleeper;
    private bool _isAwaited;
    private uint _awaited;
    private TimeSpan _most;
    private bool _isClosed;

    /// <summary>The longest sleep: what a producer costs a sleeper that is killed between the flag and the
    /// word.</summary>
    public TimeSpan Backstop { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether commits wake; else it polls.</summary>
    public bool CanSleep => wait is { IsWritable: true };

    /// <summary>Asks to be woken by the next commit. What is committed before it returns is found by a look after
    /// it.</summary>
    /// <returns>The word, to sleep upon.</returns>
    public uint Arm()
    {
        if (!CanSleep) return 0;
        uint seen = (uint)wait!.Read(0);
        _ = wait.Exchange(StoreLayout.WaitFlag, 1);
        return seen;
    }

    /// <summary>Sleeps until something may have been committed, the time is over, or <see cref="Disturb"/>.</summary>
    public void Sleep(uint seen, TimeSpan most)
    {
        if (most > Backstop) most = Backstop;
        if (CanSleep)
        {
            wait!.WaitWhile(0, seen, most);
            return;
        }

        lock (_gate)
        {
            if (!_isClosed) _ = Monitor.Wait(_gate, most);
        }
    }

    /// <summary>As <see cref="Sleep"/>, on a thread of this handle.</summary>
    public Task SleepAsync(uint seen, TimeSpan most)
    {
        lock (_gate)
        {
            if (_isClosed || (CanSleep && (uint)wait!.Read(0) != seen)) return Task.CompletedTask;
            // All that wait together saw the same word, or it has changed since and the first one's sleep ends at once.
            if (!_isAwaited) (_isAwaited, _awaited, _most) = (true, seen, Backstop);
            if (most < _most) _most = most;
            if (_sleeper is null)
            {
                _sleeper = new Thread(SleepForAll, 128 << 10) { IsBackground = true, Name = "arrowcid waiter" };
                _sleeper.UnsafeStart();
            }

            Monitor.PulseAll(_gate);
            return _woken.Task;
        }
    }

    /// <summary>Ends every sleep, as a commit does: for a watcher that is cancelled.</summary>
    public void Disturb()
    {
        if (CanSleep)
        {
            _ = wait!.Add(0, 1);
            wait.WakeAll(0);
        }

        lock (_gate) Monitor.PulseAll(_gate);
    }

    /// <summary>Ends every sleep for good.</summary>
    public void Close()
    {
        bool hasSlept;
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            hasSlept = _sleeper is not null;
            _ = hasSlept || _woken.TrySetResult();
        }

        Disturb();
    }

    private void SleepForAll()
    {
        while (true)
        {
            uint seen;
            TimeSpan most;
            lock (_gate)
            {
                while (!_isAwaited && !_isClosed) Monitor.Wait(_gate);
                (seen, most) = (_awaited, _most);
            }

            if (!Volatile.Read(ref _isClosed)) Sleep(seen, most);
            TaskCompletionSource woken;
            lock (_gate)
            {
                woken = _woken;
                (_woken, _isAwaited) = (NewSource(), false);
            }

            woken.SetResult();
            if (Volatile.Read(ref _isClosed)) return;
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
