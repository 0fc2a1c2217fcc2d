using System.Runtime.ExceptionServices;

namespace ArrowCid.Storage;

/// <summary>Space and turns. Everything here runs under the lane's gate.</summary>
internal sealed partial class WriterLog
{
    private const int MaxSpares = MaxMany;

    // Facts alone stand in no queue: no source keeps them waiting.
    private readonly List<PendingWrite> _appends = [];
    private readonly Stack<PendingWrite> _spares = [];
    private PendingWrite? _head;
    private PendingWrite? _last;
    private bool _isLed;

    private bool HasReady => _head is { IsFilled: true } || _appends.Count > 0;

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_closing, typeof(BlockStore));
        ThrowIfFaulted();
        _running++;
    }

    private void Leave()
    {
        _running--;
        if (_closing) Monitor.PulseAll(_gate);
    }

    private PendingWrite ReservePut(in PutRequest request)
    {
        int length = request.Source.Length;
        long extent = StoreLayout.RecordBytes(length);
        PendingWrite turn = IsForJumbo(extent)
            ? ReserveJumbo(length, extent, isMove: request.Moved is not null)
            : Reserve(WriteKind.Put, extent, isMove: request.Moved is not null);
        (turn.Request, turn.Facts) = (request, request.Facts);
        return turn;
    }

    /// <summary>Reserves for the first request, and for as many more as it can without waiting: the places in hand
    /// keep the segment open that a further one might wait to see exchanged.</summary>
    private void ReserveMany(ReadOnlySpan<PutRequest> requests, List<PendingWrite> turns)
    {
        turns.Add(ReservePut(in requests[0]));
        foreach (ref readonly PutRequest request in requests[1..])
        {
            long extent = StoreLayout.RecordBytes(request.Source.Length);
            if (turns.Count == MaxMany || IsForJumbo(extent) || !HasSpace(extent)) return;
            turns.Add(ReservePut(in request));
        }
    }

    private bool IsForJumbo(long extent) => StoreSizes.IsForJumbo(extent, _control.Superblock.SegmentBytes);

    private PendingWrite Reserve(WriteKind kind, long extent, bool isMove = false)
    {
        for (long started = 0; !HasSpace(extent);)
        {
            // Only a lane with nothing on its way changes segments, so that one segment alone has an open end.
            if (_head is not null || _isLed) Wait();
            else if (_mover != 0 && !isMove) WaitForSpace(_control.Superblock.SegmentBytes, isMove, ref started);
            else if (!TryOpenNextData(isMove)) WaitForSpace(_control.Superblock.SegmentBytes, isMove, ref started);
            ThrowIfFaulted();
        }

        SegmentAppender tail = _data!;
        PendingWrite turn = NewTurn(kind, tail, tail.Reserved, extent);
        tail.Reserved += extent;
        if (tail.Reserved > tail.Segment.Bytes / 2) _maker.Preallocate(Number, tail.Segment);
        return Enqueue(turn);
    }

    private PendingWrite ReserveJumbo(int length, long extent, bool isMove)
    {
        SegmentAppender tail = CreateJumbo(JumboBytes(length, extent));
        if (isMove) BytesBegunByMoves += tail.Segment.Bytes;
        return ReserveJumbo(WriteKind.Put, tail, extent);
    }

    private PendingWrite ReserveJumbo(WriteKind kind, SegmentAppender tail, long extent)
    {
        PendingWrite turn = NewTurn(kind, tail, StoreLayout.SegmentRecords, extent);
        tail.Reserved += extent;
        turn.IsJumbo = true;
        return Enqueue(turn);
    }

    /// <summary>The bytes of a large block's own segment.</summary>
    private long JumboBytes(int length, long extent)
    {
        long bytes = StoreLayout.RoundUp(StoreLayout.SegmentRecords + extent, StoreLayout.MiB);
        if (bytes <= _control.Superblock.Capacity / 2) return bytes;
        throw new ArrowCidException(ErrorCode.TooLarge,
            $"{_control.Directory}: a block of {length} bytes is over half of the store's capacity of " +
            $"{_control.Superblock.Capacity} bytes; cut it into smaller blocks or make a larger store");
    }

    private SegmentAppender CreateJumbo(long bytes)
    {
        // Its number comes with its turn; what is committed by now is below it.
        Segment? segment;
        for (long started = 0; ;)
        {
            segment = _maker.TryCreate(Number, SegmentKind.Jumbo, bytes, _committed + 1);
            if (segment is not null) break;
            WaitForSpace(bytes, isMove: false, ref started);
        }

        return new SegmentAppender(segment, StoreLayout.SegmentRecords, segment.Header.Crc);
    }

    /// <summary>At a turn, with every record before it committed.</summary>
    private void OpenNextFacts()
    {
        SegmentAppender? old = _facts;
        Segment next =
            _maker.Create(Number, SegmentKind.Facts, _control.Superblock.FactSegmentBytes, _committed + 1);
        _facts = NewTail(next, StoreLayout.LaneFacts);
        End(old);
    }

    private SegmentAppender NewTail(Segment next, int field)
    {
        _control.SetLane(Number, field, ((ulong)next.Generation << 32) | (uint)next.Slot);
        CrashPoint.Pass(CrashStep.S5);
        return new SegmentAppender(next, StoreLayout.SegmentRecords, next.Header.Crc);
    }

    private void End(SegmentAppender? old)
    {
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

    private PendingWrite NewTurn(WriteKind kind, SegmentAppender tail, long offset, long extent)
    {
        PendingWrite turn = _spares.TryPop(out PendingWrite? spare) ? spare : new PendingWrite();
        (turn.Kind, turn.Tail, turn.Offset, turn.Extent) = (kind, tail, offset, extent);
        return turn;
    }

    private void Recycle(PendingWrite turn)
    {
        turn.Reset();
        if (_spares.Count < MaxSpares) _spares.Push(turn);
    }

    private PendingWrite Enqueue(PendingWrite turn)
    {
        (turn.Before, turn.After) = (_last, null);
        if (_last is null) _head = turn;
        else _last.After = turn;
        turn.IsQueued = true;
        return _last = turn;
    }

    private void Dequeue(PendingWrite turn)
    {
        turn.IsQueued = false;
        if (turn.Kind == WriteKind.Append)
        {
            _ = _appends.Remove(turn);
        }
        else
        {
            if (turn.Before is null) _head = turn.After;
            else turn.Before.After = turn.After;
            if (turn.After is null) _last = turn.Before;
            else turn.After.Before = turn.Before;
            (turn.Before, turn.After) = (null, null);
        }

        if (_waiting > 0) Monitor.PulseAll(_gate);
    }

    /// <summary>Waits until a filled turn is committed, by whichever thread; by this one where no other is at
    /// it.</summary>
    private void Complete(PendingWrite turn)
    {
        WaitFor(turn);
        if (turn.Error is { } error) ExceptionDispatchInfo.Throw(error);
    }

    private void WaitFor(PendingWrite turn)
    {
        while (turn.IsQueued)
        {
            if (_isFaulted && !_isLed) Drop(turn);
            else if (_isLed || !HasReady) Wait();
            else CommitAsLeader(turn);
        }
    }

    private void Wait()
    {
        _waiting++;
        Monitor.Wait(_gate);
        _waiting--;
    }

    /// <summary>Gives a place back that nothing came of: as if it had never been taken where no later one was, else
    /// it becomes PAD in its turn.</summary>
    private void Abandon(PendingWrite turn)
    {
        if (TryTakeBack(turn) || _isFaulted) return;
        (turn.Kind, turn.IsFilled) = (WriteKind.Pad, true);
        if (!_isLed && !_isFaulted && HasReady) CommitAsLeader(turn);
    }

    private bool TryTakeBack(PendingWrite turn)
    {
        if (turn.IsJumbo)
        {
            _maker.Discard(turn.Tail!.Segment);
            ReleaseTail(turn.Tail);
        }
        else if (turn.IsLastPlace)
        {
            // A header that stands there already would be taken over by the next owner.
            turn.Tail!.Segment.Map.Write(turn.Offset, 0);
            turn.Tail.Reserved = turn.Offset;
        }
        else
        {
            return false;
        }

        Dequeue(turn);
        return true;
    }

    private static void ReleaseTail(SegmentAppender? tail) => tail?.Segment.Release();
}
