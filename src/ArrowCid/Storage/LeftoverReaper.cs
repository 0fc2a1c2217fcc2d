using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Removes the leftovers of dead processes. Any later operation that meets them would do the same; this does
/// it now.</summary>
internal sealed class LeftoverReaper(StoreHandle handle, LogAdoption adoption, StoreCoordination coordination)
{
    /// <summary>Takes over the lanes of the dead, and takes away what they were making: segments, files, and their
    /// slots in the table of participants.</summary>
    /// <param name="dryRun">Nothing is changed.</param>
    /// <param name="cancel">Ends it between two lanes or files.</param>
    /// <returns>What there was.</returns>
    public List<Reaped> Reap(bool dryRun, CancellationToken cancel = default)
    {
        handle.Enter();
        if (!dryRun) handle.ThrowIfReadOnly();
        var found = new List<Reaped>();
        ReapLanes(found, dryRun, cancel);
        cancel.ThrowIfCancellationRequested();
        ReapRetired(found, dryRun);
        ReapIndexes(found, dryRun);
        foreach (string path in System.IO.Directory.EnumerateFiles(handle.Directory, "seg-*"))
        {
            cancel.ThrowIfCancellationRequested();
            ReapSegmentFile(Path.GetFileName(path), found, dryRun);
        }

        int participants = handle.Participants.Sweep(dryRun);
        if (participants > 0)
            found.Add(new Reaped(ReapedItemKind.Participant, participants.ToString(CultureInfo.InvariantCulture), 0));
        return found;
    }

    private void ReapLanes(List<Reaped> found, bool dryRun, CancellationToken cancel)
    {
        HashSet<int> unfinished = [.. adoption.UnfinishedEnds().Select(end => end.Lane)];
        for (int lane = 0; lane < handle.Control.Superblock.Lanes; lane++)
        {
            cancel.ThrowIfCancellationRequested();
            if (lane == handle.Lane?.Number || handle.Control.IsLockedElsewhere(StoreLayout.LaneLock + lane)) continue;
            List<Reaped> creating = Creating(lane);
            ulong owner = handle.Control.Lane(lane, StoreLayout.LaneOwner);
            if (creating.Count == 0 && owner == 0 && !unfinished.Contains(lane)) continue;
            if (!dryRun && !adoption.TryAdopt(lane)) continue;
            found.Add(new Reaped(ReapedItemKind.Lane, $"{lane} of process {owner}", 0));
            found.AddRange(creating);
        }
    }

    private List<Reaped> Creating(int lane)
    {
        var creating = new List<Reaped>();
        for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
        {
            TableWord word = handle.Control.Table(slot);
            if (word.State == SegmentState.Creating && word.Lane == lane)
                creating.Add(new Reaped(ReapedItemKind.Segment, StoreLayout.SegmentName(slot, word.Generation),
                    word.Bytes));
        }

        return creating;
    }

    /// <summary>Handles segments whose reclaim was interrupted by a process's death: a ring frees them; otherwise they
    /// are sealed again, unless the facts show that they hold nothing alive.</summary>
    private void ReapRetired(List<Reaped> found, bool dryRun)
    {
        for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
        {
            TableWord word = handle.Control.Table(slot);
            if (word.State != SegmentState.Retired) continue;
            string name = StoreLayout.SegmentName(slot, word.Generation);
            if (dryRun)
            {
                using FileDescriptor? file = handle.Control.DirectoryFile.TryOpenFile(name, writable: false, out _);
                if (file?.IsLockedElsewhere(0, 0) == true) continue;
            }
            else if (!TryFinishRetired(slot, word))
            {
                continue;
            }

            found.Add(new Reaped(ReapedItemKind.Segment, name, word.Bytes));
        }
    }

    private bool TryFinishRetired(int slot, TableWord word)
    {
        using LockedSegment? locked =
            LockedSegment.TryLock(handle.Control, handle.Segments, slot, word, out bool isBusy);
        // Without a file it was only the slot that was left.
        if (locked is null) return !isBusy && handle.Control.Table(slot) != word;
        if (!locked.TryRetire()) return false;
        if (!handle.Control.Superblock.IsRing)
        {
            locked.Restore();
            return true;
        }

        locked.ClearEntries(handle.Index);
        locked.Free();
        return true;
    }

    private void ReapIndexes(List<Reaped> found, bool dryRun)
    {
        using MaintenanceLockScope? term = dryRun ? null : coordination.TryBecomeJanitor(TimeSpan.Zero);
        if (term is null && !dryRun) return;
        IndexPair pair = handle.Control.Index;
        foreach (string path in System.IO.Directory.EnumerateFiles(handle.Directory, "idx-*"))
        {
            string name = Path.GetFileName(path);
            if (name == StoreLayout.IndexName(pair.Current) || name == StoreLayout.IndexName(pair.Previous)) continue;
            // One that is being made stands there before the word names it.
            if (dryRun && handle.Control.IsLockedElsewhere(StoreLayout.JanitorLock)) continue;
            ReapFile(name, found, dryRun);
        }
    }

    /// <summary>Reads the name first and the table word second: a file of a generation that the table has passed, or
    /// given up, is an orphan. If something was put there, the table is damaged, and a rebuild adds the file
    /// again.</summary>
    private void ReapSegmentFile(string file, List<Reaped> found, bool dryRun)
    {
        bool isTemporary = file.EndsWith(SegmentAllocator.Temporary, StringComparison.Ordinal);
        string name = isTemporary ? file[..^SegmentAllocator.Temporary.Length] : file;
        if (!StoreLayout.TryParseSegmentName(name, handle.Control.Superblock.Segments, out int slot,
            out uint generation))
            return;
        TableWord word = handle.Control.Table(slot);
        bool isBeingMade = word.State == SegmentState.Creating && generation == word.Generation;
        bool isBeingRecycled = word.State == SegmentState.Creating && generation + 1 == word.Generation;
        bool isGarbage = isTemporary
            ? !isBeingMade && generation <= word.Generation
            : (generation < word.Generation && !isBeingRecycled) ||
                (generation == word.Generation && word.State == SegmentState.Free);
        if (isGarbage && (isTemporary || !SegmentSet.MayHoldRecords(handle.Control, name)))
            ReapFile(file, found, dryRun);
    }

    private void ReapFile(string name, List<Reaped> found, bool dryRun)
    {
        if (handle.Control.DirectoryFile.StatFile(name, out FileStatus status) != 0) return;
        if (!dryRun && handle.Control.DirectoryFile.Unlink(name) != 0) return;
        found.Add(new Reaped(ReapedItemKind.File, name, status.Size));
    }
}
