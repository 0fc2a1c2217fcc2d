using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Takes a lane, and with it what its last owner left.</summary>
internal sealed class WriterAdoption(WriterState state, LogFlush flushes)
{
    /// <summary>Takes the lowest free lane, so that many short-lived writers fill one segment after another.</summary>
    public static WriterLog Take(ControlFile control, SegmentSet segments, BlockIndex index, IndexGrowth growth,
        Mapping? wait, StoreSettings settings)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            for (int number = 0; number < control.Superblock.Lanes; number++)
            {
                WriterLog? lane = TryTake(number, control, segments, index, growth, wait, settings);
                if (lane is not null) return lane;
            }

            if (Stopwatch.GetElapsedTime(started) >= settings.Timeout) throw NoLane(control);
            Thread.Sleep(5);
        }
    }

    /// <summary>Takes a lane if it is free. This handle does not have it, and no other thread of it asks.</summary>
    public static WriterLog? TryTake(int number, ControlFile control, SegmentSet segments, BlockIndex index,
        IndexGrowth growth, Mapping? wait, StoreSettings settings)
    {
        Debug.Assert(number >= 0 && number < control.Superblock.Lanes);
        if (!control.TryLock(StoreLayout.LaneLock + number, exclusive: true)) return null;
        CrashPoint.Pass(CrashStep.A0);
        return TakeOver(new WriterLog(number, control, segments, index, growth, wait, settings));
    }

    private static WriterLog TakeOver(WriterLog lane)
    {
        ControlFile control = lane.State.Control;
        try
        {
            long started = Stopwatch.GetTimestamp();
            ulong dead = control.Lane(lane.Number, StoreLayout.LaneOwner);
            control.MarkInUse();
            control.SetLane(lane.Number, StoreLayout.LaneOwner, (ulong)ProcessMark.Current);
            _ = lane.State.CurrentIndex();
            new WriterAdoption(lane.State, lane.Flushes).Adopt();
            if (dead != 0)
                control.Reporter.WriterRecovered(lane.Number, dead, Stopwatch.GetElapsedTime(started));
            return lane;
        }
        catch
        {
            control.Unlock(StoreLayout.LaneLock + lane.Number);
            throw;
        }
    }

    private static ArrowCidException NoLane(ControlFile control)
    {
        IEnumerable<ulong> owners = Enumerable.Range(0, control.Superblock.Lanes)
            .Select(lane => control.Lane(lane, StoreLayout.LaneOwner)).Where(id => id != 0);
        return new ArrowCidException(ErrorCode.Busy,
            $"{control.Directory}: all {control.Superblock.Lanes} lanes have a writer (processes " +
            $"{string.Join(", ", owners)}); wait for one to close, or make a store with more segments");
    }

    /// <summary>
    /// Walks the open ends of the lane as one log from what was committed, over records whose header, order, link to
    /// the record before and digest are right; indexes and commits them; and only then may the rest be written over.
    /// </summary>
    private void Adopt()
    {
        List<OpenEnd> ends = FindEnds();
        CrashPoint.Pass(CrashStep.A1);
        try
        {
            // Without records the newest segment's header says where the numbers go on; an empty jumbo's may lie
            // beyond a gap.
            state.Sequence = ends.Select(end => end.NextSequence).DefaultIfEmpty(1ul).Max();
            state.Sequence = Math.Max(state.Sequence, 1 + state.Control.Lane(state.Number, StoreLayout.LaneCollected));
            if (ends.Any(end => end.IsDamaged) || HasLost(StoreLayout.LaneData) || HasLost(StoreLayout.LaneFacts))
                state.Sequence = Math.Max(state.Sequence, 1 +
                    state.Control.Lane(state.Number, StoreLayout.LaneSequence));
            // Writes that an owner could not flush were not acknowledged, and what the medium has of them is unknown.
            bool isFaulted = state.Control.IsFaulted(state.Number);
            if (!isFaulted) TakeOver(ends);
            Debug.Assert(state.Sequence > 0 && state.Unpublished.Count == 0);
            state.Committed = state.Sequence - 1;
            CrashPoint.Pass(CrashStep.A3);
            foreach (OpenEnd end in ends)
            {
                WipeEnd(end);
                Keep(end, isFaulted);
            }

            if (isFaulted) state.Control.SetFaulted(state.Number, false);
            flushes.NoteUnflushed();
            if (state.Durability == Durability.Always) flushes.Flush();
            CrashPoint.Pass(CrashStep.A4);
        }
        finally
        {
            foreach (OpenEnd end in ends) end.Segment.Release();
        }
    }

    /// <summary>The newest segment of each kind, and every open jumbo; slots that a dead owner was filling are freed,
    /// and older ones that it did not come to seal are sealed.</summary>
    private List<OpenEnd> FindEnds()
    {
        var own = new List<(int Slot, TableWord Word, ulong Order, SegmentKind Kind)>();
        for (int slot = 0; slot < state.Control.Superblock.Segments; slot++)
        {
            TableWord word = state.Control.Table(slot);
            if (word.State == SegmentState.Free || word.Lane != state.Number) continue;
            if (word.State == SegmentState.Creating) SegmentAllocator.FreeUnfinished(state.Control, slot, word);
            if (!word.IsLive) continue;
            (ulong order, SegmentKind kind) = state.Control.Details(slot);
            own.Add((slot, word, order, kind));
        }

        var ends = new List<OpenEnd>();
        try
        {
            FindEnds(own, ends);
            return ends;
        }
        catch
        {
            foreach (OpenEnd end in ends) end.Segment.Release();
            throw;
        }
    }

    private void FindEnds(List<(int Slot, TableWord Word, ulong Order, SegmentKind Kind)> own, List<OpenEnd> ends)
    {
        foreach (var group in own.GroupBy(segment => segment.Kind))
        {
            bool isNewest = true;
            foreach (var (slot, word, _, kind) in group.OrderByDescending(segment => segment.Order))
            {
                bool isOpen = word.State == SegmentState.Open;
                bool isEnd = isNewest || (isOpen && kind == SegmentKind.Jumbo);
                if (isEnd && TryOpenEnd(slot, word, kind) is { } end) ends.Add(end);
                else if (isOpen) _ = state.Control.TryChange(slot, word, word.With(SegmentState.Sealed));
                isNewest = false;
            }
        }
    }

    /// <summary>Whether the table has forgotten a segment that the lane has open: it holds numbers that are not visible
    /// here.</summary>
    private bool HasLost(int field)
    {
        ulong named = state.Control.Lane(state.Number, field);
        if (named == 0) return false;
        int slot = (int)Math.Min((uint)named, (uint)state.Control.Superblock.Segments - 1);
        TableWord word = state.Control.Table(slot);
        return !word.IsLive || word.Generation != named >> 32 || word.Lane != state.Number;
    }

    private OpenEnd? TryOpenEnd(int slot, TableWord word, SegmentKind kind)
    {
        bool isOpen = word.State == SegmentState.Open;
        if (SegmentSet.TryOpen(state.Control, slot, word, isOpen, out Segment? segment) != SegmentAccess.Ready)
            return null;
        if (isOpen) state.Segments.Adopt(segment!);
        var end = new OpenEnd(segment!, kind, isOpen);
        end.FindTail();
        return end;
    }

    private void TakeOver(List<OpenEnd> ends)
    {
        List<Found> found = FindRecords(ends);
        if (state.Durability == Durability.Always)
        {
            foreach (OpenEnd end in found.Select(record => record.End).Distinct()) FlushWhole(end.Segment);
        }

        for (int start = 0; start < found.Count;)
        {
            int end = start + 1;
            while (found[end - 1].IsContinued) end++;
            TakeOver(found[start..end]);
            start = end;
        }

        state.WakeWaiters();
    }

    private void FlushWhole(Segment segment) =>
        StorageErrors.Check(segment.Flush(), "cannot flush", state.Control.PathOf(segment.Name));

    /// <summary>The records from the first number that is not committed on, up to the first that is
    /// missing.</summary>
    private List<Found> FindRecords(List<OpenEnd> ends)
    {
        var found = new List<Found>();
        while (ends.Find(HoldsNext) is { } end)
        {
            _ = RecordHeader.TryRead(end.Segment, end.Position, out RecordHeader header);
            found.Add(new Found(end, end.Position, end.LastCrc, header.IsContinued));
            Debug.Assert(header.Sequence == state.Sequence && end.IsOpen && !end.IsDamaged);
            end.Pass(in header);
            state.Sequence++;
        }

        // A transaction that lacks its end never was.
        while (found.Count > 0 && found[^1].IsContinued)
        {
            Found last = found[^1];
            Debug.Assert(last.Offset < last.End.Position, "the end moves back over the record");
            last.End.GoBack(last.Offset, last.PreviousCrc);
            found.RemoveAt(found.Count - 1);
            state.Sequence--;
        }

        return found;
    }

    private bool HoldsNext(OpenEnd end)
    {
        if (!end.IsOpen || end.IsDamaged) return false;
        Segment segment = end.Segment;
        if (!RecordHeader.TryRead(segment, end.Position, out RecordHeader header)) return false;
        if (header.Sequence != state.Sequence || header.PreviousCrc != end.LastCrc) return false;
        if (header.Extent > segment.Bytes - end.Position) return false;
        return !header.IsHashed || LogWalk.IsPayloadRight(segment, end.Position, in header);
    }

    /// <summary>Takes over a record, or all those of a transaction: first their entries, then, of each segment, one
    /// committed word.</summary>
    private void TakeOver(List<Found> records)
    {
        Debug.Assert(records.Count > 0 && !records[^1].IsContinued, "a transaction is taken over whole");
        Debug.Assert(records.SkipLast(1).All(record => record.IsContinued));
        foreach (Found found in records)
        {
            RecordHeader header = Read(found);
            CrashPoint.Pass(CrashStep.A2);
            if (!header.IsBlock) continue;
            state.Publish(found.End.Segment, found.Offset, in header.Digest, replace: !header.IsFoundOnceCommitted);
        }

        for (int i = 0; i < records.Count; i++)
        {
            Found found = records[i];
            Segment segment = found.End.Segment;
            if (i + 1 < records.Count && records[i + 1].End == found.End) continue;
            RecordHeader header = Read(found);
            segment.Map.Write(StoreLayout.SegmentLastRecord, (ulong)found.Offset);
            state.Control.HintLane(state.Number, StoreLayout.LaneSequence, header.Sequence);
            segment.Map.Exchange(StoreLayout.SegmentCommitted, (ulong)(found.Offset + header.Extent));
        }
    }

    private RecordHeader Read(Found found) =>
        RecordHeader.TryRead(found.End.Segment, found.Offset, out RecordHeader header)
            ? header
            : throw StorageErrors.Corrupt(state.Control.PathOf(found.End.Segment.Name),
                $"the record at {found.Offset} changed while its lane was taken over; open the store again");

    private void Keep(OpenEnd end, bool isFaulted)
    {
        if (!end.IsOpen) return;
        if (end.Kind == SegmentKind.Jumbo && end.Position == StoreLayout.SegmentRecords)
        {
            state.Allocator.Discard(end.Segment);
        }
        else if (end.Kind == SegmentKind.Jumbo || end.IsDamaged || isFaulted)
        {
            state.Seal(end.Segment);
        }
        else if (end.Segment.TryRetain())
        {
            Debug.Assert(end.Segment.Header.Lane == state.Number && end.Position <= end.Segment.Bytes);
            var tail = new SegmentAppender(end.Segment, end.Position, end.LastCrc);
            if (end.Kind == SegmentKind.Facts) state.Facts = tail;
            else state.Data = tail;
        }
    }

    /// <summary>What was not taken over never is: a later record of the other chain might take the number that this
    /// one waits behind.</summary>
    private void WipeEnd(OpenEnd end)
    {
        Mapping map = end.Segment.Map;
        bool hasRoom = end.Position <= end.Segment.Bytes - StoreLayout.RecordHeaderBytes;
        if (!end.IsOpen || end.IsDamaged || !hasRoom || map.Read(end.Position) == 0) return;
        map.Write(end.Position, 0);
        if (state.Control.IsOnDisk) FlushWhole(end.Segment);
    }

    /// <summary>A record to be taken over.</summary>
    private readonly record struct Found(OpenEnd End, long Offset, uint PreviousCrc, bool IsContinued);

    /// <summary>The end of a segment as an adopter finds it.</summary>
    private sealed class OpenEnd(Segment segment, SegmentKind kind, bool isOpen)
    {
        private ulong? _lastSequence;

        public Segment Segment => segment;

        public SegmentKind Kind => kind;

        public bool IsOpen => isOpen;

        public long Position { get; private set; }

        public uint LastCrc { get; private set; }

        /// <summary>No record ends where the committed part does: nothing may be appended.</summary>
        public bool IsDamaged { get; private set; }

        public ulong NextSequence =>
            _lastSequence + 1 ?? (kind == SegmentKind.Jumbo ? 1 : segment.Header.FirstSequence);

        public void Pass(in RecordHeader record)
        {
            Position += record.Extent;
            LastCrc = record.Crc;
        }

        /// <summary>Takes back the last <see cref="Pass"/>.</summary>
        public void GoBack(long position, uint lastCrc) => (Position, LastCrc) = (position, lastCrc);

        public void FindTail()
        {
            (Position, LastCrc) = (segment.Committed, segment.Header.Crc);
            if (Position == StoreLayout.SegmentRecords)
            {
                // The word is at its start, or cannot be right; then what lies there is not to be written over.
                IsDamaged = segment.Map.Read(StoreLayout.SegmentCommitted) != (ulong)StoreLayout.SegmentRecords;
                return;
            }

            long hint = (long)Math.Min(segment.Map.Read(StoreLayout.SegmentLastRecord), long.MaxValue);
            if (RecordHeader.TryRead(segment, hint, out RecordHeader last) && hint + last.Extent == Position)
            {
                (_lastSequence, LastCrc) = (last.Sequence, last.Crc);
                return;
            }

            var walk = new LogWalk(segment);
            while (walk.MoveNext()) (_lastSequence, LastCrc) = (walk.Record.Sequence, walk.Record.Crc);
            IsDamaged = !walk.EndsWhole;
        }
    }
}
