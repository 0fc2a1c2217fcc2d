namespace ArrowCid.Flight.Limits;

/// <summary>
/// Returns memory to the system after a burst: what a server frees stays with the process until a collection, and an
/// idle server makes none.
/// </summary>
internal static class FreedMemory
{
    private const long Least = 16L << 20;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(5);
    private static readonly Timer s_timer = new(static _ => Collect(), null, Timeout.Infinite, Timeout.Infinite);

    private static long s_freed;
    private static int s_collections, s_isArmed;

    /// <summary>Counts bytes that are free now.</summary>
    public static void Note(long bytes)
    {
        if (Interlocked.Add(ref s_freed, bytes) < Least || Interlocked.Exchange(ref s_isArmed, 1) != 0) return;
        s_collections = GC.CollectionCount(GC.MaxGeneration);
        s_timer.Change(s_wait, Timeout.InfiniteTimeSpan);
    }

    private static void Collect()
    {
        long freed = Interlocked.Exchange(ref s_freed, 0);
        Volatile.Write(ref s_isArmed, 0);
        // A busy server collects by itself, and more is freed meanwhile.
        if (GC.CollectionCount(GC.MaxGeneration) - s_collections > 1) return;
        if (freed >= Least) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
