using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Whether table and index may be believed after another boot. FORMAT.md, "Copies and other boots".</summary>
internal sealed partial class ControlFile
{
    // Clearing: removed, but perhaps not yet on the medium; a writer that meets it flushes too before it writes.
    private const ulong InUse = 0, Clean = 1, Clearing = 2;

    private volatile bool _isMarked;

    /// <summary>Whether the last process to close the store flushed everything and nothing was written since.</summary>
    public bool IsClean => Map.Read(StoreLayout.CleanStamp) == Clean;

    /// <summary>Whether a flush failed since the control file was made: pages and medium may differ, and no later flush
    /// tells.</summary>
    public bool IsInDoubt => Map.Read(StoreLayout.DoubtWord) != 0;

    /// <summary>Whether the store was made, or opened for writing, under a boot of the machine: its pages are
    /// whole.</summary>
    public bool IsOfBoot(StoreIdentity now) =>
        Superblock.Identity.Boot == now.Boot || Map.Read(StoreLayout.BootWord) == now.BootBits;

    /// <summary>Whether this is the file that it was made as, and no copy.</summary>
    public bool IsSameFile(StoreIdentity now) => Superblock.Identity.IsSameFile(now, IsOfBoot(now));

    public void NoteBoot(StoreIdentity now)
    {
        if (IsWritable && Map.Read(StoreLayout.BootWord) != now.BootBits) Map.Write(StoreLayout.BootWord, now.BootBits);
    }

    /// <summary>Before the first change to index, table or log: takes the stamp away, and has that flushed.</summary>
    public void MarkInUse()
    {
        if (_isMarked || !IsWritable) return;
        if (Map.Read(StoreLayout.CleanStamp) != InUse)
        {
            _ = Map.Exchange(StoreLayout.CleanStamp, Clearing);
            Flush();
            _ = Map.CompareExchange(StoreLayout.CleanStamp, InUse, Clearing);
        }

        // While this handle is open, no other handle is the last one.
        _isMarked = true;
    }

    /// <summary>After a flush that failed: no stamp will say that this store is clean until it was rebuilt.</summary>
    public void MarkInDoubt() => Map.Exchange(StoreLayout.DoubtWord, 1);

    /// <summary>Before a segment's file goes: numbers of its lane up to the last one in it may be missing from now on.
    /// A rebuild takes no other missing number for collected.</summary>
    public void NoteCollected(int lane, ulong lastSequence)
    {
        long at = LaneAt(lane) + StoreLayout.LaneCollected;
        for (ulong seen = Map.Read(at); seen < lastSequence;)
        {
            ulong before = Map.CompareExchange(at, lastSequence, seen);
            if (before == seen) break;
            seen = before;
        }

        Flush();
    }

    /// <summary>After a loss of power: what the lane gives from now on lies beyond every number that it can have given
    /// before, of which facts may speak.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="last">The last number that is left of it.</param>
    public void SkipNumbers(int lane, ulong last)
    {
        ulong to = last + StoreLayout.SkippedNumbers;
        if (to >= StoreLayout.MaxSequence) return;
        SetLane(lane, StoreLayout.LaneSkippedFrom, last);
        SetLane(lane, StoreLayout.LaneSkippedTo, to);
        SetLane(lane, StoreLayout.LaneCollected, to);
    }

    /// <summary>The last number before those that the lane never gave, and the last of those; 0 where there are
    /// none.</summary>
    public (ulong From, ulong To) Skipped(int lane)
    {
        (ulong from, ulong to) = (Lane(lane, StoreLayout.LaneSkippedFrom), Lane(lane, StoreLayout.LaneSkippedTo));
        return from < to ? (from, to) : default;
    }

    /// <summary>On a disk: where this handle is the last one out, flushes segments, index, names and control file, and
    /// stamps the store clean. Puts and growth have ended.</summary>
    public void StampIfLast()
    {
        if (!IsOnDisk || !IsWritable || IsClean || IsInDoubt) return;
        try
        {
            if (!TryLock(StoreLayout.PresenceLock, exclusive: true)) return;
            FlushSegments();
            FlushNames();
            Flush();
            _ = Map.Exchange(StoreLayout.CleanStamp, Clean);
            Flush();
        }
        catch (ArrowCidException)
        {
            // Processes that need it on the medium flushed before. Without the stamp, the store is rebuilt.
            _ = Map.Exchange(StoreLayout.CleanStamp, InUse);
            MarkInDoubt();
        }
    }

    private void FlushSegments()
    {
        for (int slot = 0; slot < Superblock.Segments; slot++)
        {
            TableWord word = Table(slot);
            if (word.State is SegmentState.Open or SegmentState.Sealed or SegmentState.Retired)
                FlushFile(StoreLayout.SegmentName(slot, word.Generation));
        }

        IndexPair index = Index;
        FlushFile(StoreLayout.IndexName(index.Current));
        if (index.Previous != 0) FlushFile(StoreLayout.IndexName(index.Previous));
    }

    private void FlushFile(string name)
    {
        using FileDescriptor? file = DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        // A missing file is detected when the table is followed to it, with or without the stamp.
        if (errno == Errno.NotFound) return;
        StorageErrors.Check(errno, "cannot open", PathOf(name));
        StorageErrors.Check(file!.Sync(), "cannot flush", PathOf(name));
    }
}
