namespace ArrowCid.Benchmarks;

/// <summary>The most bytes of the managed heap while it is watched, beyond those at the beginning.</summary>
internal sealed class HeapWatch : IDisposable
{
    private const int IntervalMilliseconds = 5;

    private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
    private readonly Timer _timer;
    private long _most;

    public HeapWatch() => _timer = new Timer(_ => Look(), null, IntervalMilliseconds, IntervalMilliseconds);

    public long Most
    {
        get
        {
            Look();
            return Interlocked.Read(ref _most);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long now = GC.GetTotalMemory(forceFullCollection: false) - _before, most = Interlocked.Read(ref _most);
        while (now > most)
        {
            long seen = Interlocked.CompareExchange(ref _most, now, most);
            if (seen == most) return;
            most = seen;
        }
    }
}
