using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What is flushed to the medium, and when. With <see cref="Durability.Always"/> a group is flushed between its headers
/// and its entries; otherwise committed records are flushed later, and the lane's slot holds the number up to which
/// they are. After an error the medium's contents are unknown: the lane records that in the control file and writes
/// nothing more.
/// </summary>
internal sealed partial class WriterLog
{
    private readonly Durability _durability;

    // One flush of what is acknowledged at a time; taken before the gate.
    private readonly object _flushGate = new();

    // Segments with something committed that the medium may not have; by name, because they may be unmapped by then.
    private readonly HashSet<(int Slot, uint Generation)> _dirty = [];

    // What one group has to have flushed: its own segments and those of other lanes' blocks that it announces.
    private readonly List<Segment> _toFlush = [];

    // The segments that other writers' blocks of the group depend on; by name, because nothing leases them.
    private readonly HashSet<(int Slot, uint Generation)> _othersToFlush = [];

    // The writer whose log was noted last, up to which number, and whether for the group or for the tick.
    private (int Lane, ulong UpTo, bool IsNow)? _noted;

    private bool _isFaulted;

    /// <summary>Flushes what is committed by now, and says so in the lane's slot.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it failed, and the lane is faulted;
    /// <see cref="ErrorCode.StoreFaulted"/>: it was.</exception>
    public void Flush()
    {
        if (!_control.IsOnDisk) return;
        lock (_flushGate) FlushCommitted();
    }

    /// <summary>As <see cref="Flush()"/>, unless it is being done or there is nothing to do.</summary>
    public void FlushIfNew()
    {
        if (!Monitor.TryEnter(_flushGate)) return;
        try
        {
            bool isNew;
            lock (_gate) isNew = _dirty.Count > 0 && !_isFaulted && !_closing;
            if (isNew) FlushCommitted();
        }
        finally
        {
            Monitor.Exit(_flushGate);
        }
    }

    private void FlushCommitted()
    {
        ulong last;
        (int Slot, uint Generation)[] names;
        lock (_gate)
        {
            ThrowIfFaulted();
            (last, names) = (_committed, [.. _dirty]);
            _dirty.Clear();
            if (_data is not null) _data.IsDirty = false;
            if (_facts is not null) _facts.IsDirty = false;
        }

        CrashPoint.Pass(CrashStep.D3);
        foreach ((int slot, uint generation) in names)
        {
            string name = StoreLayout.SegmentName(slot, generation);
            int errno = FlushByName(name);
            if (errno == 0) continue;
            lock (_gate) Fault();
            throw FlushFailed(errno, name);
        }

        _control.HintLane(Number, StoreLayout.LaneDurable, last);
        CrashPoint.Pass(CrashStep.D4);
    }

    private int FlushByName(string name)
    {
        using FileDescriptor? file = _control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        if (file is not null) return file.SyncData();
        // What was reclaimed since needs no flush.
        return errno == Errno.NotFound ? 0 : errno;
    }

    /// <summary>Flushes what the group wrote while others reserve and fill: the gate is let go meanwhile.</summary>
    /// <returns>False where that failed: none of the group is acknowledged or visible.</returns>
    private bool TryFlushGroup()
    {
        foreach (Pending record in _pending) NoteToFlush(record.Tail.Segment);
        CrashPoint.Pass(CrashStep.D1);
        int errno = 0;
        string name = "";
        Monitor.Exit(_gate);
        try
        {
            for (int i = 0; i < _toFlush.Count && errno == 0; i++)
            {
                name = _toFlush[i].Name;
                errno = _toFlush[i].Flush();
            }

            foreach ((int slot, uint generation) in _othersToFlush)
            {
                if (errno != 0) break;
                name = StoreLayout.SegmentName(slot, generation);
                errno = FlushByName(name);
            }
        }
        finally
        {
            Monitor.Enter(_gate);
        }

        CrashPoint.Pass(CrashStep.D2);
        if (errno == 0 && !_isFaulted) return true;
        Unwind(0);
        foreach (Pending record in _pending)
        {
            record.Turn.Error ??= _isFaulted ? Faulted() : FlushFailed(errno, name);
            // No later owner may take it over: it was not acknowledged.
            record.Tail.Segment.Map.Write(record.Tail.Committed, 0);
        }

        Fault();
        return false;
    }

    private void NoteToFlush(Segment segment)
    {
        if (!_toFlush.Contains(segment)) _toFlush.Add(segment);
    }

