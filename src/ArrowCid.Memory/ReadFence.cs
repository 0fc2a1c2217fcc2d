namespace ArrowCid.Memory;

/// <summary>A fence that reads do not pass.</summary>
internal static class ReadFence
{
    /// <summary>What was read before was read before anything that is read after.</summary>
    public static void Pass()
    {
#if NET10_0_OR_GREATER
        Volatile.ReadBarrier();
#else
        Interlocked.MemoryBarrier();
#endif
    }
}
