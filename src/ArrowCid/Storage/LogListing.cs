using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Lists what is in the logs: blocks, records and facts.</summary>
internal sealed class LogListing(StoreHandle handle)
{
    /// <summary>Every present block once, lane by lane in log order. A block that is put while this runs may be left
    /// out.</summary>
    public IEnumerable<BlockInfo> List() => List(Cursor.Now);

    /// <summary>As <see cref="List()"/>, without what was stored after a moment.</summary>
    /// <param name="until">The moment, as <see cref="Fix"/> gives it; <see cref="Cursor.Now"/>: everything.</param>
    public IEnumerable<BlockInfo> List(Cursor until)
    {
        handle.Enter();
        return ListLanes(until);
    }

    /// <summary>A cursor that says where "now" is; another one as it is.</summary>
    public Cursor Fix(Cursor from)
    {
        handle.Enter();
        if (!from.IsNow) return from;
        using LogReader tail = handle.Tail(from);
        return tail.Position;
    }

    private IEnumerable<BlockInfo> ListLanes(Cursor until)
    {
        for (int lane = 0; lane < handle.Control.Superblock.Lanes; lane++)
        {
            ulong last = until.IsNow ? ulong.MaxValue : until.At(lane).Sequence;
            foreach (BlockInfo info in ListLane(lane, last)) yield return info;
        }
    }

    private IEnumerable<BlockInfo> ListLane(int lane, ulong last)
    {
        List<LogWalk> walks = [];
        try
        {
            for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
            {
                TableWord word = handle.Control.Table(slot);
                if (!word.IsLive || word.Lane != lane) continue;
                if (handle.Segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready) continue;
                var walk = new LogWalk(segment!);
                if (walk.MoveNext()) walks.Add(walk);
                else segment!.Release();
            }

            while (walks.Count > 0)
            {
                // Segments of one lane interleave only where a block has one of its own; the sequence says the order.
                int next = Earliest(walks);
                LogWalk walk = walks[next];
                RecordHeader record = walk.Record;
                handle.Enter();
                bool isListed = record.IsBlock && record.Sequence <= last && LeadsTo(in record, in walk);
                if (isListed) yield return record.ToInfo();
                if (walk.MoveNext())
                {
                    walks[next] = walk;
                }
                else
                {
                    walk.Segment.Release();
                    walks.RemoveAt(next);
                }
            }
        }
        finally
        {
            foreach (LogWalk walk in walks) walk.Segment.Release();
        }
    }

    private bool LeadsTo(in RecordHeader record, in LogWalk walk)
    {
        try
        {
            return handle.Index.LeadsTo(in record.Digest, walk.Segment, walk.Offset);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // Another record of the same block is damaged; Find says so of the block itself.
            return false;
        }
    }

    private static int Earliest(List<LogWalk> walks)
    {
        int earliest = 0;
        for (int i = 1; i < walks.Count; i++)
        {
            if (walks[i].Record.Sequence < walks[earliest].Record.Sequence) earliest = i;
        }

        return earliest;
    }

    /// <summary>Everything that stands in the segments, lane by lane and in each in the order in which its segments
    /// were made; damaged places and records after the committed ends too.</summary>
    /// <param name="lane">One lane alone, or null.</param>
    public IEnumerable<LogEntry> Log(int? lane = null)
    {
        handle.Enter();
        return LogOf(lane);
    }

    /// <summary>The names of the segments that are there now: one that goes was collected.</summary>
    public HashSet<string> LiveSegments()
    {
        handle.Enter();
        return [.. handle.Places(null).Select(place => StoreLayout.SegmentName(place.Slot, place.Word.Generation))];
    }

    private IEnumerable<LogEntry> LogOf(int? lane)
    {
        foreach (SegmentPlace place in handle.Places(lane))
        {
            handle.Enter();
            if (handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
            try
            {
                var scan = new LogScan(segment!);
                while (scan.MoveNext()) yield return scan.Entry;
            }
            finally
            {
                segment!.Release();
            }
        }
    }

    /// <summary>The last number that each lane has committed: what was acknowledged before the call is at or before
    /// them.</summary>
    public ulong[] Marks()
    {
        using LogReader tail = handle.Tail(Cursor.Now, TailScope.All);
        Cursor end = tail.Position;
        return Enumerable.Range(0, handle.Control.Superblock.Lanes).Select(lane => end.At(lane).Sequence).ToArray();
    }

    /// <summary>The last number of each lane of which a record is there now: what a mark read before says beyond it was
    /// collected. The greatest number where a segment cannot be asked.</summary>
    public ulong[] PresentMarks()
    {
        handle.Enter();
        var present = new ulong[handle.Control.Superblock.Lanes];
        foreach (SegmentPlace place in handle.Places(null).Where(place => place.Word.Lane < present.Length))
        {
            SegmentAccess access = handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment);
            ulong last = ulong.MaxValue;
            if (access == SegmentAccess.Ready)
            {
                last = LogReader.LastOrBefore(segment!).Sequence;
                segment!.Release();
            }
            else if (handle.Control.Table(place.Slot) != place.Word)
            {
                continue;
            }

            present[place.Word.Lane] = Math.Max(present[place.Word.Lane], last);
        }

        return present;
    }

    /// <summary>The payloads of the FACT records that are there, lane by lane in log order. Damaged ones are passed
    /// over.</summary>
    public IEnumerable<FactPayload> FactRecords()
    {
        handle.Enter();
        foreach (SegmentPlace place in handle.Places(null).Where(place => place.Kind == SegmentKind.Facts))
        {
            handle.Enter();
            if (handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
            try
            {
                var walk = new LogWalk(segment!);
                while (walk.MoveNext())
                {
                    RecordHeader record = walk.Record;
                    if (record.RecordKind != RecordKind.Fact || record.PayloadLength > StoreLayout.MaxFactBytes)
                        continue;
                    var bytes = new byte[record.PayloadLength];
                    segment!.Map.CopyTo(walk.Offset + StoreLayout.RecordHeaderBytes, bytes);
                    if (Sha256.Hash(bytes) == record.Digest)
                        yield return new FactPayload(bytes, record.TimeNanoseconds);
                }
            }
            finally
            {
                segment!.Release();
            }
        }
    }
}
