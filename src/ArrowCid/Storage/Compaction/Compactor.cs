using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>
/// Reclaims the segments of dropped blocks, under the maintenance lock. For each segment: (1) live records are copied
/// to the maintainer's lane, flagged as moved, and their index entries are redirected; (2) its write lock is taken; if
/// it is held, the segment is tried later; (3) it is retired and everything committed by then is read; if something
/// became alive in between, it is sealed again and the work starts over; (4) its index entries and its file are
/// removed. After a kill at any point, the next maintainer continues.
/// </summary>
/// <param name="control">The control file.</param>
/// <param name="segments">The mapped segments.</param>
/// <param name="index">The digest index.</param>
/// <param name="liveness">Tells which blocks are removed.</param>
/// <param name="janitorsLane">The lane that live records are copied to.</param>
/// <param name="beginNext">Gives a lane a next data segment; false where the lane is in use.</param>
internal sealed class Compactor(ControlFile control, SegmentSet segments, BlockIndex index, ILiveness liveness,
    Func<WriterLog> janitorsLane, Func<SegmentPlace, bool> beginNext)
{
    // A put of a block after the first look revives it; that does not go on for ever at one segment.
    private const int MaxRounds = 4;

    // As long as a tick, on which others let go of what they do not use.
    private const int Pause = 100;

    private readonly ViewParents _views = new(control, segments);
    // The newest segments whose lanes got a next one: a lease may delay the rest.
    private readonly HashSet<(int Slot, uint Generation)> _sealed = [];
    private CancellationToken _cancel;
    private long _begun;

    /// <summary>Looks at every segment that may go.</summary>
    /// <param name="mostAlive">The share of a segment that may be alive for it to be moved.</param>
    /// <param name="dryRun">Nothing is changed.</param>
    /// <param name="isEnough">Asked after each segment that is gone.</param>
    /// <param name="patience">How long to retry segments that other processes have mapped and may release.</param>
    /// <param name="isAsked">Which of them are looked at; null: all.</param>
    /// <param name="operation">The call that it is done for: gets the number of segments that were looked at. It is
    /// canceled at the next block: of a segment that is half moved each block is found where it was moved to, or still
    /// in it. Null: none.</param>
    public ReclaimReport Run(double mostAlive, bool dryRun, Func<bool>? isEnough = null, TimeSpan patience = default,
        Predicate<SegmentPlace>? isAsked = null, Operation? operation = null)
    {
        Debug.Assert(mostAlive >= 0);
        Debug.Assert(dryRun || control.Janitor.IsHeld, "only the janitor moves records");
        long began = Stopwatch.GetTimestamp();
        _cancel = operation?.Token ?? default;
        _begun = 0;
        liveness.Refresh();
        _views.Update();
        var report = new List<ReclaimedSegment>();
        FactCompaction? facts = liveness is IFactFilter sieve ? new(control, segments, sieve, janitorsLane) : null;
        // Facts come last: once the blocks that a drop voided are gone, the drop may go.
        List<SegmentPlace> places = [.. SegmentChoice.Compactable(control, segments)
            .Where(place => isAsked?.Invoke(place) != false).OrderBy(place => place.Kind == SegmentKind.Facts)];
        operation?.Expect(places.Count);
        int looked = 0;
        for (long started = Stopwatch.GetTimestamp(); ; Thread.Sleep(Pause))
        {
            var held = new List<SegmentPlace>();
            bool isOver = false;
            foreach (SegmentPlace place in places)
            {
                _cancel.ThrowIfCancellationRequested();
                ReclaimedSegment? one = place.Kind == SegmentKind.Facts
                    ? facts?.Look(place, mostAlive, dryRun)
                    : Look(place, mostAlive, dryRun);
                operation?.Reach(Math.Min(++looked, places.Count));
                if (one is null) continue;
                one = one with { Kind = place.Kind };
                int before = report.FindIndex(other => other.Name == one.Name);
                if (before < 0) report.Add(one);
                else report[before] = one;
                if (one.Outcome == ReclaimOutcome.Held) held.Add(place);
                isOver = one.Outcome == ReclaimOutcome.Freed && isEnough?.Invoke() == true;
                if (isOver) break;
            }

            if (isOver || held.Count == 0 || Stopwatch.GetElapsedTime(started) >= patience) break;
            // Ask processes that have them mapped but idle to unmap them.
            _ = control.Map.Add(StoreLayout.PressureWord, 1);
            Debug.Assert(held.Count <= places.Count);
            places = held;
        }

        segments.Pressure.SetHeld(report.Where(one => one.Outcome == ReclaimOutcome.Held).Select(one => one.Name));
        var result = new ReclaimReport(report, _begun + (facts?.BytesBegun ?? 0));
        if (!dryRun) control.Reporter.Compacted(result, Stopwatch.GetElapsedTime(began));
        return result;
    }

    private ReclaimedSegment? Look(SegmentPlace place, double mostAlive, bool dryRun)
    {
        ReclaimedSegment? found = null;
        if (place.NeedsNext && !_sealed.Contains((place.Slot, place.Word.Generation)))
        {
            found = LookAtNewest(place, mostAlive);
            if (found is null) return null;
            if (!dryRun && !beginNext(place)) return null;
            _begun += StoreLayout.SmallSegmentBytes;
            if (dryRun) return found;
            _ = _sealed.Add((place.Slot, place.Word.Generation));
        }

        var moved = new HashSet<long>();
        for (int round = 0; round < MaxRounds; round++)
        {
            TableWord word = control.Table(place.Slot);
            if (word.Generation != place.Word.Generation) return found;
            // One that a janitor died over was copied; whether all of it, the look under the lock tells.
            if (word.State == SegmentState.Sealed)
            {
                if (!dryRun && IsHeld(place.Slot, word))
                    return new ReclaimedSegment(StoreLayout.SegmentName(place.Slot, word.Generation), word.Bytes, 0, 0,
                        ReclaimOutcome.Held);

                found = Move(place.Slot, word, mostAlive, dryRun, moved);
                if (found is null || found.Outcome != ReclaimOutcome.Freed || dryRun) return found;
            }
            else if (word.State != SegmentState.Retired || dryRun)
            {
                return found;
            }

            using LockedSegment? locked =
                LockedSegment.TryLock(control, segments, place.Slot, word, out bool isBusy);
            string name = StoreLayout.SegmentName(place.Slot, word.Generation);
            found ??= new ReclaimedSegment(name, word.Bytes, 0, 0, ReclaimOutcome.Freed);
            if (locked is null) return isBusy ? found with { Outcome = ReclaimOutcome.Held } : null;
            if (!locked.TryRetire()) return null;
            if (HasNews(locked, moved))
            {
                locked.Restore();
                continue;
            }

            Debug.Assert(found is not null);
            locked.ClearEntries(index);
            locked.Free();
            return found;
        }

        return found is null ? null : found with { Outcome = ReclaimOutcome.Alive };
    }

    /// <summary>The newest data segment of a lane is worth a next one where a removed block is in it, and little
    /// else.</summary>
    private ReclaimedSegment? LookAtNewest(SegmentPlace place, double mostAlive)
    {
        if (segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) return null;
        try
        {
            CompactionSurvey survey = CompactionSurvey.Of(segment!, index, liveness, _views, segments.Damage);
            bool isWorthIt = !survey.IsDamaged && survey.DeadBlocks > 0 &&
                survey.LiveBytes <= mostAlive * place.Word.Bytes;
            return isWorthIt
                ? new ReclaimedSegment(segment!.Name, place.Word.Bytes, survey.LiveBytes, survey.DeadBlocks,
                    ReclaimOutcome.Freed)
                : null;
        }
        finally
        {
            segment!.Release();
        }
    }

    /// <summary>Whether copying would be for nothing: announcements would be said again each time.</summary>
    private bool IsHeld(int slot, TableWord word)
    {
        using LockedSegment? free = LockedSegment.TryLock(control, segments, slot, word, out bool isBusy);
        return isBusy;
    }

    /// <summary>Whether something in a retired segment is alive that was not copied.</summary>
    private bool HasNews(LockedSegment locked, HashSet<long> moved)
    {
        try
        {
            liveness.Refresh();
            _views.Update();
            CompactionSurvey now = CompactionSurvey.Of(locked.Records, index, liveness, _views, segments.Damage);
            return now.Survivors.Any(one => !moved.Contains(one.Offset));
        }
        catch
        {
            locked.Restore();
            throw;
        }
    }

    /// <summary>Step 1, under a lease.</summary>
    private ReclaimedSegment? Move(int slot, TableWord word, double mostAlive, bool dryRun, HashSet<long> moved)
    {
        SegmentAccess access = segments.TryAcquire(word, slot, out Segment? segment);
        string name = StoreLayout.SegmentName(slot, word.Generation);
        if (access == SegmentAccess.Corrupt)
            return new ReclaimedSegment(name, word.Bytes, 0, 0, ReclaimOutcome.Damaged);
        if (access != SegmentAccess.Ready) return null;
        try
        {
            CompactionSurvey survey = CompactionSurvey.Of(segment!, index, liveness, _views, segments.Damage);
            ReclaimOutcome outcome = survey.IsDamaged ? ReclaimOutcome.Damaged
                : survey.LiveBytes > mostAlive * word.Bytes ? ReclaimOutcome.Alive
                : ReclaimOutcome.Freed;
            if (outcome == ReclaimOutcome.Freed && !dryRun && survey.Survivors.Count > 0)
                outcome = Move(segment!, survey.Survivors, moved);
            return new ReclaimedSegment(name, word.Bytes, survey.LiveBytes, survey.DeadBlocks, outcome);
        }
        finally
        {
            segment!.Release();
        }
    }

    private ReclaimOutcome Move(Segment segment, IReadOnlyList<Survivor> survivors, HashSet<long> moved)
    {
        WriterLog lane = janitorsLane();
        long before = lane.State.BytesBegunByMoves;
        try
        {
            foreach (Survivor survivor in survivors)
            {
                _cancel.ThrowIfCancellationRequested();
                // A REF of what an earlier round moved would say nothing new.
                if (moved.Contains(survivor.Offset)) continue;
                if (!RecordHeader.TryRead(segment, survivor.Offset, out RecordHeader record))
                    return ReclaimOutcome.Damaged;
                Debug.Assert(record.Extent <= segment.Bytes - survivor.Offset);
                lane.Puts.Move(new Relocation(segment, survivor.Offset, in record, survivor.AsReference));
                _ = moved.Add(survivor.Offset);
            }

            lane.Puts.EndMoves();
            return ReclaimOutcome.Freed;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.StoreFull)
        {
            lane.Puts.EndMoves();
            return e.Code == ErrorCode.StoreFull ? ReclaimOutcome.NoRoom : ReclaimOutcome.Damaged;
        }
        catch (OperationCanceledException)
        {
            lane.Puts.EndMoves();
            throw;
        }
        finally
        {
            _begun += lane.State.BytesBegunByMoves - before;
        }
    }
}
