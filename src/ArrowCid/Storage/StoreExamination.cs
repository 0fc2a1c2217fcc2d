using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The checks of an open store: table against files, lanes, index and capacity; and its figures.</summary>
internal sealed class StoreExamination(StoreHandle handle, DamageRecords damages, LeftoverReaper reaper)
{
    private static readonly Remedy s_openForWriting = new(RemedyKind.OpenForWriting);
    private static readonly Remedy s_restoreFile = new(RemedyKind.RestoreFile);

    /// <summary>What the store looks like now.</summary>
    public StorageStatistics GetStatistics()
    {
        handle.Enter();
        Superblock shape = handle.Control.Superblock;
        var isUsed = new bool[shape.Lanes];
        for (int lane = 0; lane < isUsed.Length; lane++)
            isUsed[lane] = lane == handle.Lane?.Number || handle.Control.IsLockedElsewhere(StoreLayout.LaneLock + lane);
        var states = new int[16];
        int unfinished = 0;
        long committed = 0;
        for (int slot = 0; slot < shape.Segments; slot++)
        {
            TableWord word = handle.Control.Table(slot);
            states[(int)word.State]++;
            // An owner at work is making it; one that died left it.
            if (word.State == SegmentState.Creating && !(word.Lane < isUsed.Length && isUsed[word.Lane])) unfinished++;
            if (!word.IsLive || handle.Segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
            committed += segment!.Committed - StoreLayout.SegmentRecords;
            segment.Release();
        }

        IndexFiles files = handle.Index.Files;
        long taken = handle.Control.SegmentBytes() + handle.Control.Map.Length + files.Bytes;
        return new StorageStatistics(handle.Directory, shape.Id, shape.Capacity, shape.SegmentBytes, taken,
            states[(int)SegmentState.Open], states[(int)SegmentState.Sealed], unfinished,
            committed, shape.Lanes, isUsed.Count(taken => taken), files.Current?.Entries ?? 0,
            (files.Current?.Count ?? 0) + handle.Index.Uncounted, files.Pair.Previous != 0, shape.Created);
    }

    /// <summary>
    /// Walks all segments: every record's checksum and digest, the links between records, each lane's numbering, and
    /// that the index leads to every block. Beside writers at work it may call missing what is just being committed.
    /// </summary>
    /// <param name="lane">One lane alone, or null.</param>
    public IEnumerable<StoreFinding> CheckLog(int? lane = null)
    {
        handle.Enter();
        return CheckLanes(lane);
    }

    private IEnumerable<StoreFinding> CheckLanes(int? lane)
    {
        handle.Liveness?.Refresh();
        foreach (IGrouping<int, SegmentPlace> places in handle.Places(lane).GroupBy(place => place.Word.Lane))
        {
            var numbers = new LaneNumbers(places.Key);
            foreach (SegmentPlace place in places)
            {
                handle.Enter();
                foreach (StoreFinding finding in CheckSegment(place, numbers)) yield return finding;
            }

            ulong collected = places.Key < StoreLayout.MaxLanes
                ? handle.Control.Lane(places.Key, StoreLayout.LaneCollected) : 0;
            foreach (StoreFinding finding in numbers.Findings(HasLostSegments, collected)) yield return finding;
        }
    }

    /// <summary>Whether segments that were once made are no longer there, so that holes in the numbers mean
    /// nothing.</summary>
    private bool HasLostSegments
    {
        get
        {
            int live = handle.Places(null).Count;
            return handle.Control.Map.Read(StoreLayout.SegmentOrder) > (ulong)live;
        }
    }

    private IEnumerable<StoreFinding> CheckSegment(SegmentPlace place, LaneNumbers numbers)
    {
        string name = StoreLayout.SegmentName(place.Slot, place.Word.Generation);
        SegmentAccess access = handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment);
        if (access != SegmentAccess.Ready)
        {
            if (access == SegmentAccess.Stale && handle.Control.Table(place.Slot) != place.Word) yield break;
            numbers.HasDamage |= access != SegmentAccess.Refused;
            yield return NotReadable(name, access);
            yield break;
        }

        try
        {
            ulong committed = segment!.Map.Read(StoreLayout.SegmentCommitted);
            if (committed != (ulong)segment.Committed)
            {
                numbers.HasDamage = true;
                yield return new StoreFinding("committed-word", FindingSeverity.Error,
                    $"{name}+{StoreLayout.SegmentCommitted}",
                    $"the committed end {committed} lies outside the segment or between records",
                    s_restoreFile);
            }

            var scan = new LogScan(segment);
            while (scan.MoveNext())
            {
                LogEntry entry = scan.Entry;
                if (entry.State is LogEntryState.Beyond or LogEntryState.Left)
                {
                    // No writer appends there; the process that seals a segment takes over what follows its committed
                    // end.
                    bool isCut = entry.State == LogEntryState.Beyond && place.Word.State == SegmentState.Sealed &&
                        handle.Control.Table(place.Slot) == place.Word && LogScan.IsPayloadRight(segment, in entry);
                    if (isCut)
                        yield return new StoreFinding("committed-word", FindingSeverity.Error,
                            $"{name}+{StoreLayout.SegmentCommitted}",
                            $"record {entry.Header.Sequence} stands behind the committed end {committed}",
                            s_restoreFile);
                    break;
                }

                numbers.Add(in entry);
                if (CheckEntry(segment, in entry) is { } finding) yield return finding;
            }
        }
        finally
        {
            segment!.Release();
        }
    }

