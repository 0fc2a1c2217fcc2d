using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Takes back segments of facts, of which most is superseded, in the hands of the janitor. Of a segment (1) its write
/// lock is taken: held, it comes later; (2) what of it still counts is appended to the janitor's lane, flagged as moved
/// and with its own stamps, and flushed; (3) it is retired; (4) its file goes. The same facts fold into the same
/// registry however often they are read: killed anywhere, at worst some of them are there twice.
/// </summary>
internal sealed class FactCompaction(ControlFile control, SegmentSet segments, IFactFilter sieve,
    Func<WriterLog> janitorsLane)
{
    private HashSet<Digest256>? _left;
    private bool _areDropsKept;

    /// <summary>The bytes of the segments that were begun for what still counts.</summary>
    public long BytesBegun { get; private set; }

    /// <summary>Looks at one sealed or retired segment of facts.</summary>
    /// <param name="place">The segment.</param>
    /// <param name="mostAlive">The share of it that may count still for it to go.</param>
    /// <param name="dryRun">Nothing is changed.</param>
    /// <returns>Null where the segment is not what it was.</returns>
    public ReclaimedSegment? Look(SegmentPlace place, double mostAlive, bool dryRun)
    {
        TableWord word = control.Table(place.Slot);
        if (word.Generation != place.Word.Generation) return null;
        string name = StoreLayout.SegmentName(place.Slot, word.Generation);
        if (dryRun) return LookOnly(place.Slot, word, name, mostAlive);
        using LockedSegment? locked = LockedSegment.TryLock(control, segments, place.Slot, word, out bool isBusy);
        if (locked is null)
            return isBusy ? new ReclaimedSegment(name, word.Bytes, 0, 0, ReclaimOutcome.Held) : null;
        // A segment over which a janitor died is compacted again, in case another process restored it meanwhile.
        List<FactPayload>? left = Sift(locked.Records);
        ReclaimedSegment found = Judge(name, word, left, mostAlive);
        if (found.Outcome != ReclaimOutcome.Freed) return found;
        try
        {
            SayAgain(left!);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreFull)
        {
            return found with { Outcome = ReclaimOutcome.NoRoom };
        }

        if (!locked.TryRetire()) return null;
        locked.Free();
        return found;
    }

    private ReclaimedSegment? LookOnly(int slot, TableWord word, string name, double mostAlive)
    {
        SegmentAccess access = segments.TryAcquire(word, slot, out Segment? segment);
        if (access == SegmentAccess.Corrupt)
            return new ReclaimedSegment(name, word.Bytes, 0, 0, ReclaimOutcome.Damaged);
        if (access != SegmentAccess.Ready) return null;
        try
        {
            return Judge(name, word, Sift(segment!), mostAlive);
        }
        finally
        {
            segment!.Release();
        }
    }

    private static ReclaimedSegment Judge(string name, TableWord word, List<FactPayload>? left, double mostAlive)
    {
        long bytes = left?.Sum(payload => StoreLayout.RecordBytes(payload.Bytes.Length)) ?? 0;
        ReclaimOutcome outcome = left is null ? ReclaimOutcome.Damaged
            : bytes > mostAlive * word.Bytes ? ReclaimOutcome.Alive
            : ReclaimOutcome.Freed;
        return new ReclaimedSegment(name, word.Bytes, bytes, 0, outcome);
    }

    /// <summary>What of a segment counts; null where a record of it cannot be read, or not wholly.</summary>
    private List<FactPayload>? Sift(Segment segment)
    {
        var records = new List<FactPayload>();
        var walk = new LogWalk(segment);
        while (walk.MoveNext())
        {
            RecordHeader record = walk.Record;
            if (record.RecordKind != RecordKind.Fact) continue;
            if (record.PayloadLength > StoreLayout.MaxFactBytes) return null;
            var bytes = new byte[record.PayloadLength];
            segment.Map.CopyTo(walk.Offset + StoreLayout.RecordHeaderBytes, bytes);
            if (Sha256.Hash(bytes) != record.Digest) return null;
            records.Add(new FactPayload(bytes, record.TimeNanoseconds));
        }

        return walk.Faults > 0 ? null : sieve.Filter(records, IsLeft);
    }

    private void SayAgain(List<FactPayload> left)
    {
        WriterLog lane = janitorsLane();
        long before = lane.State.BytesBegunByMoves;
        try
        {
            foreach (FactPayload payload in left)
            {
                _ = lane.Puts.Append(new FilteredFacts(payload.Bytes), payload.Nanoseconds);
                CrashPoint.Pass(CrashStep.M1);
            }
        }
        finally
        {
            BytesBegun += lane.State.BytesBegunByMoves - before;
            lane.Puts.EndMoves();
        }

        CrashPoint.Pass(CrashStep.M2);
    }

    /// <summary>Whether a record that was dropped is still in a segment: then its drop has to stay, and so has every
    /// drop where a segment cannot be asked.</summary>
    private bool IsLeft(Digest256 digest)
    {
        if (_left is null) Gather();
        return _areDropsKept || _left!.Contains(digest);
    }

    private void Gather()
    {
        _left = [];
        // What is gone from the directory must not rise with the power once its drop is gone.
        control.FlushNames();
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive && word.State != SegmentState.Retired) continue;
            if (word.IsLive && control.Details(slot).Kind == SegmentKind.Facts) continue;
            // A segment whose reclaim was interrupted by a death may be restored with all its contents.
            bool isRead = word.IsLive && segments.TryAcquire(word, slot, out Segment? segment) == SegmentAccess.Ready &&
                TryGather(segment!);
            _areDropsKept |= !isRead;
        }
    }

    private bool TryGather(Segment segment)
    {
        try
        {
            var walk = new LogWalk(segment);
            while (walk.MoveNext())
            {
                RecordHeader record = walk.Record;
                bool isNamed = record.IsBlock || record.RecordKind == RecordKind.Ref;
                if (isNamed && sieve.IsKilled(in record.Digest, segment.Header.Lane, record.Sequence))
                    _ = _left!.Add(record.Digest);
            }

            return walk.Faults == 0;
        }
        finally
        {
            segment.Release();
        }
    }

    /// <summary>A payload as it is.</summary>
    private sealed class FilteredFacts(byte[] payload) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination)
        {
            payload.CopyTo(destination);
            return payload.Length;
        }
    }
}
