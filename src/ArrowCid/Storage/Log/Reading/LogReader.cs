using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The records of all lanes from a cursor on, each lane's in the order of its numbers. Asking never waits. One thread
/// asks at a time; any may close it. It leases the segments that it reads, a few at a time.
/// </summary>
internal sealed partial class LogReader : IDisposable
{
    // The number of records of one lane before the next lane's turn: a cursor is copied whole where the lane changes.
    private const int MaxRun = 256;

    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly TailScope _scope;
    private readonly LogReaderLane[] _lanes;
    private readonly Queue<WatchGap> _gaps = new();
    private readonly Action<LogReader> _onEnd;
    private readonly int _process = ProcessMark.Current;
    private readonly Lock _gate = new();
    private CursorBase? _base;
    private int _baseLane = -1;
    private int _current;
    private int _run;
    private bool _isListing;
    private ulong? _listedOrder;
    private volatile bool _isClosed;

    public LogReader(ControlFile control, SegmentSet segments, Cursor from, TailScope scope, Action<LogReader> onEnd)
    {
        (_control, _segments, _scope, _onEnd) = (control, segments, scope, onEnd);
        _lanes = new LogReaderLane[control.Superblock.Lanes];
        for (int lane = 0; lane < _lanes.Length; lane++) _lanes[lane] = new LogReaderLane(control, segments, lane);
        try
        {
            Start(from);
        }
        catch
        {
            foreach (LogReaderLane lane in _lanes) lane.Release();
            throw;
        }
    }

    /// <summary>Whether it or its store was closed: nothing more will come.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>The cursor after all records read.</summary>
    public Cursor Position
    {
        get
        {
            lock (_gate) return new Cursor(Snapshot());
        }
    }

    /// <summary>Whether an existing segment could not be read so far because another process holds it exclusively.
    /// Otherwise everything that was committed before a <see cref="TryNext"/> that found nothing has been
    /// passed.</summary>
    public bool HasUnread
    {
        get
        {
            lock (_gate) return Array.Exists(_lanes, static lane => lane.HasPending);
        }
    }

    /// <summary>The next record that is announced, or gap, if one is there by now.</summary>
    public bool TryNext(out LogEvent found)
    {
        if (ProcessMark.Current != _process) throw StorageErrors.Forked(_control.Directory);
        lock (_gate)
        {
            found = default;
            return !_isClosed && TryFindNext(out found);
        }
    }

    /// <summary>Throws if the store was removed: nothing will ever be committed to what is still mapped.</summary>
    public void ThrowIfGone()
    {
        lock (_gate)
        {
            if (!_isClosed) _control.ThrowIfGone();
        }
    }

