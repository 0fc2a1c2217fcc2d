using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Makes a new control file and index from the segments alone: for a copy of a store, for a store that another boot of
/// the machine left unstamped, and on request. The caller is alone with the store. Killed at any point, it leaves the
/// old control file, and the next one begins again.
/// </summary>
internal static class StoreRebuild
{
    /// <param name="old">The control file.</param>
    /// <param name="isCopy">Whether the store is to be another one.</param>
    /// <param name="isCommittedBelieved">Whether what was committed may have holes.</param>
    /// <param name="afterDamage">Whether records may be lost: what was left has holes, behind which the log goes on,
    /// and no number is given again.</param>
    /// <param name="operation">The call that it is done for: gets the number of segments that were read. Canceled, it
    /// leaves the old control file.</param>
    /// <returns>The number of blocks found.</returns>
    public static long Run(ControlFile old, bool isCopy, bool isCommittedBelieved, bool afterDamage = false,
        Operation? operation = null)
    {
        ThrowIfOfOthers(old);
        FileDescriptor folder = old.DirectoryFile;
        string temporary = StoreOpening.TemporaryName();
        FileDescriptor file = StoreOpening.CreateControl(old.Directory, folder, temporary,
            identity => old.Superblock.WithIdentity(isCopy ? Guid.NewGuid() : old.Superblock.Id, identity),
            out Mapping map);
        // The mapping too: it would keep the file's lock, by which half-made files are told from garbage.
        using (file)
        using (map)
        {
            try
            {
                long blocks = Fill(old, map, file, isCommittedBelieved, afterDamage, operation);
                operation?.Check();
                if (old.IsOnDisk) StorageErrors.Check(file.Sync(), "cannot flush", old.PathOf(temporary));
                CrashPoint.Pass(CrashStep.B2);
                int errno = folder.Rename(temporary, StoreLayout.ControlName);
                StorageErrors.Check(errno, "cannot name", old.PathOf(StoreLayout.ControlName));
                CrashPoint.Pass(CrashStep.B3);
                old.FlushNames();
                return blocks;
            }
            catch
            {
                _ = folder.Unlink(temporary);
                throw;
            }
        }
    }

    /// <summary>Throws where there are whole segments, and all of them are another store's: so is the control
    /// file.</summary>
    public static void ThrowIfOfOthers(ControlFile control)
    {
        bool isAny = false;
        var half = new byte[StoreLayout.SegmentHeaderBytes];
        foreach (string path in Directory.EnumerateFiles(control.Directory, "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (!StoreLayout.TryParseSegmentName(name, StoreLayout.MaxSegments, out _, out _)) continue;
            using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out _);
            if (file is null || file.Read(half, 0, out _) != half.Length || SegmentHeader.Read(half) is not { } header)
                continue;
            if (header.SegmentId == control.Superblock.SegmentId) return;
            isAny = true;
        }

        if (isAny)
            throw StorageErrors.Corrupt(control.PathOf(StoreLayout.ControlName),
                "the control file is another store's than the segments beside it",
                new Remedy(RemedyKind.RestoreFile));
    }

