using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The checks of an open store: table against files, lanes, index and capacity.</summary>
internal sealed partial class BlockStore
{
    private static readonly Remedy s_openForWriting = new(RemedyKind.OpenForWriting);

    private static readonly Remedy s_restoreFile = new(RemedyKind.RestoreFile);

    /// <summary>Everything that is wrong or unfinished.</summary>
    public IEnumerable<StoreFinding> Examine()
    {
        Enter();
        return StoreFinding.Few(ExamineFiles().Concat(ExamineTable()).Concat(ExamineLanes()).Concat(ExamineIndex())
            .Concat(ExamineDerived()).Concat(ExamineSpace()).Concat(CheckLanes(null)).Concat(ExamineQuarantined()));
    }

    /// <summary>Performs the safe repairs: removes the leftovers of dead processes, completes an index growth, and
    /// rebuilds the index where it lacks blocks or points to wrong places. Never deletes stored blocks.</summary>
    public void RepairIndex()
    {
        Enter();
        _ = Reap(dryRun: false);
        Derived.SweepTemporary();
        _ = _facts?.ExamineDerived(repairs: true);
        _ = _growth.Step(_lane?.State, isNeeded: false);
        bool isWhole = !ExamineIndex().Concat(CheckLanes(null)).Any(finding =>
            finding.Name is "not-in-index" or "index-astray" or "index-missing");
        if (!isWhole) _growth.Remake(_lane?.State, _settings.Timeout);
    }

