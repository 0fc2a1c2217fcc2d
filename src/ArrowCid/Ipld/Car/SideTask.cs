namespace ArrowCid.Ipld.Car;

/// <summary>
/// Work in pieces on two threads: another thread does a piece while the caller prepares the next, and where that one is
/// still busy the caller does the piece itself.
/// </summary>
internal sealed class SideTask
{
    private Task? _task;

    /// <summary>Has a piece of work done.</summary>
    /// <returns>True where the other thread does it now; false where it is done.</returns>
    public bool Do(Action work)
    {
        if (_task is { IsCompleted: false })
        {
            work();
            return false;
        }

        Join();
        _task = Task.Run(work);
        return true;
    }

    /// <summary>Waits for the other thread, and throws what its piece threw.</summary>
    public void Join()
    {
        Task? task = _task;
        _task = null;
        task?.GetAwaiter().GetResult();
    }

    /// <summary>Waits for the other thread, whatever becomes of its piece.</summary>
    public void Abandon()
    {
        Task? task = _task;
        _task = null;
        task?.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
    }
}
