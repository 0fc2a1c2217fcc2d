using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A sealed segment whose write lock this handle holds (E1), on the file description that it is mapped through here and
/// nowhere else: a fresh one, or that of this handle's own mapping once it is unused. Lookups of its blocks read
/// private copies. It is retired (E2), its entries are removed (E3), its file is deleted or becomes another segment's
/// (E4), and its slot is free (E5). After a kill at any point, the lock is free and the next process that meets the
/// retired segment continues; only the lock tells whether a process is working on it.
/// </summary>
internal sealed class LockedSegment : IDisposable
{
    private readonly ControlFile _control;
    private readonly FileDescriptor _file;
    private readonly Mapping _map;
    private TableWord _word;
    private readonly bool _isInPlace;
    private bool _isGivenAway;

    private LockedSegment(ControlFile control, int slot, TableWord word, SegmentHeader header, Mapping map,
        FileDescriptor file, bool isInPlace)
    {
        Debug.Assert(map.Length == word.Bytes && header.Generation == word.Generation);
        (_control, Slot, _word, _map, _file, _isInPlace) = (control, slot, word, map, file, isInPlace);
        Records = new Segment(header, map, file);
    }

    public int Slot { get; }

    public long Bytes => _word.Bytes;

    /// <summary>For walks; it is valid until this is disposed of or given on.</summary>
    public Segment Records { get; }

    /// <summary>E1. Who holds the segment, and be it this process, stands in the way: then it is busy; else where
    /// this gives null it is gone, changed or not what the table says.</summary>
    public static LockedSegment? TryLock(ControlFile control, SegmentSet segments, int slot, TableWord word,
        out bool isBusy)
    {
        isBusy = false;
        string name = StoreLayout.SegmentName(slot, word.Generation);
        LeasedFile? own = segments.TakeOver(slot);
        int errno = 0;
        FileDescriptor? file = own?.File ?? control.DirectoryFile.TryOpenFile(name, writable: true, out errno);
        if (file is null)
        {
            // Unlinked by one that died before it could free the slot.
            if (errno == Errno.NotFound && word.State == SegmentState.Retired)
                _ = control.TryChange(slot, word, word.With(SegmentState.Free));
            return null;
        }

        Mapping? map = own?.Map;
        try
        {
            if (file.Stat(out FileStatus status) != 0 || status.Size != word.Bytes) return null;
            if (own is not null && !IsNamed(control, name, in status)) return null;
            // Of an own mapping the read lock becomes the write lock: at no moment is it mapped and not locked.
            errno = file.TryLock(0, 0, exclusive: true);
            isBusy = errno == Errno.Again;
            // Under the lock the word is read again: another process may have taken the segment and continued.
            if (errno != 0 || control.Table(slot) != word) return null;
            map ??= Mapping.TryMap(file, word.Bytes, writable: true, out _);
            if (map is null || SegmentSet.ReadHeader(map) is not { } header || header.Slot != slot ||
                header.Generation != word.Generation || header.Bytes != word.Bytes)
                return null;
            CrashPoint.Pass(CrashStep.E1);
            var locked = new LockedSegment(control, slot, word, header, map, file, own is not null);
            (map, file) = (null, null);
            return locked;
        }
        finally
        {
            map?.Dispose();
            file?.Dispose();
        }
    }

    /// <summary>E2: from here on no look-up follows an entry to it.</summary>
    /// <returns>False where the slot is no longer what it was.</returns>
    public bool TryRetire()
    {
        Debug.Assert(_word.State is SegmentState.Sealed or SegmentState.Retired, "no open segment is retired");
        if (!TryMove(_word.With(SegmentState.Retired))) return false;
        CrashPoint.Pass(CrashStep.E2);
        return true;
    }

    /// <summary>Back to sealed: something in it is alive after all.</summary>
    public void Restore()
    {
        Debug.Assert(_word.State == SegmentState.Retired);
        _ = TryMove(_word.With(SegmentState.Sealed));
    }

    /// <summary>E3: takes its entries out of the index, those alone that lead here.</summary>
    public void ClearEntries(BlockIndex index)
    {
        Debug.Assert(_word.State == SegmentState.Retired, "entries go once no look-up follows them");
        index.Remove(Records);
        CrashPoint.Pass(CrashStep.E3);
    }

    /// <summary>E4 and E5: the file goes, then the slot is free.</summary>
    public void Free()
    {
        Debug.Assert(_word.State == SegmentState.Retired && !_isGivenAway);
        NoteCollected();
        _ = _control.DirectoryFile.Unlink(Records.Name);
        _control.FlushNames();
        CrashPoint.Pass(CrashStep.E4);
        _ = TryMove(_word.With(SegmentState.Free));
        CrashPoint.Pass(CrashStep.E5);
    }

    /// <summary>E4: the file, with its pages, becomes a new segment of a lane that this handle owns. The write lock
    /// becomes its lease. Never on a disk, where a record of before could rise with the power.</summary>
    public RawSegment? TryRecycle(int lane)
    {
        Debug.Assert(_word.State == SegmentState.Retired && !_isGivenAway);
        Debug.Assert(!_control.IsOnDisk, "on a disk an old record could rise with the power");
        string old = Records.Name;
        var next = new TableWord(SegmentState.Creating, lane, _word.Bytes / StoreLayout.MiB, _word.Generation + 1);
        if (!TryMove(next)) return null;
        NoteCollected();
        string name = StoreLayout.SegmentName(Slot, next.Generation) + SegmentAllocator.Temporary;
        StorageErrors.Check(_control.DirectoryFile.Rename(old, name), "cannot rename", _control.PathOf(old));
        CrashPoint.Pass(CrashStep.E4);
        // A process that opened the old name before its removal finds no segment.
        _map.WritableBytes(0, StoreLayout.PageBytes).Clear();
        StorageErrors.Check(_file.TryLock(0, 0, exclusive: false), "cannot lease", _control.PathOf(name));
        CrashPoint.Pass(CrashStep.E5);
        _isGivenAway = true;
        return new RawSegment(Slot, next, _file, _map, _isInPlace);
    }

    public void Dispose()
    {
        if (_isGivenAway) return;
        _isGivenAway = true;
        _map.Dispose();
        _file.Dispose();
    }

    /// <summary>Whether a name is still that of an open file.</summary>
    private static bool IsNamed(ControlFile control, string name, in FileStatus file) =>
        control.DirectoryFile.StatFile(name, out FileStatus named) == 0 &&
        named.Inode == file.Inode && named.Device == file.Device;

    /// <summary>A large block's number may lie after the first number of the lane's newest segments, from which on a
    /// rebuild takes no missing one.</summary>
    private void NoteCollected()
    {
        if (Records.Header.Kind == SegmentKind.Jumbo)
            _control.NoteCollected(Records.Header.Lane, LogReader.Last(Records).Sequence);
    }

    private bool TryMove(TableWord next)
    {
        if (!_control.TryChange(Slot, _word, next)) return false;
        _word = next;
        return true;
    }
}
