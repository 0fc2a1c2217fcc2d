using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>Places for records, and the segments that give them. Under the gate.</summary>
internal sealed class LogSpace(WriterState state, WriteQueue queue)
{
    private const int LongestPause = 20;

    /// <summary>Gives up the preallocated segment because space is needed.</summary>
    public void GiveUpPrepared() => _ = state.Allocator.TryGiveUpPrepared();

    /// <summary>Begins a small data segment after the newest one, which is sealed and may then be removed: the header
    /// of the next segment says where the lane's numbers go on.</summary>
    /// <returns>False where records are in progress, where the given segment is not the newest any more, or where there
    /// is no space.</returns>
    public bool TryBeginNext(SegmentPlace newest)
    {
        lock (state.Gate)
        {
            if (state.IsClosing || queue.Head is not null || state.HasLeader || state.Mover != 0 ||
                state.Control.IsFaulted(state.Number)) return false;
            bool isNewest = state.Data is not { } open ||
                (open.Segment.Slot == newest.Slot && open.Segment.Generation == newest.Word.Generation);
            return isNewest && TryOpenNextData(StoreLayout.SmallSegmentBytes, forCleanUp: true);
        }
    }

    /// <summary>Whether the open segment has space for a reservation of this thread.</summary>
    private bool HasSpace(long extent) =>
        state.Data?.HasSpace(extent) == true && (state.Mover == 0 || state.Mover == Environment.CurrentManagedThreadId);

    /// <summary>Creates the next data segment if there is space for one.</summary>
    private bool TryOpenNextData(bool isMove)
    {
        long bytes = state.Control.Superblock.SegmentBytes;
        if (!TryOpenNextData(bytes, forCleanUp: false))
        {
            // What is kept back serves this one purpose, or a full store could not shrink.
            if (!isMove || !TryOpenNextData(bytes, forCleanUp: true)) return false;
            state.Mover = Environment.CurrentManagedThreadId;
        }

        if (isMove) state.BytesBegunByMoves += bytes;
        return true;
    }

    private bool TryOpenNextData(long bytes, bool forCleanUp)
    {
        Segment? next = state.Allocator.TryCreate(state.Number, SegmentKind.Data, bytes, state.Committed + 1,
            forCleanUp);
        if (next is null) return false;
        Debug.Assert(queue.Head is null && !state.HasLeader, "a lane changes its data segment with nothing on its way");
        SegmentAppender? old = state.Data;
        state.Data = state.NewTail(next, StoreLayout.LaneData);
        state.End(old);
        return true;
    }

    /// <summary>Waits, with the gate released, until space is freed, and requests it from this process too.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: no space was freed before the
    /// deadline.</exception>
    public void WaitForSpace(long bytes, bool isMove, ref long started)
    {
        ObjectDisposedException.ThrowIf(state.IsClosing, typeof(BlockStore));
        if (started == 0) started = Stopwatch.GetTimestamp();
        // The thread that frees space must not wait.
        if (isMove || Stopwatch.GetElapsedTime(started) >= state.Timeout) throw state.Allocator.Refusal(bytes);
        state.Segments.Pressure.Request(bytes);
        state.Waiting++;
        // Longer pauses drift apart from those of others in the same need.
        _ = Monitor.Wait(state.Gate, Random.Shared.Next(1, LongestPause));
        state.Waiting--;
    }

    public PendingWrite ReservePut(in PutRequest request)
    {
        int length = request.Source.Length;
        long extent = StoreLayout.RecordBytes(length);
        PendingWrite turn = state.IsForJumbo(extent)
            ? ReserveJumbo(length, extent, isMove: request.Moved is not null)
            : Reserve(WriteKind.Put, extent, isMove: request.Moved is not null);
        (turn.Request, turn.Facts) = (request, request.Facts);
        return turn;
    }

    /// <summary>Reserves for the first request, and for as many more as it can without waiting: the places in hand
    /// keep the segment open that a further one might wait to see exchanged.</summary>
    public void ReserveMany(ReadOnlySpan<PutRequest> requests, List<PendingWrite> turns)
    {
        Debug.Assert(turns.Count == 0 && requests.Length > 0);
        turns.Add(ReservePut(in requests[0]));
        foreach (ref readonly PutRequest request in requests[1..])
        {
            long extent = StoreLayout.RecordBytes(request.Source.Length);
            if (turns.Count == WriterState.MaxMany || state.IsForJumbo(extent) || !HasSpace(extent)) return;
            turns.Add(ReservePut(in request));
        }
    }

