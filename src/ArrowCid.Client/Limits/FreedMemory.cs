namespace ArrowCid.Flight.Limits;

/// <summary>
/// Returns memory to the system after a burst: what a server frees stays with the process until a collection, and an
/// idle server makes none.
/// </summary>
internal static class FreedMemory
{
    private const long Least = 16L << 20;

    // What a call or connection leaves on the heap beside its messages.
    private const long Remains = 32 << 10;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(5);
    private static readonly Timer s_timer = new(static _ => Collect(), null, Timeout.Infinite, Timeout.Infinite);

    private static long s_freed;
    private static int s_collections, s_isArmed;

    /// <summary>The bytes that are counted and not returned yet.</summary>
    public static long Freed => Interlocked.Read(ref s_freed);

    /// <summary>Counts bytes that are free now.</summary>
    public static void Note(long bytes)
    {
        if (Interlocked.Add(ref s_freed, bytes) < Least || Interlocked.Exchange(ref s_isArmed, 1) != 0) return;
        s_collections = GC.CollectionCount(GC.MaxGeneration);
        s_timer.Change(s_wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Counts what a call or connection leaves that has just ended. Only one that lasted for a second counts:
    /// what shorter ones leave is collected soon.</summary>
    /// <param name="lasted">How long it lasted.</param>
    public static void NoteEnd(TimeSpan lasted)
    {
        if (lasted >= s_long) Note(Remains);
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
