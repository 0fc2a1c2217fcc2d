namespace ArrowCid.Storage;

/// <summary>The open end of a segment that a lane writes.</summary>
internal sealed class Tail(Segment segment, long reserved, uint lastCrc)
{
    public Segment Segment { get; } = segment;

    /// <summary>Where the next record begins.</summary>
    public long Reserved { get; set; } = reserved;

    /// <summary>The checksum of the last committed record, or of the segment's header.</summary>
    public uint LastCrc { get; set; } = lastCrc;
}

/// <summary>A place in the log, and the turn in which it is committed.</summary>
internal sealed class Reservation(Tail tail, long offset, int length, ulong sequence, bool isJumbo)
{
    public Tail Tail { get; } = tail;

    public long Offset { get; } = offset;

    public int Length { get; } = length;

    public ulong Sequence { get; } = sequence;

    public bool IsJumbo { get; } = isJumbo;

    public long Extent => Layout.RecordBytes(Length);

    public bool IsQueued { get; set; } = true;

    public Reservation? Before { get; set; }

    public Reservation? After { get; set; }
}

/// <summary>Space and turns. Everything here runs under the lane's gate.</summary>
internal sealed partial class Lane
{
    // A block above a quarter of a segment would waste up to as much at a segment's end; below 4 MiB the rounding of a segment
    // of its own wastes more.
    private const long SmallestJumbo = 4 * Layout.MiB;

    private Reservation Reserve(int length)
    {
        long extent = Layout.RecordBytes(length);
        long segmentBytes = _control.Superblock.SegmentBytes;
        if (extent > segmentBytes - Layout.SegmentRecords || extent > Math.Max(segmentBytes / 4, SmallestJumbo))
            return ReserveJumbo(length, extent);
        while (true)
        {
            if (_data is not null && extent <= _data.Segment.Bytes - _data.Reserved) break;
            // Only a lane with nothing on its way changes segments, so that one segment alone has an open end.
            if (_head is not null) Wait();
            else OpenNextSegment();
        }

        var place = new Reservation(_data, _data.Reserved, length, _sequence, isJumbo: false);
        _data.Reserved += extent;
        return Enqueue(place);
    }

    private Reservation ReserveJumbo(int length, long extent)
    {
        long bytes = Layout.RoundUp(Layout.SegmentRecords + extent, Layout.MiB);
        if (bytes > _control.Superblock.Capacity / 2)
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{_control.Directory}: a block of {length} bytes is over half of the store's capacity of " +
                $"{_control.Superblock.Capacity} bytes; cut it into smaller blocks or make a larger store");
        Segment segment = _maker.Create(Number, SegmentKind.Jumbo, bytes, _sequence);
        var tail = new Tail(segment, Layout.SegmentRecords + extent, segment.Header.Crc);
        return Enqueue(new Reservation(tail, Layout.SegmentRecords, length, _sequence, isJumbo: true));
    }

    private void OpenNextSegment()
    {
        Segment next = _maker.Create(Number, SegmentKind.Data, _control.Superblock.SegmentBytes, _sequence);
        _control.SetLane(Number, Layout.LaneData, ((ulong)next.Generation << 32) | (uint)next.Slot);
        CrashPoint.Pass(CrashStep.S5);
        Tail? old = _data;
        _data = new Tail(next, Layout.SegmentRecords, next.Header.Crc);
        if (old is null) return;
        Seal(old.Segment);
        ReleaseTail(old);
    }

    private void Seal(Segment segment)
    {
        TableWord word = _control.Table(segment.Slot);
        if (word.Generation == segment.Generation && word.State == SegmentState.Open)
            _ = _control.TryChange(segment.Slot, word, word.With(SegmentState.Sealed));
    }

    private Reservation Enqueue(Reservation place)
    {
        _sequence++;
        place.Before = _last;
        if (_last is null) _head = place;
        else _last.After = place;
        return _last = place;
    }

    private void Dequeue(Reservation place)
    {
        if (place.Before is null) _head = place.After;
        else place.Before.After = place.After;
        if (place.After is null) _last = place.Before;
        else place.After.Before = place.Before;
        place.IsQueued = false;
        if (_waiting > 0) Monitor.PulseAll(_gate);
    }

    private void WaitForTurn(Reservation place)
    {
        while (_head != place) Wait();
    }

    private void Wait()
    {
        _waiting++;
        Monitor.Wait(_gate);
        _waiting--;
    }

    /// <summary>Gives a place back that nothing came of: as if it had never been taken where no later one was, else as PAD.</summary>
    private void GiveBack(Reservation place)
    {
        if (_last == place)
        {
            _sequence = place.Sequence;
            Dequeue(place);
            if (place.IsJumbo) DiscardJumbo(place);
            else place.Tail.Reserved = place.Offset;
            return;
        }

        WaitForTurn(place);
        var header = new RecordHeader
        {
            PayloadLength = (ulong)(place.Extent - Layout.RecordHeaderBytes),
            Kind = (ushort)RecordKind.Pad,
            Sequence = place.Sequence,
            TimeNanoseconds = Clock.NowNanoseconds(),
            PreviousCrc = place.Tail.LastCrc,
        };
        header.WriteTo(place.Tail.Segment, place.Offset);
        Advance(place, header.Crc, header.Extent);
    }

    private void EndJumbo(Reservation place)
    {
        Seal(place.Tail.Segment);
        ReleaseTail(place.Tail);
    }

    private void DiscardJumbo(Reservation place)
    {
        _maker.Discard(place.Tail.Segment);
        ReleaseTail(place.Tail);
    }

    private static void ReleaseTail(Tail? tail) => tail?.Segment.Release();
}
