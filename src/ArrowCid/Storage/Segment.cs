using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// One segment file as this handle has it mapped, with its lease: a read lock on the very description that it is mapped
/// through. The lease is never unlocked; it ends when the last user has let go and the mapping and the description are closed,
/// so that nobody who gets the segment's write lock can meet a mapping of ours.
/// </summary>
internal sealed class Segment
{
    private readonly FileDescriptor _file;

    // One for the handle that has it open, one for each lease, put and walk. Zero is final.
    private int _users = 1;

    public Segment(SegmentHeader header, Mapping map, FileDescriptor file)
    {
        (Header, Map, _file) = (header, map, file);
        (Slot, Generation, Nonce, Bytes) = (header.Slot, header.Generation, header.Nonce, header.Bytes);
    }

    public SegmentHeader Header { get; }

    public Mapping Map { get; }

    public int Slot { get; }

    public uint Generation { get; }

    public ulong Nonce { get; }

    /// <summary>The file's size; equal to the mapping's.</summary>
    public long Bytes { get; }

    public string Name => Layout.SegmentName(Slot, Generation);

    /// <summary>The end of what is announced, or the start where the word cannot be right.</summary>
    public long Committed
    {
        get
        {
            ulong value = Map.Read(Layout.SegmentCommitted);
            return value >= Layout.SegmentRecords && value <= (ulong)Bytes && value % Layout.RecordAlignment == 0
                ? (long)value
                : Layout.SegmentRecords;
        }
    }

    /// <summary>Counts one more user, before anything of the mapping is touched.</summary>
    /// <returns>False where it is being closed.</returns>
    public bool TryRetain()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users) return true;
            users = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _users) != 0) return;
        Map.Dispose();
        _file.Dispose();
    }
}
