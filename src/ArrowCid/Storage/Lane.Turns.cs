using System.Runtime.ExceptionServices;

namespace ArrowCid.Storage;

/// <summary>Space and turns. Everything here runs under the lane's gate.</summary>
internal sealed partial class Lane
{
    private const int MaxSpares = MaxMany;

    // Facts alone stand in no queue: no source keeps them waiting.
    private readonly List<Turn> _appends = [];
    private readonly Stack<Turn> _spares = [];
    private Turn? _head;
    private Turn? _last;
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

    private Turn ReservePut(in PutRequest request)
    {
        int length = request.Source.Length;
        long extent = Layout.RecordBytes(length);
        Turn turn = IsForJumbo(extent)
            ? ReserveJumbo(length, extent)
            : Reserve(TurnKind.Put, extent, isMove: request.Moved is not null);
        (turn.Request, turn.Facts) = (request, request.Facts);
        return turn;
    }

    /// <summary>Reserves for the first request, and for as many more as it can without waiting: the places in hand
    /// keep the segment open that a further one might wait to see exchanged.</summary>
    private void ReserveMany(ReadOnlySpan<PutRequest> requests, List<Turn> turns)
    {
        turns.Add(ReservePut(in requests[0]));
        foreach (ref readonly PutRequest request in requests[1..])
        {
            long extent = Layout.RecordBytes(request.Source.Length);
            if (turns.Count == MaxMany || IsForJumbo(extent) || !HasRoom(extent)) return;
            turns.Add(ReservePut(in request));
        }
    }

    private bool IsForJumbo(long extent) => StoreSizes.IsForJumbo(extent, _control.Superblock.SegmentBytes);

    private Turn Reserve(TurnKind kind, long extent, bool isMove = false)
    {
        for (long started = 0; !HasRoom(extent);)
        {
            // Only a lane with nothing on its way changes segments, so that one segment alone has an open end.
            if (_head is not null || _isLed) Wait();
            else if (_mover != 0 && !isMove) WaitForRoom(_control.Superblock.SegmentBytes, isMove, ref started);
            else if (!TryOpenNextData(isMove)) WaitForRoom(_control.Superblock.SegmentBytes, isMove, ref started);
            ThrowIfFaulted();
        }

        Tail tail = _data!;
        Turn turn = NewTurn(kind, tail, tail.Reserved, extent);
        tail.Reserved += extent;
        if (tail.Reserved > tail.Segment.Bytes / 2) _maker.Prepare(Number, tail.Segment);
        return Enqueue(turn);
    }

    private Turn ReserveJumbo(int length, long extent)
    {
        Tail tail = CreateJumbo(JumboBytes(length, extent));
        return ReserveJumbo(TurnKind.Put, tail, extent);
    }

    private Turn ReserveJumbo(TurnKind kind, Tail tail, long extent)
    {
        Turn turn = NewTurn(kind, tail, Layout.SegmentRecords, extent);
        tail.Reserved += extent;
        turn.IsJumbo = true;
        return Enqueue(turn);
    }

    /// <summary>The bytes of a large block's own segment.</summary>
    private long JumboBytes(int length, long extent)
    {
        long bytes = Layout.RoundUp(Layout.SegmentRecords + extent, Layout.MiB);
        if (bytes <= _control.Superblock.Capacity / 2) return bytes;
        throw new ArrowCidException(ErrorCode.TooLarge,
            $"{_control.Directory}: a block of {length} bytes is over half of the store's capacity of " +
            $"{_control.Superblock.Capacity} bytes; cut it into smaller blocks or make a larger store");
    }

    private Tail CreateJumbo(long bytes)
    {
        // Its number comes with its turn; what is committed by now is below it.
        Segment? segment;
        for (long started = 0; ;)
        {
            segment = _maker.TryCreate(Number, SegmentKind.Jumbo, bytes, _committed + 1);
            if (segment is not null) break;
            WaitForRoom(bytes, isMove: false, ref started);
        }

        return new Tail(segment, Layout.SegmentRecords, segment.Header.Crc);
    }

    /// <summary>At a turn, with every record before it committed.</summary>
    private void OpenNextFacts()
    {
        Tail? old = _facts;
        Segment next =
            _maker.Create(Number, SegmentKind.Facts, _control.Superblock.FactSegmentBytes, _committed + 1);
        _facts = NewTail(next, Layout.LaneFacts);
        End(old);
    }

    private Tail NewTail(Segment next, int field)
    {
        _control.SetLane(Number, field, ((ulong)next.Generation << 32) | (uint)next.Slot);
        CrashPoint.Pass(CrashStep.S5);
        return new Tail(next, Layout.SegmentRecords, next.Header.Crc);
    }

    private void End(Tail? old)
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

    private Turn NewTurn(TurnKind kind, Tail tail, long offset, long extent)
    {
        Turn turn = _spares.TryPop(out Turn? spare) ? spare : new Turn();
        (turn.Kind, turn.Tail, turn.Offset, turn.Extent) = (kind, tail, offset, extent);
        return turn;
    }

    private void Recycle(Turn turn)
    {
        turn.Reset();
        if (_spares.Count < MaxSpares) _spares.Push(turn);
    }

    private Turn Enqueue(Turn turn)
    {
        (turn.Before, turn.After) = (_last, null);
        if (_last is null) _head = turn;
        else _last.After = turn;
        turn.IsQueued = true;
        return _last = turn;
    }

    private void Dequeue(Turn turn)
    {
        turn.IsQueued = false;
        if (turn.Kind == TurnKind.Append)
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
    private void Complete(Turn turn)
    {
        WaitFor(turn);
        if (turn.Error is { } error) ExceptionDispatchInfo.Throw(error);
    }

    private void WaitFor(Turn turn)
    {
        while (turn.IsQueued)
        {
            if (_isFaulted && !_isLed) Drop(turn);
            else if (_isLed || !HasReady) Wait();
            else Lead(turn);
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
    private void Abandon(Turn turn)
    {
        if (TryTakeBack(turn) || _isFaulted) return;
        (turn.Kind, turn.IsFilled) = (TurnKind.Pad, true);
        if (!_isLed && !_isFaulted && HasReady) Lead(turn);
    }

    private bool TryTakeBack(Turn turn)
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

    private static void ReleaseTail(Tail? tail) => tail?.Segment.Release();
}