    private IEnumerable<StoreFinding> ExamineFiles()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (ExamineFile(name) is { } finding) yield return finding;
        }

        if (_control.DirectoryFile.StatFile(StoreLayout.WaitName, out FileStatus wait) != 0
            || wait.Size < StoreLayout.PageBytes)
            yield return new StoreFinding("no-wait-page", FindingSeverity.Warning, StoreLayout.WaitName,
                "the page that watchers sleep on is not there; they poll", s_openForWriting);
    }

    private StoreFinding? ExamineFile(string name)
    {
        if (_control.DirectoryFile.StatFile(name, out FileStatus status) != 0) return null;
        if ((status.Mode & 0x12) != 0 || status.UserId != FileDescriptor.EffectiveUserId)
            return new StoreFinding("file-access", FindingSeverity.Error, name,
                $"user {status.UserId} and mode {Convert.ToString(status.Mode & 0xfff, 8)} let others write it",
                new Remedy(RemedyKind.RestrictAccess));
        int mark = name.IndexOf(StoreLayout.TemporaryMark, StringComparison.Ordinal);
        if (mark >= 0)
            return IsBeingMade(name, name[..mark]) ? null : new StoreFinding("orphan-temporary",
                FindingSeverity.Warning, name, "its maker died before the file was whole", s_openForWriting);
        if (StoreLayout.TryParseSegmentName(name, _control.Superblock.Segments, out int slot, out uint generation))
        {
            TableWord word = _control.Table(slot);
            // Made before it is named live, and gone after it is no longer.
            bool isNamed = word.State != SegmentState.Free && word.Generation == generation;
            return isNamed || _control.DirectoryFile.StatFile(name, out _) != 0 ? null : new StoreFinding(
                "orphan-segment", FindingSeverity.Warning, name, "the table does not name this segment",
                new Remedy(RemedyKind.RepairStore));
        }

        IndexPair pair = _control.Index;
        bool isIndex = name.StartsWith("idx-", StringComparison.Ordinal);
        if (!isIndex) return null;
        bool isUsed = name == StoreLayout.IndexName(pair.Current) || name == StoreLayout.IndexName(pair.Previous) ||
            _control.IsLockedElsewhere(StoreLayout.JanitorLock);
        return isUsed ? null : new StoreFinding("orphan-index", FindingSeverity.Warning, name,
            "the control file does not name this index", s_openForWriting);
    }

    private bool IsBeingMade(string name, string wanted)
    {
        if (wanted == StoreLayout.ControlName)
        {
            using FileDescriptor? file = _control.DirectoryFile.TryOpenFile(name, writable: false, out _);
            return file is null || file.IsLockedElsewhere(0, 1);
        }

        if (StoreLayout.TryParseSegmentName(wanted, _control.Superblock.Segments, out int slot, out uint generation))
        {
            TableWord word = _control.Table(slot);
            return word.State == SegmentState.Creating && word.Generation == generation && IsOwned(word.Lane);
        }

        return Derived.IsBeingMade(wanted) || _control.IsLockedElsewhere(StoreLayout.JanitorLock);
    }

    private bool IsOwned(int lane) =>
        lane == _lane?.Number
        || (lane < StoreLayout.MaxLanes && _control.IsLockedElsewhere(StoreLayout.LaneLock + lane));

    private IEnumerable<StoreFinding> ExamineTable()
    {
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            string name = StoreLayout.SegmentName(slot, word.Generation);
            if (word.State == SegmentState.Creating && !IsOwned(word.Lane))
                yield return new StoreFinding("unfinished-segment", FindingSeverity.Warning, name,
                    $"the writer of lane {word.Lane} died while it made this segment of {word.Bytes >> 20} MiB",
                s_openForWriting);
            else if (word.State == SegmentState.Retired && !_control.IsLockedElsewhere(StoreLayout.JanitorLock) &&
                !IsOwned(word.Lane))
                yield return new StoreFinding("retired-segment", FindingSeverity.Warning, name,
                    "who collected it died before it was gone",
                    new Remedy(RemedyKind.Reap));
            else if (word.State > SegmentState.Retired || (word.IsLive && word.Lane >= _control.Superblock.Lanes))
                yield return new StoreFinding("table-word", FindingSeverity.Error, $"table+{slot}",
                    $"{word.Bits:x16} is not a segment's word", s_restoreFile);
        }
    }

    private IEnumerable<StoreFinding> ExamineLanes()
    {
        for (int lane = 0; lane < _control.Superblock.Lanes; lane++)
        {
            if (IsOwned(lane)) continue;
            ulong owner = _control.Lane(lane, StoreLayout.LaneOwner);
            if (owner != 0)
                yield return new StoreFinding("dead-writer", FindingSeverity.Note, $"lane {lane}",
                    $"process {owner} died as its writer", s_openForWriting);
            foreach (SegmentPlace place in Places(lane))
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
        if (_segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) return 0;
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
        if (_facts?.ExamineDerived(repairs: false) is { } fault)
            yield return new StoreFinding("registry-index", FindingSeverity.Warning, DerivedFiles.Prefix, fault,
                s_openForWriting);
    }

    private IEnumerable<StoreFinding> ExamineIndex()
    {
        IndexFiles files = _index.Files;
        if (files.Current is null)
        {
            yield return new StoreFinding("index-missing", FindingSeverity.Error,
                StoreLayout.IndexName(files.Pair.Current), "the index is not there or damaged",
                s_openForWriting);
            yield break;
        }

        if (files.Pair.Previous != 0 && !_control.IsLockedElsewhere(StoreLayout.JanitorLock))
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
        if (entry.Slot >= _control.Superblock.Segments) return $"the entry names segment {entry.Slot}, which cannot be";
        TableWord word = _control.Table(entry.Slot);
        if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) return null;
        if (_segments.TryAcquire(word, entry.Slot, out Segment? segment) != SegmentAccess.Ready) return null;
        try
        {
            string place = $"{segment!.Name}+{entry.Offset}";
            if (!RecordHeader.TryRead(segment, entry.Offset, out RecordHeader header) || !header.IsBlock)
                return $"the entry leads to {place}, where no block is";
            ulong hash = _index.Hash(in header.Digest);
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
        Superblock shape = _control.Superblock;
        long taken = _control.SegmentBytes() + _control.Map.Length + _index.Files.Bytes;
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
        if (_control.DirectoryFile.FileSystem(out _, out long free) == 0 && free < shape.SegmentBytes)
            yield return new StoreFinding("file-system-full", FindingSeverity.Warning, Directory,
                string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB are free there"),
                new Remedy(RemedyKind.FreeSpace));
    }
}