    private static StoreFinding NotReadable(string name, SegmentAccess access) => access switch
    {
        SegmentAccess.Refused => new("segment-busy", FindingSeverity.Note, name,
            "another process holds the segment for itself", new Remedy(RemedyKind.Retry)),
        SegmentAccess.Corrupt => new("damaged-segment", FindingSeverity.Error, name,
            "the file's size or header is not what the table says", s_restoreFile),
        _ => new("missing-segment", FindingSeverity.Error, name,
            "the table names a segment whose file is not there",
            new Remedy(RemedyKind.RestoreSegment)),
    };

    private StoreFinding? CheckEntry(Segment segment, in LogEntry entry)
    {
        var remedy = new Remedy(RemedyKind.RepairRecords);
        if (entry.State == LogEntryState.Damaged)
            return damages.Quarantined(segment, in entry) ?? new StoreFinding("damaged-record", FindingSeverity.Error,
                entry.Place, $"no record can be read in {entry.Bytes} bytes", remedy);
        RecordKind kind = entry.Header.RecordKind;
        if (!entry.IsLinked)
            return new StoreFinding("broken-link", FindingSeverity.Error, entry.Place,
                $"record {entry.Header.Sequence} does not carry the checksum of the one before it", remedy);
        bool isPlaced = kind == RecordKind.Pad || (kind == RecordKind.Fact) == (entry.SegmentKind == SegmentKind.Facts);
        if (!isPlaced)
            return new StoreFinding("wrong-segment", FindingSeverity.Error, entry.Place,
                $"a record of kind {kind} stands in a segment of {entry.SegmentKind}", remedy);
        if (!LogScan.IsPayloadRight(segment, in entry))
            return damages.Quarantined(segment, in entry) ?? new StoreFinding("damaged-payload", FindingSeverity.Error,
                entry.Place,
                $"the bytes of record {entry.Header.Sequence} do not hash to sha256:{entry.Header.Digest}", remedy);
        return entry.Header.IsBlock ? CheckIndexed(in entry) : null;
    }

    /// <summary>Any place may serve a block of which there are several.</summary>
    private StoreFinding? CheckIndexed(in LogEntry entry)
    {
        Digest256 digest = entry.Header.Digest;
        string what;
        try
        {
            if (handle.Index.TryFind(in digest, out FoundBlock found))
            {
                if (found.Copy is null) found.Segment.Release();
                return null;
            }

            what = "is not in the index";
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            what = "is found by the index at a damaged record only";
        }

        // Who collects takes the entries of the dead away first.
        if (handle.Liveness is { } liveness && liveness.IsDead(in digest)) return null;
        return new StoreFinding("not-in-index", FindingSeverity.Error, entry.Place,
            $"block sha256:{digest} {what}", new Remedy(RemedyKind.RepairStore));
    }

    /// <summary>Every segment that takes space, oldest first, and the processes that hold it.</summary>
    public List<SegmentReport> Segments() => Report().Segments();

    /// <summary>Every process that has the store open and can be seen from here.</summary>
    public List<ProcessReport> Processes() => Report().Processes();

    private StoreReport Report()
    {
        handle.Enter();
        return new StoreReport(handle.Control, handle.Participants);
    }

