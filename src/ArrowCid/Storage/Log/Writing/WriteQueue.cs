using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>The pending writes in the order of their places. Under the gate.</summary>
internal sealed class WriteQueue(WriterState state)
{
    private const int MaxSpares = WriterState.MaxMany;

    private readonly Stack<PendingWrite> _spares = [];
    private PendingWrite? _last;

    /// <summary>The first write that has a place.</summary>
    public PendingWrite? Head { get; private set; }

    /// <summary>Writes of facts alone, which stand in no queue: no source keeps them waiting.</summary>
    public List<PendingWrite> Appends { get; } = [];

    public bool HasReady => Head is { IsFilled: true } || Appends.Count > 0;

    /// <summary>Takes a turn out of the queue of a faulted lane.</summary>
    public void Drop(PendingWrite turn)
    {
        turn.Error ??= state.Faulted();
        if (turn.Kind == WriteKind.Put) turn.ReleaseLeases();
        Dequeue(turn);
        // The next owner deletes its segment.
        if (turn.IsJumbo) WriterState.ReleaseTail(turn.Tail);
    }

    public PendingWrite NewTurn(WriteKind kind, SegmentAppender tail, long offset, long extent)
    {
        PendingWrite turn = _spares.TryPop(out PendingWrite? spare) ? spare : new PendingWrite();
        Debug.Assert(Monitor.IsEntered(state.Gate));
        Debug.Assert(turn is { IsQueued: false, Error: null, Announced: null, Transaction: null }, "a spare is as new");
        Debug.Assert(extent > 0 && extent % StoreLayout.RecordAlignment == 0);
        Debug.Assert(offset % StoreLayout.RecordAlignment == 0);
        (turn.Kind, turn.Tail, turn.Offset, turn.Extent) = (kind, tail, offset, extent);
        return turn;
    }

    public void Recycle(PendingWrite turn)
    {
        Debug.Assert(!turn.IsQueued && turn.Before is null && turn.After is null, "no queue has a spare");
        turn.Reset();
        if (_spares.Count < MaxSpares) _spares.Push(turn);
    }

    public PendingWrite Enqueue(PendingWrite turn)
    {
        Debug.Assert(Monitor.IsEntered(state.Gate) && !turn.IsQueued);
        Debug.Assert((Head is null) == (_last is null) && _last?.After is null);
        Debug.Assert(_last is null || _last.Tail != turn.Tail || _last.End <= turn.Offset,
            "writes are queued in the order of their places");
        (turn.Before, turn.After) = (_last, null);
        if (_last is null) Head = turn;
        else _last.After = turn;
        turn.IsQueued = true;
        return _last = turn;
    }

    private void Dequeue(PendingWrite turn)
    {
        Debug.Assert(Monitor.IsEntered(state.Gate) && turn.IsQueued, "a write leaves the queue once");
        Debug.Assert(turn.Kind == WriteKind.Append || (turn.Before is null) == (turn == Head));
        Debug.Assert(turn.Kind == WriteKind.Append || (turn.After is null) == (turn == _last));
        turn.IsQueued = false;
        if (turn.Kind == WriteKind.Append)
        {
            _ = Appends.Remove(turn);
        }
        else
        {
            if (turn.Before is null) Head = turn.After;
            else turn.Before.After = turn.After;
            if (turn.After is null) _last = turn.Before;
            else turn.After.Before = turn.Before;
            (turn.Before, turn.After) = (null, null);
        }

        if (state.Waiting > 0) Monitor.PulseAll(state.Gate);
    }

    public bool TryTakeBack(PendingWrite turn)
    {
        if (turn.IsJumbo)
        {
            state.Allocator.Discard(turn.Tail!.Segment);
            WriterState.ReleaseTail(turn.Tail);
        }
        else if (turn.IsLastPlace)
        {
            Debug.Assert(turn.Tail!.Committed <= turn.Offset, "no committed record is taken back");
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

    public void End(PendingWrite turn)
    {
        if (turn.Kind == WriteKind.Put && !turn.IsToAnnounce) turn.ReleaseLeases();
        Dequeue(turn);
        if (!turn.IsJumbo) return;
        state.Seal(turn.Tail!.Segment);
        WriterState.ReleaseTail(turn.Tail);
    }

    /// <summary>A turn that cannot be carried out: its place, if it has one, becomes PAD in the next group.</summary>
    public void Fail(PendingWrite turn, Exception error)
    {
        turn.Error = error;
        if (turn.Kind == WriteKind.Put) turn.ReleaseLeases();
        if (turn.Kind == WriteKind.Append) Dequeue(turn);
        else if (!TryTakeBack(turn)) turn.Kind = WriteKind.Pad;
    }
}
