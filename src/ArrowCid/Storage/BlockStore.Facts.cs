using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a registry of facts is built on.</summary>
internal sealed partial class BlockStore
{
    // A clock's step: 48 bits of milliseconds over 16 of a counter.
    private const int ClockCounterBits = 16;

    private const string Collection = "collection";

    private readonly NameLocks _names;

    /// <summary>Appends one FACT record, which is committed once this returns.</summary>
    public LogPlace Append(IFactSource facts)
    {
        EnterToWrite();
        return OwnLane().Puts.Append(facts);
    }

    /// <summary>Announces present blocks again, and then a fact: once the fact is committed, nothing dropped before
    /// keeps them from being found.</summary>
    /// <param name="digests">The blocks.</param>
    /// <param name="facts">The fact, or null.</param>
    /// <param name="missing">A block that is not here.</param>
    /// <returns>False, with nothing written, where one is not here.</returns>
    public bool TryAnnounce(ReadOnlySpan<Digest256> digests, IFactSource? facts, out Digest256 missing)
    {
        EnterToWrite();
        return OwnLane().Puts.TryAnnounce(digests, facts, out missing);
    }

    /// <summary>The last number that each lane has committed: what was acknowledged before the call is at or before
    /// them.</summary>
    public ulong[] Marks()
    {
        using LogReader tail = Tail(Cursor.Now, TailScope.All);
        Cursor end = tail.Position;
        return Enumerable.Range(0, _control.Superblock.Lanes).Select(lane => end.At(lane).Sequence).ToArray();
    }

