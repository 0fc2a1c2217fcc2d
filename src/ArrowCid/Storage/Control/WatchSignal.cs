using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The bridge from the futex to event loops: a descriptor that becomes readable when something may have been committed,
/// at the latest with the store's end. The loop calls <see cref="Arm"/>, asks its tail until nothing is left, waits for
/// the descriptor, and begins again: what is committed after the arming makes it readable, what was before is found.
/// One thread at a time.
/// </summary>
internal sealed class WatchSignal : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);

    private readonly LogSignal _signal;
    private readonly EventDescriptor _event;

    public WatchSignal(LogSignal signal)
    {
        EventDescriptor? made = EventDescriptor.TryCreate(out int errno);
        StorageErrors.Check(errno, "cannot make", "an eventfd");
        (_signal, _event) = (signal, made!);
    }

    /// <summary>What to give to poll, epoll or an event loop, to wait until it is readable; it is not to be read,
    /// written or closed.</summary>
    public int Descriptor => _event.Number;

    /// <summary>Makes the descriptor unreadable until the next commit.</summary>
    public void Arm()
    {
        _ = _event.Clear();
        TimeSpan most = _signal.CanSleep ? TimeSpan.MaxValue : s_poll;
        // Set after the sleep of the thread that sleeps for all; one set too many costs an empty look.
        _ = _signal.SleepAsync(_signal.Arm(), most).ContinueWith(static (_, state) =>
        {
            try
            {
                ((EventDescriptor)state!).Set();
            }
            catch (ObjectDisposedException)
            {
                // Its waiter is gone.
            }
        }, _event, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Makes the descriptor readable: there may be something.</summary>
    public void Set() => _event.Set();

    public void Dispose() => _event.Dispose();
}