    public PendingWrite Reserve(WriteKind kind, long extent, bool isMove = false)
    {
        for (long started = 0; !HasSpace(extent);)
        {
            // Only a lane with nothing on its way changes segments, so that one segment alone has an open end.
            if (queue.Head is not null || state.HasLeader) state.Wait();
            else if (state.Mover != 0 && !isMove)
                WaitForSpace(state.Control.Superblock.SegmentBytes, isMove, ref started);
            else if (!TryOpenNextData(isMove)) WaitForSpace(state.Control.Superblock.SegmentBytes, isMove, ref started);
            state.ThrowIfFaulted();
        }

        Debug.Assert(Monitor.IsEntered(state.Gate) && extent % StoreLayout.RecordAlignment == 0);
        SegmentAppender tail = state.Data!;
        PendingWrite turn = queue.NewTurn(kind, tail, tail.Reserved, extent);
        tail.Reserved += extent;
        Debug.Assert(tail.Committed <= turn.Offset && tail.Reserved <= tail.Segment.Bytes,
            "places are reserved within the segment");
        if (tail.Reserved > tail.Segment.Bytes / 2) state.Allocator.Preallocate(state.Number, tail.Segment);
        return queue.Enqueue(turn);
    }

    private PendingWrite ReserveJumbo(int length, long extent, bool isMove)
    {
        SegmentAppender tail = CreateJumbo(state.JumboBytes(length, extent));
        if (isMove) state.BytesBegunByMoves += tail.Segment.Bytes;
        return ReserveJumbo(WriteKind.Put, tail, extent);
    }

    public PendingWrite ReserveJumbo(WriteKind kind, SegmentAppender tail, long extent)
    {
        PendingWrite turn = queue.NewTurn(kind, tail, StoreLayout.SegmentRecords, extent);
        Debug.Assert(tail.Reserved == StoreLayout.SegmentRecords && tail.HasSpace(extent),
            "a large block has its segment for itself");
        tail.Reserved += extent;
        turn.IsJumbo = true;
        return queue.Enqueue(turn);
    }

    public SegmentAppender CreateJumbo(long bytes)
    {
        // Its number comes with its turn; what is committed by now is below it.
        Segment? segment;
        for (long started = 0; ;)
        {
            segment = state.Allocator.TryCreate(state.Number, SegmentKind.Jumbo, bytes, state.Committed + 1);
            if (segment is not null) break;
            WaitForSpace(bytes, isMove: false, ref started);
        }

        return new SegmentAppender(segment, StoreLayout.SegmentRecords, segment.Header.Crc);
    }

    /// <summary>At a turn, with every record before it committed.</summary>
    public void OpenNextFacts()
    {
        Debug.Assert(state.Unpublished.Count == 0 && Monitor.IsEntered(state.Gate),
            "an adopter looks at the newest segment of facts alone");
        SegmentAppender? old = state.Facts;
        Segment next =
            state.Allocator.Create(state.Number, SegmentKind.Facts, state.Control.Superblock.FactSegmentBytes,
                state.Committed + 1);
        state.Facts = state.NewTail(next, StoreLayout.LaneFacts);
        state.End(old);
    }

    /// <summary>Sees to it that the open segment of facts has space for all of them: an owner that comes after looks at
    /// the newest one alone.</summary>
    public void ReserveSpaceForFacts(List<byte[]> facts)
    {
        long bytes = facts.Sum(fact => StoreLayout.RecordBytes(fact.Length));
        if (bytes == 0 || state.Facts?.HasSpace(bytes) == true) return;
        long most = state.Control.Superblock.FactSegmentBytes - StoreLayout.SegmentRecords;
        if (bytes > most)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{state.Control.Directory}: the metadata of blocks that are put together take {bytes} bytes; at " +
                $"most {most} do so here; put fewer blocks at once, or shorten their metadata");
        }

        OpenNextFacts();
    }
}
