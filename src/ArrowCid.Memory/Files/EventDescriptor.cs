using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>An eventfd: a descriptor that is readable from a <see cref="Set"/> until a <see cref="Clear"/>, for waiting
/// with poll or epoll.</summary>
internal sealed unsafe class EventDescriptor : SafeHandle
{
    private EventDescriptor(int descriptor) : base(-1, ownsHandle: true) => SetHandle(descriptor);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>The number that poll takes; valid until this is disposed.</summary>
    public int Number => (int)handle;

    public static EventDescriptor? TryCreate(out int errno)
    {
        int descriptor = Native.EventDescriptor(0, Native.CloseOnExec | Native.NonBlocking);
        errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return errno == 0 ? new EventDescriptor(descriptor) : null;
    }

    public void Set()
    {
        ulong one = 1;
        // SAFETY: one lives for the call, and an eventfd takes eight bytes. Full (2^64 - 2 times set) it is readable.
        _ = Native.WriteEvent(this, &one, sizeof(ulong));
    }

    /// <returns>Whether it was set.</returns>
    public bool Clear()
    {
        ulong count = 0;
        // SAFETY: count lives for the call, and an eventfd gives eight bytes.
        return Native.ReadEvent(this, &count, sizeof(ulong)) == sizeof(ulong);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Native.Close((int)handle) == 0;
}
