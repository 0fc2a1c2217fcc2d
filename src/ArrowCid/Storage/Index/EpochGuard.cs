using System.Runtime.InteropServices;

namespace ArrowCid.Storage;

/// <summary>
/// Keeps mappings in place while a thread looks into them, at the price of two plain stores: a count on the segment
/// would be two locked instructions, which wait for every load before them and pass a line from thread to thread. The
/// price is paid by whoever unmaps, which is rare: it fences all threads of the process and waits for each one that
/// may have begun to look before. A look is short: no lock, no system call, no other code's methods in it.
/// </summary>
internal static class EpochGuard
{
    private static readonly Lock s_gate = new();
    private static ReaderSlot[] s_lookers = [];

    [ThreadStatic]
    private static Owner? s_owner;

    /// <summary>Begins a look. What the thread finds mapped from now on stays mapped until
    /// <see cref="Exit"/>.</summary>
    public static ReaderSlot Enter()
    {
        ReaderSlot looker = (s_owner ?? Register()).Looker;
        // Odd while it looks. That this store may be seen after the loads behind it is what the unmapper's fence is
        // for: whoever has not stored by then finds what is unmapped no more.
        Volatile.Write(ref looker.Mark.Count, looker.Mark.Count + 1);
        return looker;
    }

    public static void Exit(ReaderSlot looker) => Volatile.Write(ref looker.Mark.Count, looker.Mark.Count + 1);

    /// <summary>Returns once no thread looks into what nobody can find any more since before this call.</summary>
    public static void WaitForReaders()
    {
        Interlocked.MemoryBarrierProcessWide();
        foreach (ReaderSlot looker in Volatile.Read(ref s_lookers))
        {
            ulong seen = Volatile.Read(ref looker.Mark.Count);
            if ((seen & 1) == 0) continue;
            var spin = new SpinWait();
            while (Volatile.Read(ref looker.Mark.Count) == seen) spin.SpinOnce();
        }
    }

    private static Owner Register()
    {
        lock (s_gate)
        {
            ReaderSlot? free = Array.Find(s_lookers, looker => !looker.IsTaken);
            if (free is null)
            {
                free = new ReaderSlot();
                s_lookers = [.. s_lookers, free];
            }

            free.IsTaken = true;
            return s_owner = new Owner(free);
        }
    }

    /// <summary>A thread's mark, on lines of its own.</summary>
    internal sealed class ReaderSlot
    {
        public Padded Mark;

        public volatile bool IsTaken;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Padded
    {
        [FieldOffset(128)] public ulong Count;
    }

    /// <summary>Goes with its thread, and leaves the mark to the next one.</summary>
    private sealed class Owner(ReaderSlot looker)
    {
        public ReaderSlot Looker => looker;

        ~Owner() => looker.IsTaken = false;
    }
}
