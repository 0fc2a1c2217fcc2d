using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What is flushed to the medium, and when. With <see cref="Durability.Always"/> a group is flushed between its headers
/// and its entries; otherwise committed records are flushed later, and the lane's slot holds the number up to which
/// they are. After an error the medium's contents are unknown: the lane records that in the control file and writes
/// nothing more.
/// </summary>
internal sealed class LogFlush(WriterState state)
{
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

    /// <summary>Flushes what is committed by now, and says so in the lane's slot.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it failed, and the lane is faulted;
    /// <see cref="ErrorCode.StoreFaulted"/>: it was.</exception>
    public void Flush()
    {
        if (!state.Control.IsOnDisk) return;
        lock (_flushGate) FlushCommitted();
    }

    /// <summary>As <see cref="Flush()"/>, unless it is being done or there is nothing to do.</summary>
    public void FlushIfNew()
    {
        if (!Monitor.TryEnter(_flushGate)) return;
        try
        {
            bool isNew;
            lock (state.Gate) isNew = _dirty.Count > 0 && !state.IsFaulted && !state.IsClosing;
            if (isNew) FlushCommitted();
        }
        finally
        {
            Monitor.Exit(_flushGate);
        }
    }

    private void FlushCommitted()
    {
        Debug.Assert(Monitor.IsEntered(_flushGate) && state.IsOnDisk);
        ulong last;
        (int Slot, uint Generation)[] names;
        lock (state.Gate)
        {
            state.ThrowIfFaulted();
            (last, names) = (state.Committed, [.. _dirty]);
            _dirty.Clear();
            if (state.Data is not null) state.Data.IsDirty = false;
            if (state.Facts is not null) state.Facts.IsDirty = false;
        }

        CrashPoint.Pass(CrashStep.D3);
        foreach ((int slot, uint generation) in names)
        {
            string name = StoreLayout.SegmentName(slot, generation);
            int errno = FlushByName(name);
            if (errno == 0) continue;
            lock (state.Gate) Fault();
            throw state.FlushFailed(errno, name);
        }

        state.Control.HintLane(state.Number, StoreLayout.LaneDurable, last);
        CrashPoint.Pass(CrashStep.D4);
    }

    private int FlushByName(string name)
    {
        using FileDescriptor? file = state.Control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        if (file is not null) return file.SyncData();
        // What was reclaimed since needs no flush.
        return errno == Errno.NotFound ? 0 : errno;
    }

    /// <summary>Flushes what the group wrote while others reserve and fill: the gate is let go meanwhile.</summary>
    /// <returns>False where that failed: none of the group is acknowledged or visible.</returns>
    public bool TryFlushGroup()
    {
        Debug.Assert(state.HasLeader && state.Unpublished.Count > 0 && Monitor.IsEntered(state.Gate));
        foreach (UnpublishedRecord record in state.Unpublished) NoteToFlush(record.Tail.Segment);
        CrashPoint.Pass(CrashStep.D1);
        int errno = 0;
        string name = "";
        Monitor.Exit(state.Gate);
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
            Monitor.Enter(state.Gate);
        }

        CrashPoint.Pass(CrashStep.D2);
        if (errno == 0 && !state.IsFaulted) return true;
        Unwind(0);
        foreach (UnpublishedRecord record in state.Unpublished)
        {
            record.Turn.Error ??= state.IsFaulted ? state.Faulted() : state.FlushFailed(errno, name);
            // No later owner may take it over: it was not acknowledged.
            record.Tail.Segment.Map.Write(record.Tail.Committed, 0);
        }

        Fault();
        return false;
    }

    /// <summary>Forgets what the last group had to have flushed.</summary>
    public void BeginGroup()
    {
        _toFlush.Clear();
        _othersToFlush.Clear();
        _noted = null;
    }

    private void NoteToFlush(Segment segment)
    {
        if (!_toFlush.Contains(segment)) _toFlush.Add(segment);
    }

    /// <summary>Notes what keeps a block that is announced again through a power loss: where its own writer has not
    /// flushed it, this one does.</summary>
    public void NoteServed(in LeasedBlock block)
    {
        if (!state.Control.IsOnDisk) return;
        SegmentHeader header = block.Segment.Header;
        if (state.Control.Lane(header.Lane, StoreLayout.LaneDurable) >= block.Sequence) return;
        bool isNow = state.Durability == Durability.Always || state.Transaction is not null;
        if (isNow) NoteToFlush(block.Segment);
        else _ = _dirty.Add((block.Segment.Slot, block.Segment.Generation));
        if (header.Lane != state.Number) NoteEarlier(header, block.Sequence, isNow);
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
        ulong upTo = state.Control.Lane(header.Lane, StoreLayout.LaneSequence);
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
        for (int slot = 0; slot < state.Control.Superblock.Segments; slot++)
        {
            TableWord word = state.Control.Table(slot);
            if (!word.IsLive || word.Lane != lane) continue;
            (ulong order, SegmentKind kind) = state.Control.Details(slot);
            if (state.Control.Table(slot).Generation != word.Generation) continue;
            yield return new SegmentPlace(slot, word, order, kind);
        }
    }

    public void NoteDirty(SegmentAppender tail)
    {
        if (tail.IsDirty || !state.Control.IsOnDisk) return;
        tail.IsDirty = true;
        _ = _dirty.Add((tail.Segment.Slot, tail.Segment.Generation));
    }

    /// <summary>What earlier owners committed and did not flush.</summary>
    public void NoteUnflushed()
    {
        if (!state.Control.IsOnDisk) return;
        ulong durable = state.Control.Lane(state.Number, StoreLayout.LaneDurable);
        if (durable >= state.Committed) return;
        for (int slot = 0; slot < state.Control.Superblock.Segments; slot++)
        {
            TableWord word = state.Control.Table(slot);
            if (!word.IsLive || word.Lane != state.Number) continue;
            if (state.Segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
            if (LogReader.Last(segment!).Sequence > durable) _ = _dirty.Add((slot, word.Generation));
            segment!.Release();
        }
    }

    /// <summary>Under the gate.</summary>
    private void Fault()
    {
        Debug.Assert(Monitor.IsEntered(state.Gate));
        if (state.IsFaulted) return;
        state.Control.SetFaulted(state.Number, true);
        state.IsFaulted = true;
        Monitor.PulseAll(state.Gate);
    }

    /// <summary>Takes the numbers back from a record on: none of those is announced. Their turns are still
    /// queued.</summary>
    public void Unwind(int first)
    {
        state.Sequence = state.Unpublished[first].Sequence;
        Debug.Assert(state.Sequence == state.Committed + 1, "numbers that are not committed are given again");
        for (int i = state.Unpublished.Count - 1; i >= first; i--)
        {
            UnpublishedRecord record = state.Unpublished[i];
            record.Tail.LastCrc = record.Tail.CommittedCrc;
            if (!record.IsFact) continue;
            record.Turn.IsDamageWritten = false;
            record.Tail.Segment.Map.Write(record.Offset, 0);
            Debug.Assert(record.Tail == state.Facts && record.Offset >= record.Tail.Committed);
            record.Tail.Reserved = record.Offset;
        }
    }
}