    /// <summary>Lets go of the segments. It may run beside a <see cref="TryNext"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            foreach (LogReaderLane lane in _lanes) lane.Release();
        }

        _onEnd(this);
    }

    private bool TryFindNext(out LogEvent found)
    {
        found = default;
        if (_gaps.TryDequeue(out WatchGap? gap))
        {
            found = new LogEvent(default, null, gap, gap.Lane, new Cursor(Snapshot()));
            return true;
        }

        for (int idle = 0; idle < _lanes.Length;)
        {
            LogReaderLane lane = _lanes[_current];
            switch (Look(lane))
            {
                case LaneStep.Record:
                    idle = 0;
                    bool isFound = Take(lane, out found);
                    if (++_run >= MaxRun && MoveOn()) idle = 0;
                    if (isFound) return true;
                    break;
                case LaneStep.Hole:
                    idle = 0;
                    if (Report(lane, out found)) return true;
                    break;
                case LaneStep.Rewritten:
                    found = Rewritten(lane);
                    return true;
                default:
                    UpdateListing(lane);
                    idle = MoveOn() ? 0 : idle + 1;
                    break;
            }
        }

        return false;
    }

    private LaneStep Look(LogReaderLane lane)
    {
        LaneStep step = lane.Look(isCertain: false);
        if (step != LaneStep.Ahead) return step;
        _ = Scan();
        return lane.Look(isCertain: true);
    }

    private bool Take(LogReaderLane lane, out LogEvent found)
    {
        found = default;
        // What compaction moved was announced before, but not to watchers that begin with a listing.
        TailScope scope = lane.Record.RecordKind switch
        {
            >= RecordKind.Batch and <= RecordKind.Ref => TailScope.Blocks,
            RecordKind.Fact => TailScope.Facts,
            _ => 0,
        };
        bool isAnnounced = (_scope & (scope | TailScope.Every)) != 0 &&
            (_isListing || ((RecordFlags)lane.Record.Flags & RecordFlags.Moved) == 0);
        RecordHeader record = lane.Record;
        byte[]? payload = isAnnounced && (_scope & scope) == TailScope.Facts ? lane.CopyPayload() : [];
        lane.Take();
        UpdateListing(lane);
        if (!isAnnounced) return false;
        WatchGap? damage = payload is null
            ? new WatchGap
            {
                Reason = GapReason.Damaged,
                Lane = lane.Number,
                First = record.Sequence,
                Last = record.Sequence,
            }
            : null;
        found = new LogEvent(damage is null ? record : default, payload, damage, lane.Number, CursorIn(lane));
        return true;
    }

    /// <summary>Passes a hole.</summary>
    /// <returns>False where it means nothing: a listing's log has them where something was collected, and any where
    /// the power was lost.</returns>
    private bool Report(LogReaderLane lane, out LogEvent found)
    {
        found = default;
        (ulong first, ulong last, bool isDamage) = lane.Hole;
        (ulong skippedFrom, ulong skippedTo) = _control.Skipped(lane.Number);
        bool isSkipped = first > skippedFrom && last <= skippedTo;
        bool isListed = _isListing && last <= lane.ListUntil && !lane.LostSegment;
        lane.PassHole();
        UpdateListing(lane);
        if (isSkipped || (isListed && !isDamage)) return false;
        // Where no segment came or went since the last listing, another one would only meet the same hole.
        bool isNews = lane.LostSegment || _listedOrder != _control.Map.Read(StoreLayout.SegmentOrder);
        if (isNews && !isDamage)
        {
            found = Restart(new WatchGap
            {
                Reason = GapReason.Gone,
                Lane = lane.Number,
                First = first,
                Last = last,
            });
            return true;
        }

        var damage = new WatchGap { Reason = GapReason.Damaged, Lane = lane.Number, First = first, Last = last };
        found = new LogEvent(default, null, damage, lane.Number, CursorIn(lane));
        return true;
    }

    /// <summary>Another record has the number that was passed: the log was lost and rewritten, or, if the last listing
    /// met it too, two records have the same number.</summary>
    private LogEvent Rewritten(LogReaderLane lane)
    {
        ulong at = lane.Position.Sequence;
        return _listedOrder != _control.Map.Read(StoreLayout.SegmentOrder)
            ? Restart(new WatchGap { Reason = GapReason.Rewritten, Lane = lane.Number, First = at, Last = at })
            : new LogEvent(default, null, new WatchGap
            {
                Reason = GapReason.Damaged,
                Lane = lane.Number,
                First = at,
                Last = at,
            }, lane.Number,
                CursorIn(lane));
    }

    /// <returns>True where a new segment may have something for a lane that had nothing.</returns>
    private bool MoveOn()
    {
        (_current, _run) = ((_current + 1) % _lanes.Length, 0);
        return _current == 0 && IsTableNews && Scan();
    }

    private void UpdateListing(LogReaderLane lane)
    {
        if (_isListing && !lane.IsListing) _isListing = Array.Exists(_lanes, other => other.IsListing);
    }

    private Cursor CursorIn(LogReaderLane lane)
    {
        if (_base is null || _baseLane != lane.Number || _base.IsListing != _isListing)
            (_base, _baseLane) = (Snapshot(), lane.Number);
        return new Cursor(_base, lane.Number, lane.Position);
    }

    private CursorBase Snapshot() =>
        new(_control.Superblock.Id, _isListing, Array.ConvertAll(_lanes, lane => lane.Position));
}
