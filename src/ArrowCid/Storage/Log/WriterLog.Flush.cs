using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What goes to the medium, and when. With <see cref="Durability.Always"/> a group is flushed between its headers and
/// its entries; else what was committed is flushed later, and the lane's slot says up to which number. After an error
/// nobody knows what the medium holds: the lane says so in the control file and writes nothing more.
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
            using FileDescriptor? file = _control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
            // What was reclaimed since needs no flush.
            if (file is null && errno == Errno.NotFound) continue;
            if (file is not null) errno = file.SyncData();
            if (errno == 0) continue;
            lock (_gate) Fault();
            throw FlushFailed(errno, name);
        }

        _control.HintLane(Number, StoreLayout.LaneDurable, last);
        CrashPoint.Pass(CrashStep.D4);
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
            // Nobody is to take it over: it was not acknowledged.
            record.Tail.Segment.Map.Write(record.Tail.Committed, 0);
        }

        Fault();
        return false;
    }

    private void NoteToFlush(Segment segment)
    {
        if (!_toFlush.Contains(segment)) _toFlush.Add(segment);
    }

    /// <summary>A block that is announced again is served as durable: where its own lane has not flushed it, this one
    /// does.</summary>
    private void NoteServed(in LeasedBlock block)
    {
        if (!_control.IsOnDisk) return;
        if (_control.Lane(block.Segment.Header.Lane, StoreLayout.LaneDurable) >= block.Sequence) return;
        if (_durability == Durability.Always || _transaction is not null) NoteToFlush(block.Segment);
        else _ = _dirty.Add((block.Segment.Slot, block.Segment.Generation));
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
        // Its segment is the next owner's to take away.
        if (turn.IsJumbo) ReleaseTail(turn.Tail);
    }

    private ArrowCidException Faulted() => new(ErrorCode.StoreFaulted,
        $"{_control.Directory}: this handle met an error when it flushed; close it, look after the disk, and open " +
        "the store again");

    private ArrowCidException FlushFailed(int errno, string name) => new(ErrorCode.Io,
        $"cannot flush {_control.PathOf(name)}: {Errno.Text(errno)} (error {errno}); what was not acknowledged is " +
        "not there; close the store, look after the disk, and open it again");
}
