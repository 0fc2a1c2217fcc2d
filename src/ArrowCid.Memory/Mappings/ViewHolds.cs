namespace ArrowCid.Memory;

/// <summary>
/// The references that keep memory: its owner until it is closed, and pins. The last one to end frees the memory. For
/// any number of threads; a field, never a copy.
/// </summary>
internal struct ViewHolds
{
    private const int ClosedBit = 1 << 30;

    // One for the owner until it is closed, one for each pin; the top bit once it is closed.
    private int _count;

    public ViewHolds() => _count = 1;

    public bool IsClosed => (Volatile.Read(ref _count) & ClosedBit) != 0;

    /// <summary>Adds a pin.</summary>
    /// <returns>False where the owner is closed.</returns>
    public bool TryAdd()
    {
        int count = Volatile.Read(ref _count);
        while ((count & ClosedBit) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count) return true;
            count = seen;
        }

        return false;
    }

    /// <summary>Takes a pin back.</summary>
    /// <returns>True where the memory is to be given back now.</returns>
    public bool Remove() => Interlocked.Decrement(ref _count) == ClosedBit;

    /// <summary>Closes the owner. Again: nothing.</summary>
    /// <returns>True where the memory is to be given back now.</returns>
    public bool Close()
    {
        // Most owners are never pinned: one step instead of two.
        if (Interlocked.CompareExchange(ref _count, ClosedBit, 1) == 1) return true;
        return (Interlocked.Or(ref _count, ClosedBit) & ClosedBit) == 0 && Remove();
    }
}
