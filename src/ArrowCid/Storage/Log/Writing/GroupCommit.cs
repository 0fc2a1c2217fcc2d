using System.Diagnostics;
using System.Runtime.ExceptionServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Group commit: the writer that finds the first pending write ready, and no leader at work, commits all ready writes
/// together. Records get their numbers and headers in order (P4, F4), then, in the same order, entries (P5) and the
/// committed words (P6, F6), so that both chains of committed records have no hole. Under the gate.
/// </summary>
internal sealed class GroupCommit(WriterState state, WriteQueue queue, LogFlush flushes, LogSpace space,
    RecordWriter records)
{
    // The largest group, in writes: bounds how long others wait for the gate.
    private const int MaxGroup = 1024;

    /// <summary>Announces leased blocks; the leases stay the caller's. Under the gate.</summary>
    public void Announce(LeasedBlock[] blocks, IFactSource? facts)
    {
        PendingWrite turn = space.Reserve(WriteKind.Announce, blocks.Length * (long)StoreLayout.RecordHeaderBytes);
        (turn.Announced, turn.Facts, turn.IsFilled) = (blocks, facts, true);
        Complete(turn);
        queue.Recycle(turn);
    }

    /// <summary>Sees a put to its end.</summary>
    public bool Finish(PendingWrite turn, out BlockInfo info)
    {
        Complete(turn);
        info = turn.Info;
        bool isNew = turn.IsNew;
        state.NoteRepaired(turn);
        if (turn.IsToAnnounce)
        {
            try
            {
                Announce(turn.Announced ?? state.LeaseRepaired(turn), turn.Facts);
            }
            finally
            {
                turn.ReleaseLeases();
            }
        }

        queue.Recycle(turn);
        return isNew;
    }

    public bool TryFinish(PendingWrite turn, out BlockInfo info, ref Exception? error)
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

    /// <summary>P5 of what is moved: the entry that led to the old place leads here. Where a put has come first,
    /// entries lead to its copy, and stay.</summary>
    private void Relocate(Relocation moved, Segment segment, long offset)
    {
        Digest256 digest = moved.Header.Digest;
        ulong hash = state.Index.Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        if (state.Index.TryReplace(state.CurrentIndex(), in digest, moved.EntryOf(hash), entry)) return;
        if (moved.IsPlaceOf(state.Index)) state.Publish(segment, offset, in digest);
    }

    /// <summary>Waits until a filled turn is committed, by whichever thread; by this one where no other is at
    /// it.</summary>
    public void Complete(PendingWrite turn)
    {
        WaitFor(turn);
        Debug.Assert(!turn.IsQueued && Monitor.IsEntered(state.Gate));
        if (turn.Error is { } error) ExceptionDispatchInfo.Throw(error);
    }

    public void WaitFor(PendingWrite turn)
    {
        while (turn.IsQueued)
        {
            if (state.IsFaulted && !state.HasLeader) queue.Drop(turn);
            else if (state.HasLeader || !queue.HasReady) state.Wait();
            else CommitAsLeader(turn);
        }
    }

    /// <summary>Gives a place back that nothing came of: as if it had never been taken where no later one was, else
    /// it becomes PAD in its turn.</summary>
    public void Abandon(PendingWrite turn)
    {
        if (queue.TryTakeBack(turn) || state.IsFaulted) return;
        (turn.Kind, turn.IsFilled) = (WriteKind.Pad, true);
        if (!state.HasLeader && !state.IsFaulted && queue.HasReady) CommitAsLeader(turn);
    }

    private void CommitAsLeader(PendingWrite own)
    {
        Debug.Assert(!state.HasLeader && Monitor.IsEntered(state.Gate), "one leader at a time");
        state.HasLeader = true;
        try
        {
            // Writes without a waiting owner are committed by the current leader.
            do CommitGroup();
            while (!state.IsFaulted && queue.HasReady &&
                (own.IsQueued || queue.Head is { IsFilled: true, Kind: WriteKind.Pad }));
        }
        finally
        {
            state.HasLeader = false;
            if (state.Waiting > 0) Monitor.PulseAll(state.Gate);
        }
    }

    private void CommitGroup()
    {
        Debug.Assert(state.HasLeader && queue.HasReady);
        WriteGroup();
        if (state.Unpublished.Count == 0) return;
        if (StoreMeter.CommitGroup.Enabled)
            StoreMeter.CommitGroup.Record(state.Unpublished.Count, state.Control.Reporter.Tag);
        bool isDurable = state.Durability == Durability.Always;
        // A loss of power must not leave a part of a transaction in a segment that is taken as it is found.
        if ((isDurable || (state.Transaction is not null && state.IsOnDisk)) && !flushes.TryFlushGroup()) return;
        if (state.Transaction is { } turn) PublishTransaction(turn);
        else PublishGroup();
        if (isDurable) state.Control.HintLane(state.Number, StoreLayout.LaneDurable, state.Committed);
        state.WakeWaiters();
        CrashPoint.Pass(CrashStep.P7);
    }

    private void WriteGroup()
    {
        state.Unpublished.Clear();
        flushes.BeginGroup();
        state.GroupWrites = 0;
        state.Transaction = null;
        if (state.InGroup.Count > 0) state.InGroup.Clear();
        Debug.Assert(state.Sequence == state.Committed + 1, "nothing is on its way before a group");
        Debug.Assert(state.Unpublished.Count == 0 && state.InGroup.Count == 0 && state.GroupWrites == 0);
        // It goes alone, and before facts that would keep it from its turn.
        if (queue.Head is { IsFilled: true, Kind: WriteKind.Transaction } first)
        {
            _ = records.TryWrite(first);
            return;
        }

        for (int i = 0; i < queue.Appends.Count;)
        {
            PendingWrite turn = queue.Appends[i];
            if (!records.TryWrite(turn)) return;
            // One that failed has left the list.
            if (turn.IsQueued) i++;
        }

        PendingWrite? next;
        for (PendingWrite? turn = queue.Head; turn is { IsFilled: true } && state.GroupWrites < MaxGroup; turn = next)
        {
            next = turn.After;
            if (turn.Kind == WriteKind.Transaction || !records.TryWrite(turn)) return;
        }
    }

    /// <summary>P5 and P6 in the order of the numbers. Records that follow each other in a segment are committed at
    /// once, but a fact always before the block after it is found.</summary>
    private void PublishGroup()
    {
        Debug.Assert(state.Unpublished[0].Sequence == state.Committed + 1);
        Debug.Assert(state.Unpublished[^1].Sequence == state.Sequence - 1);
        int run = 0;
        for (int i = 0; i < state.Unpublished.Count; i++)
        {
            UnpublishedRecord record = state.Unpublished[i];
            if (state.Unpublished[run].Tail != record.Tail)
            {
                Commit(run, i);
                run = i;
            }

            if (!record.IsIndexed) continue;
            try
            {
                if (record.Turn.Request.Moved is { } moved) Relocate(moved, record.Tail.Segment, record.Offset);
                else state.Publish(record.Tail.Segment, record.Offset, record.Turn.Digest);
            }
            catch (Exception e)
            {
                Commit(run, i);
                flushes.Unwind(i);
                queue.Fail(record.Turn, e);
                return;
            }

            CrashPoint.Pass(CrashStep.P5);
        }

        Commit(run, state.Unpublished.Count);
    }

    /// <summary>P6 or F6: the records are announced.</summary>
    private void Commit(int first, int end)
    {
        if (first == end) return;
        UnpublishedRecord last = state.Unpublished[end - 1];
        SegmentAppender tail = last.Tail;
        Mapping map = tail.Segment.Map;
        Debug.Assert(state.Unpublished[first].Offset == tail.Committed, "what is committed has no hole");
        Debug.Assert(state.Unpublished[first].Sequence == state.Committed + 1,
            "records are committed in the order of their numbers");
        Debug.Assert(state.Unpublished[first].Tail == tail && last.End <= tail.Reserved);
        Debug.Assert(last.Sequence - state.Unpublished[first].Sequence == (ulong)(end - 1 - first));
        (tail.Committed, tail.CommittedCrc, state.Committed) = (last.End, last.Crc, last.Sequence);
        map.Write(StoreLayout.SegmentLastRecord, (ulong)last.Offset);
        state.Control.HintLane(state.Number, StoreLayout.LaneSequence, last.Sequence);
        // The exchange is the full fence between the committed word and the waiters' flag.
        map.Exchange(StoreLayout.SegmentCommitted, (ulong)last.End);
        Debug.Assert(tail.Committed <= tail.Reserved && state.Committed < state.Sequence);
        flushes.NoteDirty(tail);
        CrashPoint.Pass(last.IsFact ? CrashStep.F6 : CrashStep.P6);
        for (int i = first; i < end; i++)
        {
            if (state.Unpublished[i].IsLast) queue.End(state.Unpublished[i].Turn);
        }
    }

    /// <summary>P5, then F6 and P6: one store commits all blocks. Until then look-ups pass over their
    /// entries.</summary>
    private void PublishTransaction(PendingWrite turn)
    {
        Transaction transaction = turn.Transaction!;
        Segment segment = turn.Tail!.Segment;
        try
        {
            foreach (WrittenBlock block in transaction.Written)
            {
                // Another writer's copy is found already, and stays so.
                state.Publish(segment, block.Offset, block.Block.Digest, replace: block.IsFresh);
                CrashPoint.Pass(CrashStep.P5);
            }
        }
        catch (Exception e)
        {
            Withdraw(turn, segment);
            queue.Fail(turn, e);
            return;
        }

        Debug.Assert(state.Transaction == turn);
        int facts = state.Unpublished.FindIndex(record => !record.IsFact);
        Debug.Assert(facts >= 0 && state.Unpublished.TrueForAll(record => record.Turn == turn));
        Commit(0, facts);
        Commit(facts, state.Unpublished.Count);
    }

    /// <summary>Takes back what was written: first the entries, then the headers that they lead to.</summary>
    private void Withdraw(PendingWrite turn, Segment segment)
    {
        foreach (WrittenBlock block in turn.Transaction!.Written)
        {
            Digest256 digest = block.Block.Digest;
            state.Index.Remove(in digest, segment, block.Offset);
        }

        Debug.Assert(state.Committed + 1 == state.Unpublished[0].Sequence, "nothing of it is committed");
        flushes.Unwind(0);
        foreach (UnpublishedRecord record in state.Unpublished) record.Tail.Segment.Map.Write(record.Offset, 0);
    }
}
