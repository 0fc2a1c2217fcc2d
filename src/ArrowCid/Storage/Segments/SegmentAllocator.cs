using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Makes segments (S0 to S5) of one lane within the store's capacity, one ahead, and takes back what a killed
/// maker left.</summary>
internal sealed class SegmentAllocator(ControlFile control, SegmentSet segments, BlockIndex index, TimeSpan timeout)
{
    public const string Temporary = StoreLayout.TemporaryMark + "owner";

    private readonly RingEviction? _ring = control.Superblock.IsRing ? new RingEviction(control, segments,
        index) : null;
    private readonly object _gate = new();
    private RawSegment? _prepared;
    private ulong _preparedFor;
    private bool _isPreparing;
    private bool _isClosed;

    /// <summary>Creates an open segment of a lane that this handle holds, mapped for writing, if there is space now;
    /// clean-up (drops, compaction) may also use the reserved space.</summary>
    /// <returns>Null if there is no space: a holder may release some, or a reclaim free some.</returns>
    public Segment? TryCreate(int lane, SegmentKind kind, long bytes, ulong firstSequence, bool forCleanUp = false)
    {
        control.ThrowIfGone();
        RawSegment? raw = kind == SegmentKind.Data
            && bytes == control.Superblock.SegmentBytes ? TakePreallocated() : null;
        raw ??= TryObtainRaw(lane, bytes, forCleanUp);
        return raw is null ? null : Open(raw, kind, firstSequence);
    }

    /// <summary>Prepares a segment of a lane up to S1: it is not visible yet.</summary>
    /// <returns>Null if there is no space now.</returns>
    public RawSegment? TryCreateRaw(int lane, long bytes)
    {
        control.ThrowIfGone();
        return TryObtainRaw(lane, bytes, forCleanUp: false);
    }

    /// <summary>As <see cref="TryCreate"/>, until the deadline.</summary>
    public Segment Create(int lane, SegmentKind kind, long bytes, ulong firstSequence)
    {
        long started = Stopwatch.GetTimestamp();
        for (int pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            // From the maintenance thread or another thread of its handle: drops are what the reserved space is for.
            if (TryCreate(lane, kind, bytes, firstSequence, control.Janitor.IsHeld) is { } made) return made;
            segments.Pressure.Request(bytes);
            if (Stopwatch.GetElapsedTime(started) >= timeout) throw Refusal(bytes);
            // The pause grows so that two makers drift apart.
            Thread.Sleep(Random.Shared.Next(1, pause + 1));
        }
    }

    /// <summary>Begins to make the lane's next data segment ahead, on another thread: reserved, and in memory with its
    /// pages in place, so that the put that needs it does not wait for the kernel. Once for each segment before
    /// it.</summary>
    public void Preallocate(int lane, Segment before)
    {
        if (_preparedFor == before.Header.Order) return;
        lock (_gate)
        {
            if (_isClosed || _isPreparing || _prepared is not null) return;
            (_preparedFor, _isPreparing) = (before.Header.Order, true);
        }

        _ = ThreadPool.UnsafeQueueUserWorkItem(_ => MakeAhead(lane), null);
    }

    /// <summary>Gives up the preallocated segment, if there is one, because space is needed.</summary>
    public bool TryGiveUpPrepared()
    {
        if (TakePreallocated() is not { } raw) return false;
        Abandon(raw);
        return true;
    }

