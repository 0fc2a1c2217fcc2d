using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// One segment file as mapped by this handle, with its lease: a read lock on the file description of the mapping. The
/// lease is never unlocked; it ends when the last user has released the segment and the mapping and the description are
/// closed, so that a process that gets the segment's write lock cannot meet a mapping of ours.
/// </summary>
internal sealed class Segment
{
    private readonly FileDescriptor _file;
    private readonly ForkWitness? _witness;

    // One for the handle that has it open, one for each lease, put and walk. Zero is final.
    private int _users = 1;

    // Set by every user, cleared by the idle check: written only where it is not set yet.
    private bool _isTouched = true;

    /// <param name="header">The header, as it was read or written.</param>
    /// <param name="map">The whole file.</param>
    /// <param name="file">The description that it is mapped and leased through.</param>
    /// <param name="witness">With it the mapping can be taken over after its last use
    /// (<see cref="TakeOver"/>).</param>
    public Segment(SegmentHeader header, Mapping map, FileDescriptor file, ForkWitness? witness = null)
    {
        Debug.Assert(map.Length == header.Bytes, "a segment is mapped whole");
        Debug.Assert(header.Slot is >= 0 and < StoreLayout.MaxSegments);
        (Header, Map, _file, _witness) = (header, map, file, witness);
        (Slot, Generation, Nonce, Bytes) = (header.Slot, header.Generation, header.Nonce, header.Bytes);
    }

    public SegmentHeader Header { get; }

    public Mapping Map { get; }

    public int Slot { get; }

    public uint Generation { get; }

    public ulong Nonce { get; }

    /// <summary>The file's size; equal to the mapping's.</summary>
    public long Bytes { get; }

    public string Name => StoreLayout.SegmentName(Slot, Generation);

    /// <summary>The end of what is announced, or the start where the word cannot be right.</summary>
    public long Committed
    {
        get
        {
            ulong value = Map.Read(StoreLayout.SegmentCommitted);
            return value >= StoreLayout.SegmentRecords && value <= (ulong)Bytes
                && value % StoreLayout.RecordAlignment == 0
                ? (long)value
                : StoreLayout.SegmentRecords;
        }
    }

    /// <summary>Flushes what was written into the segment, through this mapping or another.</summary>
    /// <returns>0, or the error number: then it is unknown what the medium holds of it.</returns>
    public int Flush() => _file.SyncData();

    /// <summary>Counts one more user, before anything of the mapping is touched.</summary>
    /// <returns>False where it is being closed.</returns>
    public bool TryRetain()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                if (!_isTouched) _isTouched = true;
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Whether it was used since the last call.</summary>
    public bool TakeDirty()
    {
        bool isTouched = _isTouched;
        _isTouched = false;
        return isTouched;
    }

    /// <summary>Whether a lease, put or walk has it, beside the handle.</summary>
    public bool IsInUse => Volatile.Read(ref _users) > 1;

    /// <summary>Whether it may be looked into within a <see cref="EpochGuard"/> that began before this was
    /// asked.</summary>
    public bool TryGuard()
    {
        if (Volatile.Read(ref _users) == 0) return false;
        if (!_isTouched) _isTouched = true;
        return true;
    }

    /// <summary>Takes the handle's own use, if it is the last: later users are refused by <see cref="TryRetain"/>.
    /// The caller takes it out of every list and then calls <see cref="Close"/>.</summary>
    public bool TryEnd() => Interlocked.CompareExchange(ref _users, 0, 1) == 1;

    public void Release()
    {
        int left = Interlocked.Decrement(ref _users);
        Debug.Assert(left >= 0, "a use is released once");
        if (left == 0) Close();
    }

    /// <summary>Whether another handle, of this process or another, leases the file too.</summary>
    public bool IsLeasedElsewhere => _file.IsLockedElsewhere(0, 1);

    /// <summary>Whether <see cref="TakeOver"/> keeps the mapping.</summary>
    public bool CanBeTakenOver => _witness is not null;

    /// <summary>Unmaps and closes it.</summary>
    public void Close()
    {
        Debug.Assert(Volatile.Read(ref _users) == 0, "nothing is unmapped that is in use");
        EpochGuard.WaitForReaders();
        Map.Dispose();
        _file.Dispose();
        _witness?.Dispose();
    }

    /// <summary>Instead of <see cref="Close"/>: the mapping, still under its lease, goes to the caller, who is the only
    /// one of this handle to have it.</summary>
    /// <returns>Null where it is closed after all: what a forked child may have of it could not be told.</returns>
    public LeasedFile? TakeOver()
    {
        if (_witness is null)
        {
            Close();
            return null;
        }

        Debug.Assert(Volatile.Read(ref _users) == 0, "nothing is taken over that is in use");
        EpochGuard.WaitForReaders();
        _witness.Dispose();
        return new LeasedFile(_file, Map.PassOn());
    }
}