    /// <summary>Everything that is wrong or unfinished.</summary>
    public IEnumerable<StoreFinding> Examine()
    {
        handle.Enter();
        return StoreFinding.Few(ExamineFiles().Concat(ExamineTable()).Concat(ExamineLanes()).Concat(ExamineIndex())
            .Concat(ExamineDerived()).Concat(ExamineSpace()).Concat(CheckLanes(null))
            .Concat(damages.ExamineQuarantined()));
    }

    /// <summary>Performs the safe repairs: removes the leftovers of dead processes, completes an index growth, and
    /// rebuilds the index where it lacks blocks or points to wrong places. Never deletes stored blocks.</summary>
    public void RepairIndex()
    {
        handle.Enter();
        _ = reaper.Reap(dryRun: false);
        handle.Derived.SweepTemporary();
        _ = handle.Facts?.ExamineDerived(repairs: true);
        _ = handle.Growth.Step(handle.Lane?.State, isNeeded: false);
        bool isWhole = !ExamineIndex().Concat(CheckLanes(null)).Any(finding =>
            finding.Name is "not-in-index" or "index-astray" or "index-missing");
        if (!isWhole) handle.Growth.Remake(handle.Lane?.State, handle.Settings.Timeout);
    }

    private IEnumerable<StoreFinding> ExamineFiles()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(handle.Directory).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (ExamineFile(name) is { } finding) yield return finding;
        }

        if (handle.Control.DirectoryFile.StatFile(StoreLayout.WaitName, out FileStatus wait) != 0
            || wait.Size < StoreLayout.PageBytes)
            yield return new StoreFinding("no-wait-page", FindingSeverity.Warning, StoreLayout.WaitName,
                "the page that watchers sleep on is not there; they poll", s_openForWriting);
    }

    private StoreFinding? ExamineFile(string name)
    {
        if (handle.Control.DirectoryFile.StatFile(name, out FileStatus status) != 0) return null;
        if ((status.Mode & 0x12) != 0 || status.UserId != FileDescriptor.EffectiveUserId)
            return new StoreFinding("file-access", FindingSeverity.Error, name,
                $"user {status.UserId} and mode {Convert.ToString(status.Mode & 0xfff, 8)} let others write it",
                new Remedy(RemedyKind.RestrictAccess));
        int mark = name.IndexOf(StoreLayout.TemporaryMark, StringComparison.Ordinal);
        if (mark >= 0)
            return IsBeingMade(name, name[..mark]) ? null : new StoreFinding("orphan-temporary",
                FindingSeverity.Warning, name, "its maker died before the file was whole", s_openForWriting);
        if (StoreLayout.TryParseSegmentName(name, handle.Control.Superblock.Segments, out int slot,
            out uint generation))
        {
            TableWord word = handle.Control.Table(slot);
            // Made before it is named live, and gone after it is no longer.
            bool isNamed = word.State != SegmentState.Free && word.Generation == generation;
            return isNamed || handle.Control.DirectoryFile.StatFile(name, out _) != 0 ? null : new StoreFinding(
                "orphan-segment", FindingSeverity.Warning, name, "the table does not name this segment",
                new Remedy(RemedyKind.RepairStore));
        }

        IndexPair pair = handle.Control.Index;
        bool isIndex = name.StartsWith("idx-", StringComparison.Ordinal);
        if (!isIndex) return null;
        bool isUsed = name == StoreLayout.IndexName(pair.Current) || name == StoreLayout.IndexName(pair.Previous) ||
            handle.Control.IsLockedElsewhere(StoreLayout.JanitorLock);
        return isUsed ? null : new StoreFinding("orphan-index", FindingSeverity.Warning, name,
            "the control file does not name this index", s_openForWriting);
    }

    private bool IsBeingMade(string name, string wanted)
    {
        if (wanted == StoreLayout.ControlName)
        {
            using FileDescriptor? file = handle.Control.DirectoryFile.TryOpenFile(name, writable: false, out _);
            return file is null || file.IsLockedElsewhere(0, 1);
        }

        if (StoreLayout.TryParseSegmentName(wanted, handle.Control.Superblock.Segments, out int slot,
            out uint generation))
        {
            TableWord word = handle.Control.Table(slot);
            return word.State == SegmentState.Creating && word.Generation == generation && IsOwned(word.Lane);
        }

        return handle.Derived.IsBeingMade(wanted) || handle.Control.IsLockedElsewhere(StoreLayout.JanitorLock);
    }

    private bool IsOwned(int lane) =>
        lane == handle.Lane?.Number
        || (lane < StoreLayout.MaxLanes && handle.Control.IsLockedElsewhere(StoreLayout.LaneLock + lane));

    private IEnumerable<StoreFinding> ExamineTable()
    {
        for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
        {
            TableWord word = handle.Control.Table(slot);
            string name = StoreLayout.SegmentName(slot, word.Generation);
            if (word.State == SegmentState.Creating && !IsOwned(word.Lane))
                yield return new StoreFinding("unfinished-segment", FindingSeverity.Warning, name,
                    $"the writer of lane {word.Lane} died while it made this segment of {word.Bytes >> 20} MiB",
                s_openForWriting);
            else if (word.State == SegmentState.Retired && !handle.Control.IsLockedElsewhere(StoreLayout.JanitorLock) &&
                !IsOwned(word.Lane))
                yield return new StoreFinding("retired-segment", FindingSeverity.Warning, name,
                    "who collected it died before it was gone",
                    new Remedy(RemedyKind.Reap));
            else if (word.State > SegmentState.Retired || (word.IsLive && word.Lane >= handle.Control.Superblock.Lanes))
                yield return new StoreFinding("table-word", FindingSeverity.Error, $"table+{slot}",
                    $"{word.Bits:x16} is not a segment's word", s_restoreFile);
        }
    }

    private IEnumerable<StoreFinding> ExamineLanes()
    {
        for (int lane = 0; lane < handle.Control.Superblock.Lanes; lane++)
        {
            if (IsOwned(lane)) continue;
            ulong owner = handle.Control.Lane(lane, StoreLayout.LaneOwner);
            if (owner != 0)
                yield return new StoreFinding("dead-writer", FindingSeverity.Note, $"lane {lane}",
                    $"process {owner} died as its writer", s_openForWriting);
            foreach (SegmentPlace place in handle.Places(lane))
            {
                if (place.Word.State == SegmentState.Open && CountBeyond(place) is var records and > 0)
                    yield return new StoreFinding("unadopted-records", FindingSeverity.Note,
                        StoreLayout.SegmentName(place.Slot, place.Word.Generation),
                        $"{records} whole records of a dead writer are not announced yet", s_openForWriting);
            }
        }
    }

    private int CountBeyond(SegmentPlace place)
    {
        if (handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) return 0;
        try
        {
            int records = 0;
            var scan = new LogScan(segment!);
            while (scan.MoveNext()) records += scan.Entry.State == LogEntryState.Beyond ? 1 : 0;
            return records;
        }
        finally
        {
            segment!.Release();
        }
    }

    private IEnumerable<StoreFinding> ExamineDerived()
    {
        if (handle.Facts?.ExamineDerived(repairs: false) is { } fault)
            yield return new StoreFinding("registry-index", FindingSeverity.Warning, DerivedFiles.Prefix, fault,
                s_openForWriting);
    }

    private IEnumerable<StoreFinding> ExamineIndex()
    {
        IndexFiles files = handle.Index.Files;
        if (files.Current is null)
        {
            yield return new StoreFinding("index-missing", FindingSeverity.Error,
                StoreLayout.IndexName(files.Pair.Current), "the index is not there or damaged",
                s_openForWriting);
            yield break;
        }

        if (files.Pair.Previous != 0 && !handle.Control.IsLockedElsewhere(StoreLayout.JanitorLock))
            yield return new StoreFinding("index-growing", FindingSeverity.Note,
                StoreLayout.IndexName(files.Pair.Current), "the index is half grown, and no process continues it",
                s_openForWriting);
        foreach (StoreFinding finding in ExamineEntries(files.Current)) yield return finding;
    }

    /// <summary>Each entry has to lead to a block that belongs there, but for those of segments that are
    /// gone.</summary>
    private IEnumerable<StoreFinding> ExamineEntries(IndexFile file)
    {
        long end = file.Entries + ((StoreLayout.WindowLines - 1) * StoreLayout.EntriesPerLine);
        for (long position = 0; position < end; position++)
        {
            var entry = new IndexEntry(file.Read(position));
            if (entry.Bits == 0) continue;
            string? fault = Judge(file, position, entry);
            if (fault is not null && file.Read(position) == entry.Bits)
                yield return new StoreFinding("index-astray", FindingSeverity.Warning,
                    $"{StoreLayout.IndexName(file.Number)}+{StoreLayout.IndexEntries + (position * sizeof(ulong))}",
                    fault, new Remedy(RemedyKind.RepairStore));
        }
    }

    private string? Judge(IndexFile file, long position, IndexEntry entry)
    {
        if (entry.Slot >= handle.Control.Superblock.Segments)
            return $"the entry names segment {entry.Slot}, which cannot be";
        TableWord word = handle.Control.Table(entry.Slot);
        if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) return null;
        if (handle.Segments.TryAcquire(word, entry.Slot, out Segment? segment) != SegmentAccess.Ready) return null;
        try
        {
            string place = $"{segment!.Name}+{entry.Offset}";
            if (!RecordHeader.TryRead(segment, entry.Offset, out RecordHeader header) || !header.IsBlock)
                return $"the entry leads to {place}, where no block is";
            ulong hash = handle.Index.Hash(in header.Digest);
            long distance = position - file.Home(hash);
            bool isHome = entry.HasTag(hash) && distance is >= 0 and < StoreLayout.WindowEntries;
            return isHome ? null : $"the entry leads to {place}, whose block is looked for elsewhere";
        }
        finally
        {
            segment!.Release();
        }
    }

    private IEnumerable<StoreFinding> ExamineSpace()
    {
        Superblock shape = handle.Control.Superblock;
        long taken = handle.Control.SegmentBytes() + handle.Control.Map.Length + handle.Index.Files.Bytes;
        if (taken > shape.Capacity)
            yield return new StoreFinding("over-capacity", FindingSeverity.Error, StoreLayout.ControlName,
                string.Create(CultureInfo.InvariantCulture,
                    $"the files take {taken >> 20} MiB, more than the capacity of {shape.Capacity >> 20} MiB"),
                new Remedy(RemedyKind.RemoveBlocks));
        else if (taken + shape.SegmentBytes + shape.SegmentBytes + shape.FactSegmentBytes > shape.Capacity)
            yield return new StoreFinding("store-full", FindingSeverity.Warning, StoreLayout.ControlName,
                string.Create(CultureInfo.InvariantCulture,
                    $"{taken >> 20} of {shape.Capacity >> 20} MiB are taken, and another segment does not fit"),
                new Remedy(RemedyKind.RemoveBlocks));
        if (handle.Control.DirectoryFile.FileSystem(out _, out long free) == 0 && free < shape.SegmentBytes)
            yield return new StoreFinding("file-system-full", FindingSeverity.Warning, handle.Directory,
                string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB are free there"),
                new Remedy(RemedyKind.FreeSpace));
    }

    /// <summary>The most bytes that the store may take.</summary>
    public long Capacity => handle.Control.Superblock.Capacity;

    /// <summary>The bytes that the store's files may still take.</summary>
    public long BytesFree => Math.Max(0, Capacity - GetStatistics().BytesTaken);

    /// <summary>The numbers of one lane over all of its segments.</summary>
    private sealed class LaneNumbers(int lane)
    {
        private readonly List<(ulong Number, string Place)> _numbers = [];

        /// <summary>Something in the lane cannot be read, which explains what is missing.</summary>
        public bool HasDamage { get; set; }

        public void Add(in LogEntry entry)
        {
            if (entry.State == LogEntryState.Damaged) HasDamage = true;
            else _numbers.Add((entry.Header.Sequence, entry.Place));
        }

        /// <param name="hasLostSegments">Whether segments went, with any numbers.</param>
        /// <param name="collected">Numbers up to this one may have gone.</param>
        public IEnumerable<StoreFinding> Findings(bool hasLostSegments, ulong collected)
        {
            // Stable and nearly in order already.
            List<(ulong Number, string Place)> sorted = [.. _numbers.OrderBy(number => number.Number)];
            for (int i = 1; i < sorted.Count; i++)
            {
                ((ulong before, string first), (ulong number, string place)) = (sorted[i - 1], sorted[i]);
                if (number == before)
                {
                    yield return new StoreFinding("number-twice", FindingSeverity.Error, place,
                        $"record {number} of lane {lane} stands at {first} too",
                        new Remedy(RemedyKind.PutAgain));
                }
                else if (number != before + 1 && number - before <= StoreLayout.SkippedNumbers && !HasDamage)
                {
                    bool isExplained = hasLostSegments || number - 1 <= collected;
                    yield return new StoreFinding("missing-numbers",
                        isExplained ? FindingSeverity.Note : FindingSeverity.Error, place,
                        $"lane {lane} has no records {before + 1} to {number - 1}" +
                            (isExplained ? "; segments were collected or quarantined" : ""),
                        new Remedy(isExplained ? RemedyKind.None : RemedyKind.PutAgain));
                }
            }
        }
    }
}
