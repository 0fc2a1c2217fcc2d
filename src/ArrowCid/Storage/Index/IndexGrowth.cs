using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Growth of the index (G1 to G6), by any process that gets the maintenance lock. The new index is swapped in empty and
/// filled after every writer has moved to it: filled before the swap, it would lose entries published in between.
/// </summary>
internal sealed partial class IndexGrowth(ControlFile control, SegmentSet segments, BlockIndex index)
{
    /// <summary>Waits for a step at work and refuses more: the locks of this handle are about to go.</summary>
    public void Close()
    {
        control.Janitor.Close();
        control.Filling.Close();
    }

    /// <summary>Whether a step is due.</summary>
    public bool IsDue
    {
        get
        {
            IndexFiles files = index.Files;
            return files.Pair.Previous != 0 || files.Current is { IsHalfFull: true };
        }
    }

    /// <summary>Does what can be done now without waiting: begins to grow if needed, and ends it once no writer
    /// publishes to the old index.</summary>
    /// <param name="own">The lane of this handle, if it has one: it is moved here.</param>
    /// <param name="isNeeded">Whether to begin; otherwise only a growth under way is carried on.</param>
    /// <returns>Whether anything was done.</returns>
    public bool Step(WriterState? own, bool isNeeded)
    {
        if (!control.Janitor.TryEnter()) return false;
        try
        {
            control.MarkInUse();
            bool hasBegun = isNeeded && control.Index.Previous == 0 && TryBegin();
            return TryFinish(own) || hasBegun;
        }
        finally
        {
            control.Janitor.Exit();
        }
    }

    /// <summary>Removes what dead janitors left. Under the janitor's lock every index file that the word does not
    /// name is garbage.</summary>
    public void Sweep()
    {
        if (!control.Janitor.TryEnter(isChanging: false)) return;
        try
        {
            IndexPair pair = control.Index;
            foreach (string path in Directory.EnumerateFiles(control.Directory, "idx-*"))
            {
                string name = Path.GetFileName(path);
                if (name != StoreLayout.IndexName(pair.Current) && name != StoreLayout.IndexName(pair.Previous))
                    _ = control.DirectoryFile.Unlink(name);
            }
        }
        finally
        {
            control.Janitor.Exit();
        }
    }

    /// <summary>Makes the index that the control word names, where its file is missing or not an index: it is derived
    /// data. A new store begins so as well.</summary>
    public void Repair(TimeSpan timeout)
    {
        long started = Stopwatch.GetTimestamp();
        for (; index.Files.Current is null; Wait(started, timeout))
        {
            if (!control.Janitor.TryEnter()) continue;
            try
            {
                RepairAlone();
            }
            finally
            {
                control.Janitor.Exit();
            }

            if (index.Files.Current is not null) return;
        }
    }

    /// <summary>Fills an index from the segments: with every payload hashed, or, where that was done, but for the
    /// records that were found damaged.</summary>
    /// <returns>False where the index is too small.</returns>
    public bool TryFillFromLogs(IndexFile target, HashSet<(int Slot, long Offset)>? damaged = null,
        Operation? operation = null)
    {
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive || segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            try
            {
                if (!TryFillFrom(segment!, target, damaged)) return false;
                operation?.Step();
            }
            finally
            {
                segment!.Release();
            }
        }

