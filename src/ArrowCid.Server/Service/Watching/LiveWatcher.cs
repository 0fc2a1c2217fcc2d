using System.Threading.Tasks.Sources;

namespace ArrowCid.Server.Service;

/// <summary>
/// A watcher that has caught up, as <see cref="LiveAnnouncements"/> knows it: it is woken where it waits, without a
/// thread or a timer of its own, and what wakes it before it waits is not lost. One waits; any number wake.
/// </summary>
internal sealed class LiveWatcher(long heartbeat) : IValueTaskSource
{
    private const int Free = 0, Waiting = 1, Woken = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private long _spoken = Environment.TickCount64;
    private int _state;

    /// <summary>Whether nothing was sent for so long that a heartbeat is due.</summary>
    public bool IsSilent => Environment.TickCount64 - Volatile.Read(ref _spoken) >= heartbeat;

    /// <summary>Something was sent.</summary>
    public void Spoke() => Volatile.Write(ref _spoken, Environment.TickCount64);

    /// <summary>Waits until it is woken, or was since it last waited.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Free) == Free) return new ValueTask(this, _core.Version);
        Volatile.Write(ref _state, Free);
        return ValueTask.CompletedTask;
    }

    /// <summary>Wakes it; what it does then is done here, until it waits for something.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Waiting) _core.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        // From here on it looks for events: later ones wake it again.
        Volatile.Write(ref _state, Free);
        _ = _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token,
        ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);
}
