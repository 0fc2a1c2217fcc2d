using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>Takes over what dead writers left, and waits for what living ones are committing.</summary>
internal sealed class LogAdoption(StoreHandle handle)
{
    /// <summary>Takes over the lanes of dead owners so that their committed records are announced even if no writer
    /// needs a lane.</summary>
    public void AdoptDead()
    {
        for (int lane = 0; lane < handle.Control.Superblock.Lanes; lane++)
        {
            // An owner that closes says so; one that took it just now has its lock.
            if (lane == handle.Lane?.Number || handle.Control.Lane(lane, StoreLayout.LaneOwner) == 0) continue;
            if (!handle.Control.IsLockedElsewhere(StoreLayout.LaneLock + lane)) _ = TryAdopt(lane);
        }
    }

    /// <summary>
    /// Sees to it that no record which has its header now can be committed later: what a dead writer left is taken
    /// over, what a living one is at is waited for.
    /// </summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a writer was still at it at the
    /// deadline.</exception>
    public void CatchUp(TimeSpan deadline)
    {
        handle.EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        foreach (OpenEnd end in UnfinishedEnds())
        {
            for (int pause = 0; IsUnfinished(end) && !TryAdopt(end.Lane); pause = Math.Min(pause + 1, 10))
            {
                if (Stopwatch.GetElapsedTime(started) >= deadline)
                    throw new ArrowCidException(ErrorCode.Busy, $"{handle.Directory}: process " +
                        $"{handle.Control.Lane(end.Lane, StoreLayout.LaneOwner)} does not finish what it is " +
                        "committing; try again, or end that process");
                Thread.Sleep(pause);
            }
        }
    }

    /// <summary>Whether the lane was free, and has no unfinished record any more.</summary>
    public bool TryAdopt(int number)
    {
        // One description does not keep the handle's own threads apart.
        lock (handle.LaneGate)
        {
            ObjectDisposedException.ThrowIf(handle.IsClosed, this);
            if (handle.Lane?.Number == number)
            {
                handle.Lane.Drain();
                return true;
            }

            WriterLog? lane = WriterAdoption.TryTake(number, handle.Control, handle.Segments, handle.Index,
                handle.Growth, handle.WaitWord, handle.Settings);
            lane?.Close();
            return lane is not null;
        }
    }

    /// <summary>The open ends at which a record stands that is not committed.</summary>
    public List<OpenEnd> UnfinishedEnds()
    {
        var newest = new Dictionary<(int Lane, SegmentKind Kind), (OpenEnd End, ulong Order)>();
        var found = new List<OpenEnd>();
        for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
        {
            TableWord word = handle.Control.Table(slot);
            if (word.State != SegmentState.Open) continue;
            (ulong order, SegmentKind kind) = handle.Control.Details(slot);
            var end = new OpenEnd(slot, word, 0);
            if (kind == SegmentKind.Jumbo) found.Add(end);
            else if (!newest.TryGetValue((word.Lane, kind), out var other) || other.Order < order)
                newest[(word.Lane, kind)] = (end, order);
        }

        found.AddRange(newest.Values.Select(pair => pair.End));
        return found.Select(Look).Where(end => end.Position != 0).ToList();
    }

    private bool IsUnfinished(OpenEnd end) => Look(end).Position == end.Position;

    /// <summary>An end with the position of its uncommitted record, or with 0 where it has none.</summary>
    private OpenEnd Look(OpenEnd end)
    {
        OpenEnd none = end with { Position = 0 };
        // A faulted lane's end is sealed where it stands.
        if (handle.Control.Table(end.Slot) != end.Word || handle.Control.IsFaulted(end.Lane)) return none;
        if (handle.Segments.TryAcquire(end.Word, end.Slot, out Segment? segment) != SegmentAccess.Ready) return none;
        try
        {
            return end with { Position = FindUncommitted(segment!) };
        }
        finally
        {
            segment!.Release();
        }
    }

    /// <summary>Where, after the committed end, the header of a record stands that continues the log; anything else
    /// there will be written over.</summary>
    private static long FindUncommitted(Segment segment)
    {
        while (true)
        {
            long committed = segment.Committed;
            uint before = segment.Header.Crc;
            bool isWhole = committed == StoreLayout.SegmentRecords;
            if (!isWhole)
            {
                long hint = (long)Math.Min(segment.Map.Read(StoreLayout.SegmentLastRecord), long.MaxValue);
                isWhole = RecordHeader.TryRead(segment, hint, out RecordHeader last) &&
                    hint + last.Extent == committed;
                before = last.Crc;
            }

            bool isThere = RecordHeader.TryRead(segment, committed, out RecordHeader next);
            // It only grows: this ends.
            if (segment.Committed > committed) continue;
            // While the hint is a step ahead of the word, the record is being committed.
            return isThere && (!isWhole || next.PreviousCrc == before) ? committed : 0;
        }
    }

    public readonly record struct OpenEnd(int Slot, TableWord Word, long Position)
    {
        public int Lane => Word.Lane;
    }
}
