using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The one writer of two chains of segments, one of data and one of facts, with one numbering over both. Threads
/// reserve and fill side by side; numbers, headers, index entries and the committed words follow in turn, because an
/// adopter goes by the first number that is missing: a record indexed beyond a gap would be overwritten while others
/// read it.
/// </summary>
internal sealed partial class WriterLog
{
    /// <summary>The most bytes that a FACT record holds.</summary>
    public const int MaxFactBytes = 1 << 16;

    // The number of places reserved together: what PutMany withholds from others while it fills them.
    private const int MaxMany = 256;

    // The number of REFs that share one pending write.
    private const int MaxAnnounced = 512;

    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly BlockIndex _index;
    private readonly IndexGrowth _growth;
    private readonly SegmentAllocator _maker;
    private readonly Mapping? _wait;
    private readonly TimeSpan _timeout;
    private readonly bool _hashesTogether;
    private readonly object _gate = new();

    private readonly ComparedPlaces _compared;
    private readonly DamageLog _damage;
    private int _waiting;
    private int _running;
    private SegmentAppender? _data;
    private SegmentAppender? _facts;

    // The number that the next record gets, and the last one that is committed.
    private ulong _sequence = 1;
    private ulong _committed;
    private uint _namedIndex;
    private bool _closing;

    private WriterLog(int number, ControlFile control, SegmentSet segments, BlockIndex index, IndexGrowth growth,
        Mapping? wait, StoreSettings settings)
    {
        (Number, _control, _segments, _index, _growth) = (number, control, segments, index, growth);
        (_wait, _timeout) = (wait, settings.Timeout);
        _hashesTogether = settings.HashTogether;
        _durability = control.IsOnDisk ? settings.Durability : Durability.None;
        _maker = new SegmentAllocator(control, segments, index, settings.Timeout);
        _damage = segments.Damage;
        _compared = new ComparedPlaces(_damage);
    }

    public int Number { get; }

    public bool IsOnDisk => _control.IsOnDisk;

    /// <summary>The index that the lane names now.</summary>
    public uint NamedIndex => Volatile.Read(ref _namedIndex);

