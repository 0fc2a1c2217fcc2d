namespace ArrowCid.Memory;

/// <summary>
/// Tells a process from its forked child at the price of one load: a page that the kernel zeroes in a child
/// (MADV_WIPEONFORK, Linux 4.14) holds the process id. Environment.ProcessId is cached over a fork, and getpid is a
/// system call of some 80 ns on every lookup.
/// </summary>
internal static unsafe class ProcessMark
{
    private const nuint PageBytes = 4096;

    private static readonly int* s_page = MakePage();

    /// <summary>This process's id, even in a forked child.</summary>
    public static int Current
    {
        get
        {
            if (s_page is null) return Native.GetProcessId();
            // SAFETY: the page is mapped for as long as the process lives.
            int id = Volatile.Read(ref *s_page);
            if (id != 0) return id;
            id = Native.GetProcessId();
            Volatile.Write(ref *s_page, id);
            return id;
        }
    }

    /// <summary>Ends this process at once, with no exit hook, finalizer or flush: for crash tests.</summary>
    public static void KillSelf()
    {
        _ = Native.Kill(Native.GetProcessId(), Native.SigKill);
        Thread.Sleep(Timeout.Infinite);
    }

    private static int* MakePage()
    {
        // SAFETY: an anonymous private page at an address of the kernel's choice, never unmapped.
        void* page = Native.MemoryMap(null, PageBytes, Native.ProtRead | Native.ProtWrite,
            Native.MapPrivate | Native.MapAnonymous, -1, 0);
        if (page == (void*)-1) return null;
        if (Native.MemoryAdvise(page, PageBytes, Native.WipeOnFork) == 0) return (int*)page;
        _ = Native.MemoryUnmap(page, PageBytes);
        return null;
    }
}
