using System.Buffers.Binary;
using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The segments that this handle has mapped, by slot.</summary>
/// <param name="control">The control file.</param>
/// <param name="pressure">Asks for space for new segments; null where no thread frees any.</param>
/// <param name="damageFacts">Gets what keeps damage in the form of facts; null where nothing does.</param>
internal sealed class SegmentSet(ControlFile control, SpacePressure? pressure = null,
    Func<IDamageFacts?>? damageFacts = null) : IDisposable
{
    private readonly Segment?[] _open = new Segment?[control.Superblock.Segments];
    private readonly Lock _gate = new();
    private readonly Lock _damageGate = new();
    private DamageLog? _damage;
    private bool _closed;

    /// <summary>Whether there is space for new segments.</summary>
    public SpacePressure Pressure { get; } = pressure ?? new SpacePressure();

    /// <summary>R3: the segment of a live table word, mapped and leased, with one user more.</summary>
    public SegmentAccess TryAcquire(TableWord word, int slot, out Segment? segment)
    {
        segment = Volatile.Read(ref _open[slot]);
        if (segment is not null && segment.Generation == word.Generation && segment.TryRetain())
            return SegmentAccess.Ready;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BlockStore));
            segment = _open[slot];
            if (segment is not null && segment.Generation == word.Generation && segment.TryRetain())
                return SegmentAccess.Ready;
            SegmentAccess access = TryOpen(control, slot, word, writable: false, out segment);
            // A file that is being recycled has another header than the word read before says.
            if (access == SegmentAccess.Corrupt && control.Table(slot) != word) return SegmentAccess.Stale;
            if (access != SegmentAccess.Ready) return access;
            // Taken before the lease was held, the first reading of the word proves nothing.
            TableWord again = control.Table(slot);
            if (again.Generation != word.Generation || !again.IsLive)
            {
                segment!.Release();
                segment = null;
                return SegmentAccess.Stale;
            }

            bool isRetained = segment!.TryRetain();
            Debug.Assert(isRetained, "no other thread knows the segment yet");
            Place(segment);
            return SegmentAccess.Ready;
        }
    }

    /// <summary>What was proved of blocks since the machine started.</summary>
    public VerifiedMarks Marks { get; } = new(control);

    /// <summary>The damage that is recorded in the segments.</summary>
    public DamageLog Damage
    {
        get
        {
            lock (_damageGate) return _damage ??= new DamageLog(control, this, damageFacts);
        }
    }

    /// <summary>How many slots there are.</summary>
    public int Slots => _open.Length;

    /// <summary>The segment that is mapped for a slot, if one is, not counted: for use within a
    /// <see cref="EpochGuard"/>.</summary>
    public Segment? Peek(int slot) =>
        Volatile.Read(ref _open[slot]) is { } segment && segment.TryGuard() ? segment : null;

    /// <summary>Takes over a segment that a lane of this handle maps for writing; the set counts as one user.</summary>
    public void Adopt(Segment segment)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BlockStore));
            bool isRetained = segment.TryRetain();
            Debug.Assert(isRetained, "the lane that gives it uses it");
            Place(segment);
        }
    }

    /// <summary>Lets go of a slot's segment, once its leases are gone.</summary>
    public void Forget(int slot)
    {
        lock (_gate)
        {
            Segment? old = _open[slot];
            Volatile.Write(ref _open[slot], null);
            old?.Release();
        }
    }

    /// <summary>As the other, for a segment that was mapped to be read: one of a lane of this handle stays for its next
    /// use.</summary>
    public void Forget(Segment segment)
    {
        lock (_gate)
        {
            if (_open[segment.Slot] == segment && !segment.CanBeTakenOver) Forget(segment.Slot);
        }
    }

    /// <summary>Unmaps a slot's segment if it is unused, so that its write lock can be taken.</summary>
    public void LetGo(int slot)
    {
        if (Volatile.Read(ref _open[slot]) is null) return;
        lock (_gate) TryEnd(slot)?.Close();
    }

    /// <summary>Like <see cref="LetGo"/>, but a reusable mapping is handed to the caller, or stays in place while
    /// another process leases the file.</summary>
    public LeasedFile? TakeOver(int slot)
    {
        if (Volatile.Read(ref _open[slot]) is null) return null;
        lock (_gate)
        {
            bool stays = _open[slot] is { CanBeTakenOver: true } segment && segment.IsLeasedElsewhere;
            return stays ? null : TryEnd(slot)?.TakeOver();
        }
    }

    /// <summary>Unmaps unused segments: those that are no longer live, and sealed ones that were not used since the
    /// last call.</summary>
    /// <param name="all">Whether to unmap recently used sealed segments too, because space is needed.</param>
    public void LetGoIdle(bool all)
    {
        for (int slot = 0; slot < _open.Length; slot++)
        {
            Segment? segment = Volatile.Read(ref _open[slot]);
            if (segment is null || segment.IsInUse) continue;
            TableWord word = control.Table(slot);
            bool isLive = word.IsLive && word.Generation == segment.Generation;
            if (isLive && (word.State == SegmentState.Open || (segment.TakeDirty() && !all))) continue;
            LetGo(slot);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            for (int slot = 0; slot < _open.Length; slot++)
            {
                Segment? old = _open[slot];
                Volatile.Write(ref _open[slot], null);
                old?.Release();
            }
        }
    }

    /// <summary>Whether a segment's file is there and something may be committed in it. Only who retired it may take it
    /// away then: a table that does not know it may be wrong.</summary>
    public static bool MayHoldRecords(ControlFile control, string name)
    {
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        // If it cannot be opened, the process may be out of descriptors; that does not mean that the file is missing.
        if (file is null) return errno != Errno.NotFound && control.DirectoryFile.StatFile(name, out _) == 0;
        Span<byte> bytes = stackalloc byte[StoreLayout.SegmentHeaderBytes + sizeof(ulong)];
        bool isEmpty = file.Read(bytes, 0, out _) == bytes.Length &&
            SegmentHeader.Read(bytes[..StoreLayout.SegmentHeaderBytes]) is not null &&
            BinaryPrimitives.ReadInt64LittleEndian(bytes[StoreLayout.SegmentHeaderBytes..])
                == StoreLayout.SegmentRecords;
        return !isEmpty;
    }

    /// <summary>Opens, leases and maps a segment's file and checks its header against the table word.</summary>
    public static SegmentAccess TryOpen(ControlFile control, int slot, TableWord word, bool writable,
        out Segment? segment)
    {
        segment = null;
        string name = StoreLayout.SegmentName(slot, word.Generation);
        FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable, out int errno);
        if (file is null)
        {
            if (errno == Errno.NotFound) return SegmentAccess.Stale;
            throw StorageErrors.FromErrno(errno, "cannot open", control.PathOf(name));
        }

        try
        {
            StorageErrors.Check(file.Stat(out FileStatus status), "cannot stat", control.PathOf(name));
            if (status.Size != word.Bytes || status.Size < StoreLayout.MiB) return SegmentAccess.Corrupt;
            errno = file.TryLock(0, 0, exclusive: false);
            if (errno == Errno.Again) return SegmentAccess.Refused;
            StorageErrors.Check(errno, "cannot lock", control.PathOf(name));
            Mapping? map = Mapping.TryMap(file, status.Size, writable, out errno);
            StorageErrors.Check(errno, "cannot map", control.PathOf(name));
            if (ReadHeader(map!) is not { } header || header.Bytes != status.Size || header.Slot != slot ||
                header.Generation != word.Generation || header.Lane != word.Lane ||
                header.SegmentId != control.Superblock.SegmentId)
            {
                map!.Dispose();
                return SegmentAccess.Corrupt;
            }

            Debug.Assert(map!.Length == word.Bytes);
            segment = new Segment(header, map!, file);
            file = null;
            return SegmentAccess.Ready;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>The header in a mapping, judged on a private copy; null where it is none.</summary>
    public static SegmentHeader? ReadHeader(Mapping map)
    {
        Span<byte> copy = stackalloc byte[StoreLayout.SegmentHeaderBytes];
        map.CopyTo(0, copy);
        return SegmentHeader.Read(copy);
    }

    private Segment? TryEnd(int slot)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread);
        if (_open[slot] is not { } segment || !segment.TryEnd()) return null;
        Volatile.Write(ref _open[slot], null);
        return segment;
    }

    private void Place(Segment segment)
    {
        Debug.Assert(_gate.IsHeldByCurrentThread && !_closed);
        Debug.Assert(segment.Slot < _open.Length && segment.IsInUse, "the set counts as one user of what it holds");
        Segment? old = _open[segment.Slot];
        Volatile.Write(ref _open[segment.Slot], segment);
        old?.Release();
    }
}