    /// <summary>Ends what is made ahead; the lane is about to be let go.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            while (_isPreparing) Monitor.Wait(_gate);
        }

        _ = TryGiveUpPrepared();
    }

    /// <summary>S2 to S4: the header, the name, and the table's word. A segment that cannot be opened is taken
    /// away.</summary>
    public Segment Open(RawSegment raw, SegmentKind kind, ulong firstSequence)
    {
        Debug.Assert(raw.Word.State == SegmentState.Creating && raw.Map.Length == raw.Word.Bytes);
        string name = raw.Name;
        TableWord word = raw.Word;
        ForkWitness? witness = null;
        bool isOpen = false;
        try
        {
            var header = new SegmentHeader(control.Superblock.SegmentId, raw.Slot, word.Generation, word.Lane, kind,
                SystemRandom.NextUInt64(), word.Bytes, firstSequence,
                control.Map.Add(StoreLayout.SegmentOrder, 1), control.NowNanoseconds());
            header.Write(raw.Map.WritableBytes(0, StoreLayout.SegmentHeaderBytes));
            raw.Map.Write(StoreLayout.SegmentCommitted, (ulong)StoreLayout.SegmentRecords);
            // On a disk the header and then the name are there before the table says so: a rebuild finds what is told.
            if (control.IsOnDisk) StorageErrors.Check(raw.File.Sync(), "cannot flush", control.PathOf(name));
            CrashPoint.Pass(CrashStep.S2);
            int errno = control.DirectoryFile.RenameNew(name + Temporary, name);
            StorageErrors.Check(errno, "cannot name", control.PathOf(name));
            control.FlushNames();
            CrashPoint.Pass(CrashStep.S3);
            // Before it can be leased: a child that is forked from then on has the witness as well.
            witness = _ring is null || control.IsOnDisk || word.Bytes != control.Superblock.SegmentBytes
                ? null
                : ForkWitness.TryTake(control.DirectoryFile, name);
            var segment = new Segment(header, raw.Map, raw.File, witness);
            segments.Adopt(segment);
            isOpen = true;
            control.SetDetails(raw.Slot, header.Order, kind);
            _ = control.TryChange(raw.Slot, word, word.With(SegmentState.Open));
            CrashPoint.Pass(CrashStep.S4);
            return segment;
        }
        finally
        {
            if (!isOpen)
            {
                witness?.Dispose();
                Abandon(raw);
            }
        }
    }

    /// <summary>Takes a segment away that was not opened.</summary>
    public void Abandon(RawSegment raw)
    {
        raw.Close();
        GiveBack(raw.Slot, raw.Word, raw.Name);
    }

    /// <summary>Takes a segment away that holds no record.</summary>
    public void Discard(Segment segment)
    {
        TableWord word = control.Table(segment.Slot);
        if (word.Generation != segment.Generation || word.State != SegmentState.Open) return;
        TableWord retired = word.With(SegmentState.Retired);
        if (!control.TryChange(segment.Slot, word, retired)) return;
        segments.Forget(segment.Slot);
        _ = control.DirectoryFile.Unlink(segment.Name);
        int errno = control.IsOnDisk ? control.DirectoryFile.Sync() : 0;
        _ = control.TryChange(segment.Slot, retired, retired.With(SegmentState.Free));
        // Risen after a power loss, its record would have a number that another one has by then.
        StorageErrors.Check(errno, "cannot flush", control.Directory);
    }

    /// <summary>Frees a slot that a dead owner of the lane was filling. Only the lane's new owner calls this.</summary>
    public static void FreeUnfinished(ControlFile control, int slot, TableWord word)
    {
        string name = StoreLayout.SegmentName(slot, word.Generation);
        _ = control.DirectoryFile.Unlink(name + Temporary);
        // Nothing was put into one that is being made: then the word is damaged.
        if (!SegmentSet.MayHoldRecords(control, name)) _ = control.DirectoryFile.Unlink(name);
        // One that was to be recycled may still have its name of before.
        if (control.Superblock.IsRing)
            _ = control.DirectoryFile.Unlink(StoreLayout.SegmentName(slot, word.Generation - 1));
        _ = control.TryChange(slot, word, word.With(SegmentState.Free));
    }

    /// <summary>The error of a put that found no space, with the holders of segments that could be removed.</summary>
    public ArrowCidException Refusal(long bytes)
    {
        _ = control.DirectoryFile.FileSystem(out _, out long available);
        string? names = LockHolders.Describe(control.DirectoryFile, segments.Pressure.Held);
        string holders = names is null ? "" : $"; what could go is held: {names}";
        return new ArrowCidException(ErrorCode.StoreFull,
            $"{control.Directory}: a segment of {bytes / StoreLayout.MiB} MiB does not fit: " +
            $"{control.SegmentBytes() / StoreLayout.MiB} of {control.Superblock.Capacity / StoreLayout.MiB} MiB " +
            "are taken " +
            $"(some are kept for clean-up), {available / StoreLayout.MiB} MiB are free on the file system{holders}")
        {
            Remedy = new Remedy(available < bytes ? RemedyKind.FreeSpace : RemedyKind.RemoveBlocks),
        };
    }

    /// <summary>Whether a block had better be written again where it is put again: it is in the older half of a
    /// ring.</summary>
    public bool IsOld(Segment segment) => _ring?.IsOld(segment) == true;

    /// <summary>Like <see cref="TryObtain"/>, giving up the preallocated segment if there is no space.</summary>
    private RawSegment? TryObtainRaw(int lane, long bytes, bool forCleanUp) =>
        TryObtain(lane, bytes, forCleanUp) ??
        (TryGiveUpPrepared() ? TryObtain(lane, bytes, forCleanUp) : null);

    private RawSegment? TryObtain(int lane, long bytes, bool forCleanUp)
    {
        while (true)
        {
            if (TryReserve(lane, bytes, forCleanUp, out TableWord word) is var slot and >= 0)
            {
                RawSegment? made = TryMake(slot, word);
                if (made is not null) return made;
            }

            // A ring frees space automatically, one segment at a time.
            RawSegment? raw = null;
            if (_ring is null || !_ring.TryTake(lane, bytes, out raw)) return null;
            if (raw is not null) return raw;
        }
    }

    private void MakeAhead(int lane)
    {
        RawSegment? raw = null;
        try
        {
            raw = TryObtain(lane, control.Superblock.SegmentBytes, forCleanUp: false);
            if (raw is { IsInPlace: false } && !control.IsOnDisk) raw.Map.Populate();
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // The caller that needs the segment creates it and gets the error.
        }

        lock (_gate)
        {
            Debug.Assert(_isPreparing && _prepared is null, "one segment is made ahead at a time");
            (_prepared, _isPreparing) = (raw, false);
            Monitor.PulseAll(_gate);
        }
    }

    private RawSegment? TakePreallocated()
    {
        lock (_gate)
        {
            // Half made, it is nearer than another one.
            while (_isPreparing) Monitor.Wait(_gate);
            Debug.Assert(!_isPreparing);
            RawSegment? raw = _prepared;
            _prepared = null;
            return raw;
        }
    }

    /// <summary>S0: announces the size in the table, then counts: of two makers at the limit each sees the
    /// other.</summary>
    private int TryReserve(int lane, long bytes, bool forCleanUp, out TableWord word)
    {
        Debug.Assert(lane >= 0 && lane < control.Superblock.Lanes);
        Debug.Assert(bytes > 0 && bytes % StoreLayout.MiB == 0, "segments are whole mebibytes");
        word = default;
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord free = control.Table(slot);
            if (free.State != SegmentState.Free) continue;
            word = new TableWord(SegmentState.Creating, lane, bytes / StoreLayout.MiB, free.Generation + 1);
            if (!control.TryChange(slot, free, word)) continue;
            CrashPoint.Pass(CrashStep.S0);
            if (SegmentSet.MayHoldRecords(control, StoreLayout.SegmentName(slot, word.Generation)))
            {
                // A damaged table has forgotten it; a rebuild takes it in.
                _ = control.TryChange(slot, word, word.With(SegmentState.Free));
                continue;
            }

            if (control.SegmentBytes() <= Usable(forCleanUp)) return slot;
            _ = control.TryChange(slot, word, word.With(SegmentState.Free));
            return -1;
        }

        return -1;
    }

    /// <summary>One data and one fact segment stay for drops and compaction, without which a full store could not
    /// shrink.</summary>
    private long Usable(bool forCleanUp)
    {
        IndexFiles files = index.Files;
        Superblock shape = control.Superblock;
        long keptBack = forCleanUp ? 0 : shape.SegmentBytes + shape.FactSegmentBytes;
        return shape.Capacity - keptBack - control.Map.Length - files.Bytes;
    }

    /// <summary>S1: the file, reserved, leased and mapped.</summary>
    /// <returns>Null if the file system has no space; the slot is free again.</returns>
    private RawSegment? TryMake(int slot, TableWord word)
    {
        string name = StoreLayout.SegmentName(slot, word.Generation);
        Debug.Assert(word.State == SegmentState.Creating);
        FileDescriptor? file = null;
        RawSegment? raw = null;
        try
        {
            // The slot is ours, and a file that holds records was seen before.
            _ = control.DirectoryFile.Unlink(name + Temporary);
            _ = control.DirectoryFile.Unlink(name);
            file = control.DirectoryFile.TryCreateFile(name + Temporary, out int errno);
            StorageErrors.Check(errno, "cannot create", control.PathOf(name));
            errno = file!.Allocate(word.Bytes);
            if (errno is Errno.NoSpace or Errno.Quota) return null;
            StorageErrors.Check(errno, "no space for", control.PathOf(name));
            CrashPoint.Pass(CrashStep.S1);
            StorageErrors.Check(file.TryLock(0, 0, exclusive: false), "cannot lease", control.PathOf(name));
            Mapping? map = Mapping.TryMap(file, word.Bytes, writable: true, out errno);
            StorageErrors.Check(errno, "cannot map", control.PathOf(name));
            Debug.Assert(map!.Length == word.Bytes);
            return raw = new RawSegment(slot, word, file, map!);
        }
        finally
        {
            if (raw is null)
            {
                file?.Dispose();
                GiveBack(slot, word, name);
            }
        }
    }

    private void GiveBack(int slot, TableWord word, string name)
    {
        _ = control.DirectoryFile.Unlink(name + Temporary);
        _ = control.DirectoryFile.Unlink(name);
        _ = control.TryChange(slot, word, word.With(SegmentState.Free));
    }
}