    private static long Fill(ControlFile old, Mapping map, FileDescriptor file, bool isCommittedBelieved,
        bool afterDamage, Operation? operation)
    {
        Span<byte> page = stackalloc byte[StoreLayout.PageBytes];
        map.CopyTo(0, page);
        Superblock superblock = Superblock.Read(page, map.Length, old.Directory);
        // The descriptor stays the caller's: nothing of this view of the new file is disposed but its segments.
        var control = new ControlFile(old.Directory, old.DirectoryFile, map, file, superblock, writable: true)
        {
            Reporter = old.Reporter,
        };
        using var segments = new SegmentSet(control);
        List<SegmentHeader> headers = FillTable(control);
        // Each is read twice: for its log, and for the index.
        operation?.Expect(2 * headers.Count);
        CarryWords(old, control);
        var damaged = new HashSet<(int Slot, long Offset)>();
        var facts = RecordedDamage.Read(control, headers);
        ILookup<int, SegmentHeader> lanes = headers.ToLookup(header => header.Lane);
        for (int lane = 0; lane < superblock.Lanes; lane++)
        {
            ulong collected = control.Lane(lane, StoreLayout.LaneCollected);
            ulong last =
                new WriterLogRebuild(control, lanes[lane], collected, isCommittedBelieved, facts, damaged)
                    .Run(operation);
            if (!isCommittedBelieved || afterDamage)
                control.SkipNumbers(lane, Math.Max(last, collected));
        }

        ulong recorded = old.Map.Read(StoreLayout.DamageWord);
        if (recorded > 0 || damaged.Count > 0) map.Write(StoreLayout.DamageWord, Math.Max(recorded, 1));
        CrashPoint.Pass(CrashStep.B1);
        var index = new BlockIndex(control, segments);
        var growth = new IndexGrowth(control, segments, index);
        uint number = NextIndex(old);
        long entries = growth.FillEntries();
        IndexFile made = IndexFile.Create(control, number, entries);
        while (!growth.TryFillFromLogs(made, damaged, operation))
            made = IndexFile.Create(control, number, entries *= 2);
        map.Write(StoreLayout.IndexWord, new IndexPair(number, 0).Bits);
        return growth.CountBlocks() - damaged.Count;
    }

    /// <summary>The words that the segments do not tell. They only grow, and what cannot be right is left
    /// out.</summary>
    private static void CarryWords(ControlFile old, ControlFile control)
    {
        ulong latest = (ulong)DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds() << 16;
        ulong time = old.Map.Read(StoreLayout.ClockWord);
        if (time <= latest) control.Map.Write(StoreLayout.ClockWord, time);
        // Whether there ever was a drop is unknown; zero would mean that there was none.
        control.Map.Write(StoreLayout.SweepWord, 2);
        for (int lane = 0; lane < control.Superblock.Lanes; lane++)
        {
            ulong collected = old.Lane(lane, StoreLayout.LaneCollected);
            if (collected < StoreLayout.MaxSequence) control.SetLane(lane, StoreLayout.LaneCollected, collected);
            (ulong from, ulong to) = old.Skipped(lane);
            if (to >= StoreLayout.MaxSequence) continue;
            control.SetLane(lane, StoreLayout.LaneSkippedFrom, from);
            control.SetLane(lane, StoreLayout.LaneSkippedTo, to);
        }
    }