    /// <summary>Notes what keeps a block that is announced again through a power loss: where its own writer has not
    /// flushed it, this one does.</summary>
    private void NoteServed(in LeasedBlock block)
    {
        if (!_control.IsOnDisk) return;
        SegmentHeader header = block.Segment.Header;
        if (_control.Lane(header.Lane, StoreLayout.LaneDurable) >= block.Sequence) return;
        bool isNow = _durability == Durability.Always || _transaction is not null;
        if (isNow) NoteToFlush(block.Segment);
        else _ = _dirty.Add((block.Segment.Slot, block.Segment.Generation));
        if (header.Lane != Number) NoteEarlier(header, block.Sequence, isNow);
    }

    /// <summary>Notes the segments of another writer that hold numbers before a record's: a rebuild ends that writer's
    /// log at the first missing number that is not settled.</summary>
    /// <param name="header">The header of the record's segment.</param>
    /// <param name="sequence">The record's number.</param>
    /// <param name="isNow">Whether they are flushed with the group, and not on the tick.</param>
    private void NoteEarlier(SegmentHeader header, ulong sequence, bool isNow)
    {
        if (_noted is { } noted && (noted.Lane, noted.IsNow) == (header.Lane, isNow) && sequence <= noted.UpTo) return;
        // Read first: the segments of all numbers up to it are in the table by now.
        ulong upTo = _control.Lane(header.Lane, StoreLayout.LaneSequence);
        ulong data = NewestOrder(header.Lane, SegmentKind.Data), facts = NewestOrder(header.Lane, SegmentKind.Facts);
        // The next data segment, whose header is flushed, settles all numbers before its first.
        if (data > header.Order) return;
        _noted = (header.Lane, upTo, isNow);
        HashSet<(int Slot, uint Generation)> toFlush = isNow ? _othersToFlush : _dirty;
        foreach (SegmentPlace place in LiveSegments(header.Lane))
        {
            bool isNeeded = place.Kind switch
            {
                SegmentKind.Data => place.Order >= data,
                SegmentKind.Facts => place.Order >= facts,
                _ => place.Order > data,
            };
            if (isNeeded) _ = toFlush.Add((place.Slot, place.Word.Generation));
        }
    }

    private ulong NewestOrder(int lane, SegmentKind kind)
    {
        ulong newest = 0;
        foreach (SegmentPlace place in LiveSegments(lane))
        {
            if (place.Kind == kind) newest = Math.Max(newest, place.Order);
        }

        return newest;
    }

    private IEnumerable<SegmentPlace> LiveSegments(int lane)
    {
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            if (!word.IsLive || word.Lane != lane) continue;
            (ulong order, SegmentKind kind) = _control.Details(slot);
            if (_control.Table(slot).Generation != word.Generation) continue;
            yield return new SegmentPlace(slot, word, order, kind);
        }
    }

    private void NoteDirty(SegmentAppender tail)
    {
        if (tail.IsDirty || !_control.IsOnDisk) return;
        tail.IsDirty = true;
        _ = _dirty.Add((tail.Segment.Slot, tail.Segment.Generation));
    }

    /// <summary>What earlier owners committed and did not flush.</summary>
    private void NoteUnflushed()
    {
        if (!_control.IsOnDisk) return;
        ulong durable = _control.Lane(Number, StoreLayout.LaneDurable);
        if (durable >= _committed) return;
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            if (!word.IsLive || word.Lane != Number) continue;
            if (_segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            if (LogReader.Last(segment!).Sequence > durable) _ = _dirty.Add((slot, word.Generation));
            segment!.Release();
        }
    }

    /// <summary>Under the gate.</summary>
    private void Fault()
    {
        if (_isFaulted) return;
        _control.SetFaulted(Number, true);
        _isFaulted = true;
        Monitor.PulseAll(_gate);
    }

    private void ThrowIfFaulted()
    {
        if (_isFaulted) throw Faulted();
    }

    /// <summary>Takes a turn out of the queue of a faulted lane.</summary>
    private void Drop(PendingWrite turn)
    {
        turn.Error ??= Faulted();
        if (turn.Kind == WriteKind.Put) turn.ReleaseLeases();
        Dequeue(turn);
        // The next owner deletes its segment.
        if (turn.IsJumbo) ReleaseTail(turn.Tail);
    }

    private ArrowCidException Faulted() => new(ErrorCode.StoreFaulted,
        $"{_control.Directory}: this handle met an error when it flushed; close it, look after the disk, and open " +
        "the store again");

    private ArrowCidException FlushFailed(int errno, string name) => new(ErrorCode.Io,
        $"cannot flush {_control.PathOf(name)}: {Errno.Text(errno)} (error {errno}); what was not acknowledged is " +
        "not there; close the store, look after the disk, and open it again");
}