        return true;
    }

    /// <summary>An index size at which the blocks in the segments load it by less than a half.</summary>
    public long FillEntries()
    {
        long blocks = CountBlocks(), entries = control.Superblock.InitialIndexEntries;
        while (entries < blocks * 3) entries *= 2;
        Debug.Assert(long.IsPow2(entries) && entries >= 2 * blocks, "the index is less than half full");
        return entries;
    }

    /// <summary>The blocks in the segments, with those that were put twice.</summary>
    public long CountBlocks()
    {
        long blocks = 0;
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive || segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            var walk = new LogWalk(segment!);
            while (walk.MoveNext()) blocks += walk.Record.IsBlock ? 1 : 0;
            segment!.Release();
        }

        return blocks;
    }

    private void RepairAlone()
    {
        Debug.Assert(control.Janitor.IsHeld, "only the janitor changes which index is in use");
        long started = Stopwatch.GetTimestamp();
        IndexPair pair = control.Index;
        if (index.Files.Current is not null) return;
        control.MarkInUse();
        if (pair.Previous != 0)
            throw StorageErrors.Corrupt(control.PathOf(StoreLayout.IndexName(pair.Current)),
                "the index that was being filled is gone or damaged; close every user and open a copy of the store");
        long entries = FillEntries();
        bool isEmpty = control.SegmentBytes() == 0;
        _ = IndexFile.Create(control, isEmpty ? pair.Current : pair.Current + 1, entries);
        if (isEmpty) return;
        // Writers at work may still publish to the lost file: as in any growth they are waited for, then the logs are
        // read.
        Swap(pair);
        _ = TryFinish(own: null);
        control.Reporter.IndexRebuilt(Stopwatch.GetElapsedTime(started));
    }

    private bool TryBegin()
    {
        Debug.Assert(control.Janitor.IsHeld, "only the janitor changes which index is in use");
        IndexPair pair = control.Index;
        if (index.Files.Current is not { } current || current.Number != pair.Current) return false;
        long bytes = StoreLayout.IndexBytes(current.Entries * 2);
        Superblock shape = control.Superblock;
        if (control.SegmentBytes() + control.Map.Length + current.Bytes + bytes > shape.Capacity) return false;
        try
        {
            _ = IndexFile.Create(control, pair.Current + 1, current.Entries * 2);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreFull)
        {
            return false;
        }

        CrashPoint.Pass(CrashStep.G1);
        Swap(pair);
        CrashPoint.Pass(CrashStep.G2);
        return true;
    }

    private void Swap(IndexPair pair)
    {
        Debug.Assert(control.Janitor.IsHeld, "only the janitor changes which index is in use");
        Debug.Assert(pair.Previous == 0, "an index grows from one other at a time");
        var next = new IndexPair(pair.Current + 1, pair.Current);
        _ = control.Map.CompareExchange(StoreLayout.IndexWord, next.Bits, pair.Bits);
    }

    private bool TryFinish(WriterState? own)
    {
        IndexPair pair = control.Index;
        if (pair.Previous == 0) return false;
        // A put at work on another thread moves the lane itself; the next step sees it.
        _ = own?.TryFollowIndex();
        IndexFiles files = index.Files;
        if (files.Current is not { } target || IsNamed(pair.Previous, own)) return false;
        CrashPoint.Pass(CrashStep.G3);
        if (!TryFill(target, files.Previous)) return TryEnlarge(pair, files.Previous, target);
        Debug.Assert(control.Janitor.IsHeld && target.Number == pair.Current);
        CrashPoint.Pass(CrashStep.G4);
        _ = control.Map.CompareExchange(StoreLayout.IndexWord, new IndexPair(pair.Current, 0).Bits, pair.Bits);
        CrashPoint.Pass(CrashStep.G5);
        _ = control.DirectoryFile.Unlink(StoreLayout.IndexName(pair.Previous));
        CrashPoint.Pass(CrashStep.G6);
        return true;
    }

    /// <summary>Whether a writer at work may still publish to an index.</summary>
    private bool IsNamed(uint number, WriterState? own)
    {
        for (int lane = 0; lane < control.Superblock.Lanes; lane++)
        {
            if (lane == own?.Number)
            {
                if (own.NamedIndex == number) return true;
            }
            else if ((uint)control.Lane(lane, StoreLayout.LaneIndex) == number &&
                control.IsLockedElsewhere(StoreLayout.LaneLock + lane))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryCopy(IndexFile source, IndexFile target)
    {
        long end = source.Entries + ((StoreLayout.WindowLines - 1) * StoreLayout.EntriesPerLine);
        for (long position = 0; position < end; position++)
        {
            ulong bits = source.Read(position);
            if (bits == 0 || !TryReadDigest(new IndexEntry(bits), out Digest256 digest)) continue;
            ulong hash = index.Hash(in digest);
            if (!index.TryPublish(target, in digest, hash, new IndexEntry(bits), replace: false)) return false;
        }

        return true;
    }

    private bool TryReadDigest(IndexEntry entry, out Digest256 digest)
    {
        digest = default;
        if (entry.Slot >= control.Superblock.Segments) return false;
        TableWord word = control.Table(entry.Slot);
        if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) return false;
        SegmentAccess access = segments.TryAcquire(word, entry.Slot, out Segment? segment);
        if (access == SegmentAccess.Refused) return TryReadDigestByCopy(entry, word, out digest);
        if (access != SegmentAccess.Ready) return false;
        bool isBlock = RecordHeader.TryRead(segment!, entry.Offset, out RecordHeader header) && header.IsBlock;
        segment!.Release();
        digest = header.Digest;
        return isBlock;
    }

    private bool TryReadDigestByCopy(IndexEntry entry, TableWord word, out Digest256 digest)
    {
        digest = default;
        string name = StoreLayout.SegmentName(entry.Slot, word.Generation);
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out _);
        Span<byte> half = stackalloc byte[StoreLayout.SegmentHeaderBytes];
        if (file is null || file.Read(half, 0, out _) != half.Length || SegmentHeader.Read(half) is not { } header)
            return false;
        Span<byte> copy = stackalloc byte[StoreLayout.RecordHeaderBytes];
        if (file.Read(copy, entry.Offset, out _) != copy.Length ||
            !RecordHeader.TryParse(copy, header.Nonce, entry.Offset, word.Bytes, out RecordHeader record))
            return false;
        digest = record.Digest;
        return record.IsBlock;
    }

    private bool TryFillFrom(Segment segment, IndexFile target, HashSet<(int Slot, long Offset)>? damaged)
    {
        var walk = new LogWalk(segment);
        while (walk.MoveNext())
        {
            RecordHeader header = walk.Record;
            if (!header.IsBlock) continue;
            bool isRight = damaged is null
                ? !header.IsHashed || LogWalk.IsPayloadRight(segment, walk.Offset, in header)
                : !damaged.Contains((segment.Slot, walk.Offset));
            if (!isRight) continue;
            ulong hash = index.Hash(in header.Digest);
            var entry = new IndexEntry(hash, segment.Slot, segment.Generation, walk.Offset);
            // Bytes that got a codec after they were stored have two records, of which the later one counts.
            bool hasCodec = header.RecordKind == RecordKind.Raw && header.Codec != Multicodec.Raw;
            if (!index.TryPublish(target, in header.Digest, hash, entry, replace: hasCodec)) return false;
        }

        return true;
    }
}
