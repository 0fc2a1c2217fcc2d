using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Puts blocks whose bytes were received into a segment of their own.</summary>
internal sealed class StagedPut(WriterState state, WriteQueue queue, LogSpace space, GroupCommit commits)
{
    /// <summary>Allocates memory for one block of at most <paramref name="capacity"/> bytes, outside the
    /// queue.</summary>
    public StagedBlock Stage(int capacity)
    {
        RawSegment? raw;
        lock (state.Gate)
        {
            state.Enter();
            try
            {
                long bytes = state.JumboBytes(capacity, StoreLayout.RecordBytes(capacity));
                for (long started = 0; (raw = state.Allocator.TryCreateRaw(state.Number, bytes)) is null;)
                    space.WaitForSpace(bytes, isMove: false, ref started);
            }
            finally
            {
                state.Leave();
            }
        }

        var staged = new StagedBlock(this, state.IsOnDisk, raw, capacity);
        // A recycled segment holds the bytes of an older one, which must not leak into the new block.
        staged.Bytes.Clear();
        return staged;
    }

    /// <summary>As <see cref="Stage"/>, of any contents, where there is space at once.</summary>
    /// <returns>Null where there is none.</returns>
    public StagedBlock? TryStage(int capacity)
    {
        RawSegment? raw;
        lock (state.Gate)
        {
            state.Enter();
            try
            {
                raw = state.Allocator.TryCreateRaw(state.Number,
                    state.JumboBytes(capacity, StoreLayout.RecordBytes(capacity)));
            }
            finally
            {
                state.Leave();
            }
        }

        if (raw is null) return null;
        // The kernel maps many pages at once faster than one at a time.
        if (!raw.IsInPlace && !state.IsOnDisk) raw.Map.Populate();
        return new StagedBlock(this, state.IsOnDisk, raw, capacity);
    }

    /// <summary>Publishes what the first bytes of a staged block hold, whose digest the caller has made of
    /// them.</summary>
    /// <returns>True where it is new.</returns>
    public bool PutStaged(StagedBlock staged, in PutRequest request, in Digest256 digest, out BlockInfo info)
    {
        int length = request.Source.Length;
        staged.Bytes[length..].Clear();
        staged.FlushAhead();
        state.CompareAhead(in digest, staged.Bytes[..length]);
        CrashPoint.Pass(CrashStep.P1);
        CrashPoint.Pass(CrashStep.P2);
        lock (state.Gate)
        {
            state.Enter();
            try
            {
                // Only now: the segments of a lane are opened in the order in which their numbers begin.
                Segment segment = state.Allocator.Open(staged.Take(), SegmentKind.Jumbo, state.Committed + 1);
                var tail = new SegmentAppender(segment, StoreLayout.SegmentRecords, segment.Header.Crc);
                PendingWrite turn = queue.NewTurn(WriteKind.Put, tail, StoreLayout.SegmentRecords,
                    StoreLayout.RecordBytes(length));
                tail.Reserved = turn.End;
                Debug.Assert(tail.Reserved <= segment.Bytes, "the staged bytes fit their segment");
                (turn.Request, turn.Facts, turn.Digest) = (request, request.Facts, digest);
                (turn.IsJumbo, turn.IsFilled) = (true, true);
                return commits.Finish(queue.Enqueue(turn), out info);
            }
            finally
            {
                state.Leave();
            }
        }
    }

    /// <summary>Takes a staged segment away that was not put.</summary>
    public void Unstage(RawSegment raw)
    {
        lock (state.Gate)
        {
            // Once the lane is let go its next owner frees the slot.
            if (state.IsClosing) raw.Close();
            else state.Allocator.Abandon(raw);
        }
    }
}