    /// <summary>Publishes a block, or announces it again where it is known; its facts come first.</summary>
    /// <returns>True where it is new.</returns>
    public bool Put(in PutRequest request, out BlockInfo info)
    {
        PendingWrite turn;
        lock (_gate)
        {
            Enter();
            try
            {
                turn = ReservePut(in request);
            }
            catch
            {
                Leave();
                throw;
            }
        }

        try
        {
            CrashPoint.Pass(CrashStep.P0);
            Fill(turn);
            if (turn.Extent > LeastAhead) CompareAhead(turn.Digest, Payload(turn));
        }
        catch
        {
            lock (_gate)
            {
                Abandon(turn);
                Leave();
            }

            throw;
        }

        lock (_gate)
        {
            try
            {
                turn.IsFilled = true;
                return Finish(turn, out info);
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Like one <see cref="Put"/> for each request in turn, but reserved, filled and committed together. If
    /// one fails, those before it are stored, and those after it may be.</summary>
    /// <returns>How many are new.</returns>
    public int PutMany(ReadOnlySpan<PutRequest> requests, Span<BlockInfo> infos, Span<bool> areNew)
    {
        var turns = new List<PendingWrite>(Math.Min(requests.Length, MaxMany));
        int done = 0, newOnes = 0;
        while (done < requests.Length)
        {
            turns.Clear();
            lock (_gate)
            {
                Enter();
                try
                {
                    ReserveMany(requests[done..], turns);
                }
                catch
                {
                    for (int i = turns.Count - 1; i >= 0; i--) Abandon(turns[i]);
                    Leave();
                    throw;
                }
            }

            CrashPoint.Pass(CrashStep.P0);
            int filled = FillMany(turns, out Exception? error);
            foreach (PendingWrite turn in CollectionsMarshal.AsSpan(turns)[..filled])
            {
                if (turn.Extent > LeastAhead) CompareAhead(turn.Digest, Payload(turn));
            }

            lock (_gate)
            {
                try
                {
                    // Backwards, so that each is the last place when it goes.
                    for (int i = turns.Count - 1; i >= filled; i--) Abandon(turns[i]);
                    turns.RemoveRange(filled, turns.Count - filled);
                    foreach (PendingWrite turn in turns) turn.IsFilled = true;
                    foreach (PendingWrite turn in turns) WaitFor(turn);
                    for (int i = 0; i < filled; i++, done++)
                    {
                        areNew[done] = TryFinish(turns[i], out infos[done], ref error);
                        newOnes += areNew[done] ? 1 : 0;
                    }
                }
                finally
                {
                    Leave();
                }
            }

            if (error is not null) ExceptionDispatchInfo.Throw(error);
        }

        return newOnes;
    }

    /// <summary>Appends one FACT record.</summary>
    /// <param name="facts">What it says.</param>
    /// <param name="movedAt">Of facts that compaction moves: the time that the record is to have; else 0.</param>
    public LogPlace Append(IFactSource facts, ulong movedAt = 0)
    {
        lock (_gate)
        {
            Enter();
            try
            {
                var turn = new PendingWrite
                {
                    Kind = WriteKind.Append,
                    Facts = facts,
                    IsFilled = true,
                    IsQueued = true,
                    MovedAt = movedAt,
                };
                _appends.Add(turn);
                Complete(turn);
                return new LogPlace(Number, turn.Sequence);
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Announces present blocks again, then a fact.</summary>
    /// <returns>False, with nothing written, where one of them is not here.</returns>
    public bool TryAnnounce(ReadOnlySpan<Digest256> digests, IFactSource? facts, out Digest256 missing)
    {
        missing = default;
        var blocks = new LeasedBlock[digests.Length];
        int taken = 0;
        try
        {
            for (; taken < blocks.Length; taken++)
            {
                if (TryLease(in digests[taken], out blocks[taken])) continue;
                missing = digests[taken];
                return false;
            }

            for (int start = 0; start < blocks.Length; start += MaxAnnounced)
            {
                int end = Math.Min(start + MaxAnnounced, blocks.Length);
                lock (_gate)
                {
                    Enter();
                    try
                    {
                        Announce(blocks[start..end], end == blocks.Length ? facts : null);
                    }
                    finally
                    {
                        Leave();
                    }
                }
            }

            if (blocks.Length == 0 && facts is not null) _ = Append(facts);
            return true;
        }
        finally
        {
            for (int i = 0; i < taken; i++) blocks[i].Release();
        }
    }

    /// <summary>Waits for the records that other threads of this handle are committing.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            while (_isLed) Wait();
        }
    }

    /// <summary>Names the current index as the one that this lane publishes to, if it does not yet and no put is at
    /// it.</summary>
    /// <returns>The index's number, or 0 where a put is at work and will see to it.</returns>
    public uint TryFollowIndex()
    {
        if (!Monitor.TryEnter(_gate)) return 0;
        try
        {
            return _closing ? 0 : CurrentIndex().Number;
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }

    /// <summary>Refuses new puts, waits for those at work, and lets the lane go.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
            Monitor.PulseAll(_gate);
            while (_running > 0) Wait();
            _maker.Close();
        }

        try
        {
            Flush();
        }
        catch (ArrowCidException)
        {
            // The control file records it; there is no caller to tell here.
        }

        lock (_gate)
        {
            ReleaseTail(_data);
            ReleaseTail(_facts);
            (_data, _facts) = (null, null);
            _control.SetLane(Number, StoreLayout.LaneOwner, 0);
        }

        _control.Unlock(StoreLayout.LaneLock + Number);
    }

    private static void Fill(PendingWrite turn, bool isHashed = true)
    {
        Mapping map = turn.Tail!.Segment.Map;
        IBlockSource source = turn.Request.Source;
        long payload = turn.Offset + StoreLayout.RecordHeaderBytes;
        int length = source.Length;
        if (StoreLayout.RecordBytes(length) != turn.Extent)
            throw new InvalidOperationException("the source's length has changed since it was first asked for");
        if (isHashed)
        {
            turn.Digest = source.WriteTo(map.WritableBytes(payload, length));
            source.Validate(turn.Digest);
        }
        else
        {
            source.Fill(map.WritableBytes(payload, length));
        }

        int padding = (int)(turn.End - payload) - length;
        map.WritableBytes(payload + length, padding).Clear();
        CrashPoint.Pass(CrashStep.P1);
        CrashPoint.Pass(CrashStep.P2);
    }

    private int FillMany(List<PendingWrite> turns, out Exception? error)
    {
        error = null;
        // They are places of one segment, unless the first is a large block of its own.
        bool isTogether = _hashesTogether && turns.Count > 1 && turns[0].Tail == turns[^1].Tail;
        int filled = 0;
        try
        {
            for (; filled < turns.Count; filled++) Fill(turns[filled], !isTogether);
        }
        catch (Exception e)
        {
            error = e;
        }

        if (!isTogether) return filled;
        HashTogether(CollectionsMarshal.AsSpan(turns)[..filled]);
        return JudgeTogether(CollectionsMarshal.AsSpan(turns)[..filled], ref error);
    }

    /// <returns>How many may be put, from the first on.</returns>
    private static int JudgeTogether(ReadOnlySpan<PendingWrite> turns, ref Exception? error)
    {
        int judged = 0;
        try
        {
            for (; judged < turns.Length; judged++) turns[judged].Request.Source.Validate(turns[judged].Digest);
        }
        catch (Exception e)
        {
            error = e;
        }

        return judged;
    }

    private static void HashTogether(ReadOnlySpan<PendingWrite> turns)
    {
        Span<(long Offset, int Length)> pieces = stackalloc (long, int)[MaxMany];
        Span<Digest256> digests = stackalloc Digest256[MaxMany];
        for (int i = 0; i < turns.Length; i++)
            pieces[i] = (turns[i].Offset + StoreLayout.RecordHeaderBytes, turns[i].Request.Source.Length);
        if (turns.IsEmpty) return;
        Segment segment = turns[0].Tail!.Segment;
        Sha256.HashMany(segment.Map.Bytes(0, (int)segment.Bytes), pieces[..turns.Length], digests);
        for (int i = 0; i < turns.Length; i++) turns[i].Digest = digests[i];
    }

    /// <summary>Announces leased blocks; the leases stay the caller's. Under the gate.</summary>
    private void Announce(LeasedBlock[] blocks, IFactSource? facts)
    {
        PendingWrite turn = Reserve(WriteKind.Announce, blocks.Length * (long)StoreLayout.RecordHeaderBytes);
        (turn.Announced, turn.Facts, turn.IsFilled) = (blocks, facts, true);
        Complete(turn);
        Recycle(turn);
    }

    /// <summary>Sees a put to its end.</summary>
    private bool Finish(PendingWrite turn, out BlockInfo info)
    {
        Complete(turn);
        info = turn.Info;
        bool isNew = turn.IsNew;
        NoteRepaired(turn);
        if (turn.IsToAnnounce)
        {
            try
            {
                Announce(turn.Announced ?? LeaseRepaired(turn), turn.Facts);
            }
            finally
            {
                turn.ReleaseLeases();
            }
        }

        Recycle(turn);
        return isNew;
    }

    private bool TryFinish(PendingWrite turn, out BlockInfo info, ref Exception? error)
    {
        try
        {
            return Finish(turn, out info);
        }
        catch (Exception e)
        {
            error ??= e;
            info = default;
            return false;
        }
    }

    /// <summary>Leases a stored block. One that cannot be leased, or whose record is damaged, counts as absent and is
    /// written again.</summary>
    private bool TryLease(in Digest256 digest, out LeasedBlock block)
    {
        block = default;
        try
        {
            if (!_index.TryFind(in digest, out FoundBlock found) || found.Copy is not null) return false;
            Segment? parent = null;
            long start = 0;
            if (found.Header.RecordKind == RecordKind.View)
            {
                bool isThere = _index.TryFind(in found.Header.SchemaDigest, out FoundBlock whole) &&
                    whole.Copy is null;
                start = isThere ? whole.Offset + StoreLayout.RecordHeaderBytes + (long)found.Header.Rows : 0;
                if (!isThere)
                {
                    found.Segment.Release();
                    return false;
                }

                parent = whole.Segment;
            }

            block = new LeasedBlock(found.Header.ToInfo(), found.Header.Sequence, found.Segment, parent)
            {
                Offset = found.Offset,
                ParentStart = start,
            };
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private void Publish(Segment segment, long offset, in Digest256 digest, bool replace = true)
    {
        ulong hash = _index.Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        if (_index.TryPublish(CurrentIndex(), in digest, hash, entry, replace)) return;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            _ = _growth.Step(this, isNeeded: true);
            if (_index.TryPublish(CurrentIndex(), in digest, hash, entry, replace)) return;
            if (Stopwatch.GetElapsedTime(started) >= _timeout)
                throw new ArrowCidException(ErrorCode.IndexFull,
                    $"{_control.Directory}: the index cannot grow now; free capacity, or close idle writers");
            Thread.Sleep(1);
        }
    }

    /// <summary>
    /// The index to publish to. The lane says which one that is, with a full fence, before the word is read again:
    /// either the janitor that swaps the word sees this lane still at the old index and waits for it, or the lane
    /// sees the new word.
    /// </summary>
    private IndexFile CurrentIndex()
    {
        while (true)
        {
            IndexFiles files = _index.Files;
            IndexFile current = files.Current ?? throw new ArrowCidException(ErrorCode.StoreGone,
                $"{_control.PathOf(StoreLayout.IndexName(files.Pair.Current))} is gone or damaged; " +
                "open the store again, which rebuilds it");
            if (current.Number == _namedIndex) return current;
            _control.SetLane(Number, StoreLayout.LaneIndex, current.Number);
            Volatile.Write(ref _namedIndex, current.Number);
        }
    }

    private void WakeWaiters()
    {
        if (_wait is null || _wait.Read(StoreLayout.WaitFlag) == 0) return;
        // Cleared by the waker: a waiter killed in its sleep costs one useless wake, not one for every later put.
        _ = _wait.Exchange(StoreLayout.WaitFlag, 0);
        _ = _wait.Add(0, 1);
        _wait.WakeAll(0);
    }
}
