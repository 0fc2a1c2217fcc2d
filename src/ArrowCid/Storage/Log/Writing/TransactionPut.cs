using System.Buffers;
using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Puts that become visible together or not at all. The blocks have places in one segment, and are committed by one
/// store of its committed word, which look-ups compare their records with; an owner that comes after takes over all
/// records of a transaction or none.
/// </summary>
internal sealed class TransactionPut(WriterState state, WriteQueue queue, LogSpace space, GroupCommit commits,
    BlockPut puts)
{
    /// <summary>Commits blocks and facts together or not at all.</summary>
    /// <param name="blocks">The blocks. One that occurs twice is announced once.</param>
    /// <param name="facts">Facts about no block in particular.</param>
    /// <param name="infos">Gets what is known of each block.</param>
    /// <param name="areNew">Gets which ones are new.</param>
    /// <returns>The number of new blocks.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the blocks do not fit one segment, or the
    /// facts do not; <see cref="ErrorCode.InvalidData"/>: a source wrote other bytes than it said. Others as for a put.
    /// Nothing is stored then.</exception>
    public int PutTransaction(ReadOnlySpan<TransactionBlock> blocks, IReadOnlyList<IFactSource> facts,
        Span<BlockInfo> infos, Span<bool> areNew)
    {
        areNew.Clear();
        var transaction = new Transaction { Facts = facts };
        try
        {
            int[] firsts = Divide(blocks, transaction);
            if (blocks.IsEmpty) return 0;
            Commit(transaction);
            foreach (WrittenBlock written in transaction.Written)
                (infos[written.Number], areNew[written.Number]) = (written.Info, !written.IsFresh);
            foreach (KnownBlock known in transaction.Known)
                infos[known.Number] = known.Block.Info with { IsRepaired = known.IsRepaired };
            for (int i = 0; i < blocks.Length; i++) infos[i] = infos[firsts[i]];
            return transaction.Written.Count(written => !written.IsFresh);
        }
        finally
        {
            transaction.Release();
        }
    }

    /// <summary>Divides the blocks into those to write and those that are known.</summary>
    /// <returns>For each block the number of its first occurrence.</returns>
    private int[] Divide(ReadOnlySpan<TransactionBlock> blocks, Transaction transaction)
    {
        var seen = new Dictionary<Digest256, int>();
        int[] firsts = new int[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
        {
            TransactionBlock block = blocks[i];
            if (!seen.TryAdd(block.Digest, i))
            {
                firsts[i] = seen[block.Digest];
                continue;
            }

            firsts[i] = i;
            if (!TryLeaseWhole(block, out LeasedBlock known, out bool isRepaired))
            {
                transaction.Written.Add(new WrittenBlock(i, block, isFresh: false));
            }
            else if (WriterState.GivesCodec(block.Request, known.Info) ||
                state.Allocator.IsOld(known.Parent ?? known.Segment))
            {
                // In a ring what will soon go is written again.
                known.Release();
                transaction.Written.Add(new WrittenBlock(i, block, isFresh: true));
            }
            else
            {
                transaction.Known.Add(new KnownBlock(i, block.Request, known, isRepaired));
            }
        }

        Debug.Assert(transaction.Written.Count + transaction.Known.Count == seen.Count,
            "each block is written or known");
        return firsts;
    }

    /// <summary>Leases a known block whose stored bytes are right. Damaged ones are repaired first: that is no part of
    /// the transaction.</summary>
    private bool TryLeaseWhole(TransactionBlock block, out LeasedBlock known, out bool isRepaired)
    {
        isRepaired = false;
        Digest256 digest = block.Digest;
        if (!state.TryLease(in digest, out known)) return false;
        int length = block.Request.Source.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (block.Request.Source.WriteTo(bytes.AsSpan(0, length)) != digest) throw HasChanged(digest);
            if (state.IsWhole(bytes.AsSpan(0, length), in known)) return true;
        }
        catch
        {
            known.Release();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        known.Release();
        PutRequest repair = block.Request with { IsRepair = true, Facts = null };
        _ = puts.Put(in repair, out BlockInfo info);
        isRepaired = info.IsRepaired;
        return state.TryLease(in digest, out known);
    }

    public static ArrowCidException HasChanged(Digest256 digest) => new(ErrorCode.InvalidData,
        $"the bytes of block sha256:{digest} changed while they were put; nothing was stored");

    private void Commit(Transaction transaction)
    {
        PendingWrite turn;
        lock (state.Gate)
        {
            state.Enter();
            try
            {
                turn = ReserveTransaction(transaction);
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
            foreach (WrittenBlock block in transaction.Written) Fill(turn.Tail!.Segment, block);
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
                commits.Complete(turn);
                queue.Recycle(turn);
            }
            finally
            {
                state.Leave();
            }
        }
    }

    private PendingWrite ReserveTransaction(Transaction transaction)
    {
        const long MostAnywhere = (1L << 30) - StoreLayout.SegmentRecords;
        long extent = transaction.Extent, most = StoreSizes.MostInTransaction(state.Control.Superblock.Capacity);
        if (extent > most)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{state.Control.Directory}: the blocks that are put together take {extent} bytes; at most {most} do " +
                "so here; put fewer at once" + (most < MostAnywhere ? ", or make a larger store" : ""));
        }

        PendingWrite turn = state.IsForJumbo(extent)
            ? space.ReserveJumbo(WriteKind.Transaction,
                space.CreateJumbo(StoreLayout.RoundUp(StoreLayout.SegmentRecords + extent, StoreLayout.MiB)), extent)
            : space.Reserve(WriteKind.Transaction, extent);
        turn.Transaction = transaction;
        long offset = turn.Offset;
        foreach (WrittenBlock block in transaction.Written)
        {
            block.Offset = offset;
            offset += block.Extent;
        }

        Debug.Assert(offset <= turn.End && (turn.End - offset) % StoreLayout.RecordHeaderBytes == 0,
            "REFs come after the blocks");
        return turn;
    }

    private static void Fill(Segment segment, WrittenBlock block)
    {
        IBlockSource source = block.Block.Request.Source;
        long payload = block.Offset + StoreLayout.RecordHeaderBytes;
        int length = source.Length;
        if (StoreLayout.RecordBytes(length) != block.Extent) throw HasChanged(block.Block.Digest);
        Digest256 digest = source.WriteTo(segment.Map.WritableBytes(payload, length));
        if (digest != block.Block.Digest) throw HasChanged(block.Block.Digest);
        source.Validate(digest);
        segment.Map.WritableBytes(payload + length, (int)(block.Offset + block.Extent - payload) - length).Clear();
        CrashPoint.Pass(CrashStep.P1);
        CrashPoint.Pass(CrashStep.P2);
    }
}
