using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ArrowCid.Storage;

/// <summary>
/// Keeps mappings in place while a thread reads them, at the price of two plain stores. A count on the segment would
/// need two locked instructions, which wait for every earlier load and move a cache line between threads. Instead the
/// rare unmapper pays: it fences all threads of the process and waits for each one that may have started a read before.
/// A guarded read is short: no locks, no system calls, no calls to outside code.
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
        ReaderSlot slot = (s_owner ?? Register()).Slot;
        Debug.Assert((slot.Mark.Count & 1) == 0, "a thread looks once at a time");
        // Odd while it reads. The unmapper's fence makes up for a store that becomes visible after the later loads: a
        // thread that has not stored by then no longer finds the unmapped segment.
        Volatile.Write(ref slot.Mark.Count, slot.Mark.Count + 1);
        return slot;
    }

    public static void Exit(ReaderSlot slot)
    {
        Debug.Assert((slot.Mark.Count & 1) == 1 && ReferenceEquals(slot, s_owner?.Slot),
            "the thread that began a look ends it");
        Volatile.Write(ref slot.Mark.Count, slot.Mark.Count + 1);
    }

    /// <summary>Returns once no thread reads a mapping that was unreachable before this call.</summary>
    public static void WaitForReaders()
    {
        Interlocked.MemoryBarrierProcessWide();
        foreach (ReaderSlot slot in Volatile.Read(ref s_lookers))
        {
            ulong seen = Volatile.Read(ref slot.Mark.Count);
            if ((seen & 1) == 0) continue;
            var spin = new SpinWait();
            while (Volatile.Read(ref slot.Mark.Count) == seen) spin.SpinOnce();
        }
    }

    private static Owner Register()
    {
        lock (s_gate)
        {
            ReaderSlot? free = Array.Find(s_lookers, slot => !slot.IsTaken);
            if (free is null)
            {
                free = new ReaderSlot();
                s_lookers = [.. s_lookers, free];
            }

            Debug.Assert(!free.IsTaken && s_owner is null, "a slot has one thread, and a thread one slot");
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
    private sealed class Owner(ReaderSlot slot)
    {
        public ReaderSlot Slot => slot;

        ~Owner() => slot.IsTaken = false;
    }
}