    /// <summary>The last number of each lane of which a record is there now: what a mark read before says beyond it was
    /// collected. The greatest number where a segment cannot be asked.</summary>
    public ulong[] PresentMarks()
    {
        Enter();
        var present = new ulong[_control.Superblock.Lanes];
        foreach (SegmentPlace place in Places(null).Where(place => place.Word.Lane < present.Length))
        {
            SegmentAccess access = _segments.TryAcquire(place.Word, place.Slot, out Segment? segment);
            ulong last = ulong.MaxValue;
            if (access == SegmentAccess.Ready)
            {
                last = LogReader.LastOrBefore(segment!).Sequence;
                segment!.Release();
            }
            else if (_control.Table(place.Slot) != place.Word)
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
        Enter();
        foreach (SegmentPlace place in Places(null).Where(place => place.Kind == SegmentKind.Facts))
        {
            Enter();
            if (_segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) continue;
            try
            {
                var walk = new LogWalk(segment!);
                while (walk.MoveNext())
                {
                    RecordHeader record = walk.Record;
                    if (record.RecordKind != RecordKind.Fact || record.PayloadLength > WriterState.MaxFactBytes)
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

    /// <summary>
    /// Sees to it that no record which has its header now can be committed later: what a dead writer left is taken
    /// over, what a living one is at is waited for.
    /// </summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a writer was still at it at the
    /// deadline.</exception>
    public void CatchUp(TimeSpan deadline)
    {
        EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        foreach (OpenEnd end in UnfinishedEnds())
        {
            for (int pause = 0; IsUnfinished(end) && !TryAdopt(end.Lane); pause = Math.Min(pause + 1, 10))
            {
                if (Stopwatch.GetElapsedTime(started) >= deadline)
                    throw new ArrowCidException(ErrorCode.Busy, $"{Directory}: process " +
                        $"{_control.Lane(end.Lane, StoreLayout.LaneOwner)} does not finish what it is committing; " +
                        "try " +
                        "again, or end that process");
                Thread.Sleep(pause);
            }
        }
    }

    /// <summary>Locks a name, of which the hash is given, against every other thread and process.</summary>
    /// <returns>The lock, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another one had it until the
    /// deadline.</exception>
    public IDisposable LockName(uint hash, TimeSpan deadline)
    {
        EnterToWrite();
        return _names.Take(hash, deadline);
    }

    /// <summary>The next reading of the store's hybrid clock: 48 bits of milliseconds since 1970, 16 of a counter. No
    /// two calls of any process get the same, and each is later than what <see cref="ObserveTime"/> was told.</summary>
    public ulong NextTime()
    {
        EnterToWrite();
        ulong wall = (ulong)Clock.GetUtcNow().ToUnixTimeMilliseconds() << ClockCounterBits;
        while (true)
        {
            ulong last = _control.Map.Read(StoreLayout.ClockWord);
            ulong next = Math.Max(last + 1, wall);
            if (_control.Map.CompareExchange(StoreLayout.ClockWord, next, last) == last) return next;
        }
    }

    /// <summary>Advances the clock to a reading seen elsewhere.</summary>
    public void ObserveTime(ulong time)
    {
        EnterToWrite();
        while (true)
        {
            ulong last = _control.Map.Read(StoreLayout.ClockWord);
            if (last >= time || _control.Map.CompareExchange(StoreLayout.ClockWord, time, last) == last) return;
        }
    }

    /// <summary>The sweep word, after a full fence: odd while a drop is being decided, and never again what it was
    /// before a drop.</summary>
    public ulong ReadSweep()
    {
        Enter();
        Interlocked.MemoryBarrier();
        return _control.Map.Read(StoreLayout.SweepWord);
    }

    /// <summary>The sweep word as it is now: another one than before, and even, once a drop was acknowledged.</summary>
    public ulong SweepWord => _control.Map.Read(StoreLayout.SweepWord);

    /// <summary>Becomes the janitor, for this thread to end.</summary>
    /// <returns>Null if another holder keeps it until the deadline.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: what a dead janitor was dropping cannot be
    /// settled by the deadline.</exception>
    public MaintenanceLockScope? TryBecomeJanitor(TimeSpan deadline)
    {
        EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        bool waited = false;
        for (int pause = 0; !_control.Janitor.TryEnter(); pause = Math.Min(pause + 1, 10))
        {
            TimeSpan took = Stopwatch.GetElapsedTime(started);
            if (took >= deadline)
            {
                if (pause > 0) _control.Reporter.LockWaited(Collection, took);
                return null;
            }

            Thread.Sleep(pause);
            waited = true;
        }

        if (waited) _control.Reporter.LockWaited(Collection, Stopwatch.GetElapsedTime(started));

        var term = new MaintenanceLockScope(_control);
        try
        {
            if ((_control.Map.Read(StoreLayout.SweepWord) & 1) == 0) return term;
            // The last janitor died at a drop. Either that is committed now, or it never is; only then may the word
            // say that none is on its way.
            CatchUp(deadline);
            term.EndSweep();
            return term;
        }
        catch
        {
            term.Dispose();
            throw;
        }
    }

    /// <summary>Begins to fill this store with blocks and facts that carry times of their own: nothing is dropped
    /// until it ends.</summary>
    /// <returns>A scope that ends the bulk load when disposed, on any thread.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a sweep runs until the deadline.</exception>
    public BulkLoadScope BeginFilling()
    {
        EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; !_control.Filling.TryBegin(); pause = Math.Min(pause + 1, 10))
        {
            Enter();
            if (Stopwatch.GetElapsedTime(started) >= _settings.Timeout)
                throw new ArrowCidException(ErrorCode.Busy,
                    $"{Directory}: another process or thread is cleaning up; try again");
            Thread.Sleep(pause);
        }

        return new BulkLoadScope(_control.Filling);
    }

    /// <summary>Keeps bulk loads out during a sweep of the janitor.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: it is being filled.</exception>
    public CollectionBarrier BlockBulkLoads() => _control.Filling.TryBeginSweep()
        ? new CollectionBarrier(_control.Filling)
        : throw new ArrowCidException(ErrorCode.Busy,
            $"{Directory} is being restored, and what that needs is not known before it is there; " +
            "try again when it is done");

    /// <summary>Throws where a put would not even begin.</summary>
    public void EnterToWrite()
    {
        Enter();
        ThrowIfReadOnly();
    }

    /// <summary>Whether the lane was free, and has no unfinished record any more.</summary>
    private bool TryAdopt(int number)
    {
        // One description does not keep the handle's own threads apart.
        lock (_laneGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_lane?.Number == number)
            {
                _lane.Drain();
                return true;
            }

            WriterLog? lane = WriterAdoption.TryTake(number, _control, _segments, _index, _growth, _wait, _settings);
            lane?.Close();
            return lane is not null;
        }
    }

    /// <summary>The open ends at which a record stands that is not committed.</summary>
    private List<OpenEnd> UnfinishedEnds()
    {
        var newest = new Dictionary<(int Lane, SegmentKind Kind), (OpenEnd End, ulong Order)>();
        var found = new List<OpenEnd>();
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            if (word.State != SegmentState.Open) continue;
            (ulong order, SegmentKind kind) = _control.Details(slot);
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
        if (_control.Table(end.Slot) != end.Word || _control.IsFaulted(end.Lane)) return none;
        if (_segments.TryAcquire(end.Word, end.Slot, out Segment? segment) != SegmentAccess.Ready) return none;
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

    private readonly record struct OpenEnd(int Slot, TableWord Word, long Position)
    {
        public int Lane => Word.Lane;
    }
}