    /// <summary>The highest generation of a slot keeps it; a lower one moves to another slot, and half-made files are
    /// taken away. All segments are sealed: what a torn tail may hide is never written over, and lanes go on in new
    /// segments.</summary>
    private static List<SegmentHeader> FillTable(ControlFile control)
    {
        var best = new SortedDictionary<int, SegmentHeader>();
        var highest = new SortedDictionary<int, uint>();
        var elders = new List<SegmentHeader>();
        foreach (string path in Directory.EnumerateFiles(control.Directory, "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (!StoreLayout.TryParseSegmentName(name, control.Superblock.Segments, out int slot, out uint generation))
                continue;
            highest[slot] = Math.Max(generation, highest.GetValueOrDefault(slot));
            if (ReadHeader(control, slot, generation) is not { } header) continue;
            if (best.Remove(slot, out SegmentHeader? other))
            {
                elders.Add(other.Generation < generation ? other : header);
                if (other.Generation > generation) header = other;
            }

            best.Add(slot, header);
        }

        foreach (SegmentHeader elder in elders) Rehouse(control, elder, best, highest);
        ulong order = 0;
        foreach ((int slot, uint generation) in highest)
        {
            TableWord word = new(SegmentState.Free, 0, 0, generation);
            if (best.TryGetValue(slot, out SegmentHeader? header))
            {
                word = new TableWord(SegmentState.Sealed, header.Lane, header.Bytes / StoreLayout.MiB,
                    header.Generation);
                control.SetDetails(slot, header.Order, header.Kind);
                order = Math.Max(order, header.Order);
            }

            _ = control.TryChange(slot, default, word);
        }

        control.Map.Write(StoreLayout.SegmentOrder, order);
        RemoveHalfMade(control);
        return [.. best.Values];
    }

    /// <summary>
    /// Moves the older of two segments in one slot to a free slot, with its lane, numbers and times. It may hold blocks
    /// that were never dropped, if a damaged table gave its slot to another one. Or a loss of power undid its removal,
    /// and its contents are dead or stored elsewhere, which makes no difference. After a kill before it is deleted
    /// here, the next rebuild finds the copy.
    /// </summary>
    private static void Rehouse(ControlFile control, SegmentHeader elder, SortedDictionary<int, SegmentHeader> best,
        SortedDictionary<int, uint> highest)
    {
        string name = StoreLayout.SegmentName(elder.Slot, elder.Generation);
        if (!best.Values.Any(other => IsSame(other, elder)))
        {
            using SegmentSalvage? salvage = SegmentSalvage.TryRead(control, name, elder.Slot, elder.Generation);
            if (salvage is null) return;
            if (salvage.Records.Count > 0)
            {
                int slot = Enumerable.Range(0, control.Superblock.Segments)
                    .FirstOrDefault(number => !highest.ContainsKey(number), -1);
                // Where none is free it stays as it is, for the next time.
                if (slot < 0) return;
                best.Add(slot, SegmentRepair.Make(control, elder with { Slot = slot, Generation = 1 }, salvage));
                highest.Add(slot, 1);
            }

            if (salvage.IsDamaged) SegmentRepair.Quarantine(control.DirectoryFile, control.Directory, name);
        }

        control.FlushNames();
        _ = control.DirectoryFile.Unlink(name);
    }

    private static bool IsSame(SegmentHeader one, SegmentHeader other) =>
        (one.Lane, one.Kind, one.Order, one.FirstSequence, one.CreatedNanoseconds) ==
        (other.Lane, other.Kind, other.Order, other.FirstSequence, other.CreatedNanoseconds);

    private static void RemoveHalfMade(ControlFile control)
    {
        foreach (string path in Directory.EnumerateFiles(control.Directory, "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (name.Contains(StoreLayout.TemporaryMark, StringComparison.Ordinal))
                _ = control.DirectoryFile.Unlink(name);
        }
    }

    /// <returns>Null where the file is no segment of this store. One that cannot be read ends the rebuild, rather
    /// than be left out of it.</returns>
    private static SegmentHeader? ReadHeader(ControlFile control, int slot, uint generation)
    {
        string path = control.PathOf(StoreLayout.SegmentName(slot, generation));
        using FileDescriptor? file =
            control.DirectoryFile.TryOpenFile(StoreLayout.SegmentName(slot, generation), writable: false,
                out int errno);
        StorageErrors.Check(errno, "cannot open", path);
        StorageErrors.Check(file!.Stat(out FileStatus status), "cannot stat", path);
        // Left out of the table it would be lost: it takes two looks to say that it is no segment.
        SegmentHeader? header = ReadHalf(file, path) ?? ReadHalf(file, path);
        bool isRight = header is not null && header.SegmentId == control.Superblock.SegmentId && header.Slot == slot &&
            header.Generation == generation && header.Bytes == status.Size && status.Size % StoreLayout.MiB == 0 &&
            header.Lane >= 0 && header.Lane < control.Superblock.Lanes;
        return isRight ? header : null;
    }

    private static SegmentHeader? ReadHalf(FileDescriptor file, string path)
    {
        Span<byte> half = stackalloc byte[StoreLayout.SegmentHeaderBytes];
        int read = file.Read(half, 0, out int errno);
        StorageErrors.Check(errno, "cannot read", path);
        return read == half.Length ? SegmentHeader.Read(half) : null;
    }

    /// <summary>A number that no index file has, so that one left over is never taken for the new one.</summary>
    private static uint NextIndex(ControlFile old)
    {
        uint number = Math.Max(old.Index.Current, 1);
        foreach (string path in Directory.EnumerateFiles(old.Directory, "idx-*"))
        {
            ReadOnlySpan<char> digits = Path.GetFileName(path).AsSpan(4);
            if (uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint found))
                number = Math.Max(number, found);
        }

        return number + 1;
    }
}
