using ArrowCid.Signing;

namespace ArrowCid.Native;

/// <summary>
/// The numbers that identify objects: an index, and a generation, so that a closed object is told from the one that has
/// taken its place. Looking one up takes no lock.
/// </summary>
internal static class Handles
{
    private const int IndexBits = 20;
    private const int MostOpen = (1 << IndexBits) - 1;

    private static readonly Lock s_gate = new();
    private static readonly Stack<int> s_free = new();
    private static Slot?[] s_slots = new Slot?[64];

    // 0 is no handle.
    private static int s_next = 1;

    /// <summary>A number for an object, below 2^53.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a million are open.</exception>
    public static long Open(object target)
    {
        lock (s_gate)
        {
            if (!s_free.TryPop(out int index))
            {
                if (s_next > MostOpen)
                {
                    throw new ArrowCidException(ErrorCode.TooLarge,
                        $"{MostOpen} handles are open; close what is not used");
                }

                index = s_next++;
                if (index == s_slots.Length)
                {
                    var larger = new Slot?[2 * s_slots.Length];
                    s_slots.CopyTo(larger, 0);
                    Volatile.Write(ref s_slots, larger);
                }

                Volatile.Write(ref s_slots[index], new Slot());
            }

            Slot slot = s_slots[index]!;
            long handle = ((long)slot.Generation << IndexBits) | (uint)index;
            Volatile.Write(ref slot.Handle, handle);
            Volatile.Write(ref slot.Target, target);
            return handle;
        }
    }

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no handle of that
    /// kind.</exception>
    public static T Get<T>(long handle) where T : class
    {
        Slot?[] slots = Volatile.Read(ref s_slots);
        long index = handle & MostOpen;
        if (handle > 0 && index < slots.Length && Volatile.Read(ref slots[index]) is { } slot
            && Volatile.Read(ref slot.Target) is T target && Volatile.Read(ref slot.Handle) == handle)
            return target;
        throw NoHandle<T>(handle);
    }

    /// <summary>Ends a handle; of several threads that do, one is given its object.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="Get"/>.</exception>
    public static T Close<T>(long handle) where T : class
    {
        lock (s_gate)
        {
            T target = Get<T>(handle);
            int index = (int)(handle & MostOpen);
            Slot slot = s_slots[index]!;
            (slot.Handle, slot.Target) = (0, null);
            slot.Generation++;
            s_free.Push(index);
            return target;
        }
    }

    private static ArrowCidException NoHandle<T>(long handle) => new(ErrorCode.InvalidArgument,
        $"{handle} is no open {Kind<T>()}: it was closed, never was one, or is another kind of handle");

    private static string Kind<T>() =>
        typeof(T) == typeof(CidStore) ? "store"
        : typeof(T) == typeof(Lease) ? "lease"
        : typeof(T) == typeof(Listing) ? "listing"
        : typeof(T) == typeof(Watch) ? "watch"
        : typeof(T) == typeof(MemoWork) ? "work"
        : typeof(T) == typeof(SigningKey) ? "key"
        : "reservation";

    private sealed class Slot
    {
        public long Handle;
        public object? Target;
        public uint Generation;
    }
}
