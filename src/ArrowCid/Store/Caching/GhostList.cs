namespace ArrowCid;

/// <summary>Blocks that left a cache lately, as fingerprints of four bytes, the oldest first, up to a number of their
/// bytes. Two blocks with one fingerprint are taken for each other, which costs a misplaced block and nothing
/// else.</summary>
internal sealed class GhostList
{
    private readonly Queue<(uint Print, uint Number, long Bytes)> _queue = new();
    private readonly Dictionary<uint, (uint Number, long Bytes)> _last = [];
    private uint _number;

    /// <summary>The bytes of the blocks that it knows.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a block, and forgets the oldest ones over a number of bytes.</summary>
    public void Add(ulong key, long bytes, long most)
    {
        uint print = PrintOf(key);
        if (_last.TryGetValue(print, out (uint Number, long Bytes) known)) Bytes -= known.Bytes;
        _last[print] = (++_number, bytes);
        _queue.Enqueue((print, _number, bytes));
        Bytes += bytes;
        Trim(most);
    }

    /// <summary>Takes a block out.</summary>
    /// <returns>False where it is not known.</returns>
    public bool Remove(ulong key)
    {
        if (!_last.Remove(PrintOf(key), out (uint Number, long Bytes) known)) return false;
        Bytes -= known.Bytes;
        return true;
    }

    /// <summary>Forgets the oldest blocks over a number of bytes.</summary>
    public void Trim(long most)
    {
        while (Bytes > most && _queue.TryDequeue(out (uint Print, uint Number, long Bytes) oldest)) Forget(oldest);
        // What was taken out leaves its place in the queue.
        while (_queue.Count > 2 * (_last.Count + 1)) Forget(_queue.Dequeue());
    }

    private void Forget((uint Print, uint Number, long Bytes) oldest)
    {
        if (!IsCurrent(oldest.Print, oldest.Number)) return;
        _ = _last.Remove(oldest.Print);
        Bytes -= oldest.Bytes;
    }

    private bool IsCurrent(uint print, uint number) =>
        _last.TryGetValue(print, out (uint Number, long Bytes) known) && known.Number == number;

    private static uint PrintOf(ulong key)
    {
        key = (key ^ (key >> 33)) * 0xff51afd7ed558ccd;
        return (uint)(key >> 32);
    }
}
