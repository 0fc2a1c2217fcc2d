using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a put is told of its block.</summary>
internal readonly record struct PutRequest(
    RecordKind Kind, uint Codec, IBlockSource Source, Digest256 SchemaDigest, long Rows, RecordFlags Flags);

/// <summary>
/// The one writer of a chain of segments. Threads reserve and fill side by side; headers, index entries and the
/// committed word follow in log order, because an adopter goes by the first record that is missing: a record indexed
/// beyond a gap would be overwritten while others read it.
/// </summary>
internal sealed partial class Lane
{
    private readonly ControlFile _control;
    private readonly SegmentSet _segments;
    private readonly BlockIndex _index;
    private readonly IndexGrowth _growth;
    private readonly SegmentMaker _maker;
    private readonly Mapping? _wait;
    private readonly TimeSpan _timeout;
    private readonly object _gate = new();

    private Reservation? _head;
    private Reservation? _last;
    private int _waiting;
    private int _running;
    private Tail? _data;
    private ulong _sequence = 1;
    private uint _namedIndex;
    private bool _closing;

    private Lane(int number, ControlFile control, SegmentSet segments, BlockIndex index, IndexGrowth growth,
        Mapping? wait, TimeSpan timeout)
    {
        (Number, _control, _segments, _index, _growth) = (number, control, segments, index, growth);
        (_wait, _timeout) = (wait, timeout);
        _maker = new SegmentMaker(control, segments, index, timeout);
    }

    public int Number { get; }

    /// <summary>Publishes a block, or announces it again where it is known.</summary>
    /// <returns>True where it is new.</returns>
    public bool Put(in PutRequest request, out BlockInfo info)
    {
        Reservation? place = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(BlockStore));
            _running++;
        }

        try
        {
            lock (_gate) place = Reserve(request.Source.Length);
            CrashPoint.Pass(CrashStep.P0);
            Mapping map = place.Tail.Segment.Map;
            long payload = place.Offset + Layout.RecordHeaderBytes;
            Digest256 digest = request.Source.WriteTo(map.WritableBytes(payload, place.Length));
            int padding = (int)(place.Extent - Layout.RecordHeaderBytes - place.Length);
            map.WritableBytes(payload + place.Length, padding).Clear();
            CrashPoint.Pass(CrashStep.P1);
            CrashPoint.Pass(CrashStep.P2);
            lock (_gate)
            {
                WaitForTurn(place);
                return Commit(place, in request, in digest, out info);
            }
        }
        finally
        {
            lock (_gate)
            {
                if (place is { IsQueued: true }) GiveBack(place);
                _running--;
                if (_waiting > 0) Monitor.PulseAll(_gate);
            }
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

    /// <summary>The index that the lane names now.</summary>
    public uint NamedIndex => Volatile.Read(ref _namedIndex);

    /// <summary>Refuses new puts, waits for those at work, and lets the lane go.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closing = true;
            while (_running > 0) Wait();
            ReleaseTail(_data);
            _data = null;
            _control.SetLane(Number, Layout.LaneOwner, 0);
        }

        _control.Unlock(Layout.LaneLock + Number);
    }

    private bool Commit(Reservation place, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        bool isKnown = TryFindKnown(in digest, out FoundBlock known);
        CrashPoint.Pass(CrashStep.P3);
        if (isKnown)
        {
            try
            {
                info = known.Header.ToInfo();
                GiveBack(place);
                AppendRef(in known.Header);
                return false;
            }
            finally
            {
                known.Segment.Release();
            }
        }

        var header = new RecordHeader
        {
            PayloadLength = (ulong)place.Length,
            Kind = (ushort)request.Kind,
            Flags = (ushort)request.Flags,
            Codec = request.Codec,
            Digest = digest,
            SchemaDigest = request.SchemaDigest,
            Rows = (ulong)request.Rows,
            Sequence = place.Sequence,
            TimeNanoseconds = Clock.NowNanoseconds(),
            PreviousCrc = place.Tail.LastCrc,
        };
        header.WriteTo(place.Tail.Segment, place.Offset);
        CrashPoint.Pass(CrashStep.P4);
        Publish(place.Tail.Segment, place.Offset, in digest);
        CrashPoint.Pass(CrashStep.P5);
        Advance(place, header.Crc, header.Extent);
        info = header.ToInfo();
        return true;
    }

    /// <summary>P3. A block that cannot be leased, or whose record is damaged, is written anew.</summary>
    private bool TryFindKnown(in Digest256 digest, out FoundBlock known)
    {
        try
        {
            return _index.TryFind(in digest, out known) && known.Copy is null;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            known = default;
            return false;
        }
    }

    private void AppendRef(in RecordHeader known)
    {
        Reservation place = Reserve(0);
        WaitForTurn(place);
        var header = new RecordHeader
        {
            PayloadLength = known.PayloadLength,
            Kind = (ushort)RecordKind.Ref,
            Codec = known.Codec,
            Digest = known.Digest,
            SchemaDigest = known.SchemaDigest,
            Rows = known.Rows,
            Sequence = place.Sequence,
            TimeNanoseconds = Clock.NowNanoseconds(),
            PreviousCrc = place.Tail.LastCrc,
        };
        header.WriteTo(place.Tail.Segment, place.Offset);
        Advance(place, header.Crc, header.Extent);
    }

    private void Publish(Segment segment, long offset, in Digest256 digest)
    {
        ulong hash = _index.Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        long started = Stopwatch.GetTimestamp();
        while (!_index.TryPublish(CurrentIndex(), in digest, hash, entry, replace: true))
        {
            _ = _growth.Step(this, isNeeded: true);
            if (_index.TryPublish(CurrentIndex(), in digest, hash, entry, replace: true)) return;
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
                $"{_control.PathOf(Layout.IndexName(files.Pair.Current))} is gone or damaged; " +
                "open the store again, which rebuilds it");
            if (current.Number == _namedIndex) return current;
            _control.SetLane(Number, Layout.LaneIndex, current.Number);
            Volatile.Write(ref _namedIndex, current.Number);
        }
    }

    /// <summary>P6 and P7: the record is announced, and whoever waits is woken.</summary>
    private void Advance(Reservation place, uint crc, long extent)
    {
        Segment segment = place.Tail.Segment;
        place.Tail.LastCrc = crc;
        segment.Map.Write(Layout.SegmentLastRecord, (ulong)place.Offset);
        _control.HintLane(Number, Layout.LaneSequence, place.Sequence);
        // The exchange is the full fence between the committed word and the waiters' flag.
        segment.Map.Exchange(Layout.SegmentCommitted, (ulong)(place.Offset + extent));
        CrashPoint.Pass(CrashStep.P6);
        Dequeue(place);
        if (place.IsJumbo) EndJumbo(place);
        WakeWaiters();
        CrashPoint.Pass(CrashStep.P7);
    }

    private void WakeWaiters()
    {
        if (_wait is null || _wait.Read(Layout.WaitFlag) == 0) return;
        // Cleared by the waker: a waiter killed in its sleep costs one useless wake, not one for every later put.
        _ = _wait.Exchange(Layout.WaitFlag, 0);
        _ = _wait.Add(0, 1);
        _wait.WakeAll(0);
    }
}
