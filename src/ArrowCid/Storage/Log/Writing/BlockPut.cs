using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Puts, alone and many at a time. A known block is compared with the bytes of the put before it is acknowledged, once
/// for each handle and place. Where they differ the fact that records the damage is committed (H1), then the right
/// bytes
/// are published as a moved record, whose entry takes the place of the damaged copy's (H2), and then the block is
/// announced again. Leases on the damaged copy stay as they are.
/// </summary>
internal sealed class BlockPut(WriterState state, WriteQueue queue, LogFlush flushes, LogSpace space,
    GroupCommit commits)
{
    /// <summary>Publishes a block, or announces it again where it is known; its facts come first.</summary>
    /// <returns>True where it is new.</returns>
    public bool Put(in PutRequest request, out BlockInfo info)
    {
        PendingWrite turn;
        lock (state.Gate)
        {
            state.Enter();
            try
            {
                turn = space.ReservePut(in request);
            }
            catch
            {
                state.Leave();
                throw;
            }
        }

        try
        {
            CrashPoint.Pass(CrashStep.P0);
            Fill(turn);
            if (turn.Extent > WriterState.LeastAhead) state.CompareAhead(turn.Digest, WriterState.Payload(turn));
        }
        catch
        {
            lock (state.Gate)
            {
                commits.Abandon(turn);
                state.Leave();
            }

            throw;
        }

        lock (state.Gate)
        {
            try
            {
                turn.IsFilled = true;
                return commits.Finish(turn, out info);
            }
            finally
            {
                state.Leave();
            }
        }
    }

    /// <summary>Like one <see cref="Put"/> for each request in turn, but reserved, filled and committed together. If
    /// one fails, those before it are stored, and those after it may be.</summary>
    /// <returns>How many are new.</returns>
    public int PutMany(ReadOnlySpan<PutRequest> requests, Span<BlockInfo> infos, Span<bool> areNew)
    {
        var turns = new List<PendingWrite>(Math.Min(requests.Length, WriterState.MaxMany));
        int done = 0, newOnes = 0;
        while (done < requests.Length)
        {
            turns.Clear();
            lock (state.Gate)
            {
                state.Enter();
                try
                {
                    space.ReserveMany(requests[done..], turns);
                }
                catch
                {
                    for (int i = turns.Count - 1; i >= 0; i--) commits.Abandon(turns[i]);
                    state.Leave();
                    throw;
                }
            }

            CrashPoint.Pass(CrashStep.P0);
            int filled = FillMany(turns, out Exception? error);
            foreach (PendingWrite turn in CollectionsMarshal.AsSpan(turns)[..filled])
            {
                if (turn.Extent > WriterState.LeastAhead) state.CompareAhead(turn.Digest, WriterState.Payload(turn));
            }

            lock (state.Gate)
            {
                try
                {
                    // Backwards, so that each is the last place when it goes.
                    for (int i = turns.Count - 1; i >= filled; i--) commits.Abandon(turns[i]);
                    turns.RemoveRange(filled, turns.Count - filled);
                    foreach (PendingWrite turn in turns) turn.IsFilled = true;
                    foreach (PendingWrite turn in turns) commits.WaitFor(turn);
                    for (int i = 0; i < filled; i++, done++)
                    {
                        areNew[done] = commits.TryFinish(turns[i], out infos[done], ref error);
                        newOnes += areNew[done] ? 1 : 0;
                    }
                }
                finally
                {
                    state.Leave();
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
        lock (state.Gate)
        {
            state.Enter();
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
                queue.Appends.Add(turn);
                commits.Complete(turn);
                return new LogPlace(state.Number, turn.Sequence);
            }
            finally
            {
                state.Leave();
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
                if (state.TryLease(in digests[taken], out blocks[taken])) continue;
                missing = digests[taken];
                return false;
            }

            for (int start = 0; start < blocks.Length; start += WriterState.MaxAnnounced)
            {
                int end = Math.Min(start + WriterState.MaxAnnounced, blocks.Length);
                lock (state.Gate)
                {
                    state.Enter();
                    try
                    {
                        commits.Announce(blocks[start..end], end == blocks.Length ? facts : null);
                    }
                    finally
                    {
                        state.Leave();
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

    private int FillMany(List<PendingWrite> turns, out Exception? error)
    {
        error = null;
        // They are places of one segment, unless the first is a large block of its own.
        bool isTogether = state.HashesTogether && turns.Count > 1 && turns[0].Tail == turns[^1].Tail;
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
        Span<(long Offset, int Length)> pieces = stackalloc (long, int)[WriterState.MaxMany];
        Span<Digest256> digests = stackalloc Digest256[WriterState.MaxMany];
        for (int i = 0; i < turns.Length; i++)
            pieces[i] = (turns[i].Offset + StoreLayout.RecordHeaderBytes, turns[i].Request.Source.Length);
        Debug.Assert(turns.Length <= WriterState.MaxMany);
        if (turns.IsEmpty) return;
        Segment segment = turns[0].Tail!.Segment;
        Sha256.HashMany(segment.Map.Bytes(0, (int)segment.Bytes), pieces[..turns.Length], digests);
        for (int i = 0; i < turns.Length; i++) turns[i].Digest = digests[i];
    }

    /// <summary>Appends a record that is being moved out of another segment.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: even the reserved space is not enough;
    /// <see cref="ErrorCode.BlockCorrupt"/>: the stored bytes do not match their header.</exception>
    public void Move(Relocation moved)
    {
        RecordHeader header = moved.Header;
        var request = new PutRequest(header.RecordKind, header.Codec, moved, header.SchemaDigest, (long)header.Rows,
            (RecordFlags)header.Flags, Moved: moved);
        _ = Put(in request, out _);
    }

    /// <summary>The moved records are on the medium; the remaining space is available to every writer.</summary>
    public void EndMoves()
    {
        lock (state.Gate)
        {
            state.Mover = 0;
            Monitor.PulseAll(state.Gate);
        }

        flushes.Flush();
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
        Debug.Assert(padding is >= 0 and < StoreLayout.RecordAlignment);
        map.WritableBytes(payload + length, padding).Clear();
        CrashPoint.Pass(CrashStep.P1);
        CrashPoint.Pass(CrashStep.P2);
    }
}
