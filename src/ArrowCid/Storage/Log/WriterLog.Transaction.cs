using System.Buffers;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Puts that become visible together or not at all. The blocks have places in one segment, and are committed by one
/// store of its committed word, which look-ups compare their records with; an owner that comes after takes over all
/// records of a transaction or none.
/// </summary>
internal sealed partial class WriterLog
{
    // The transaction that the group consists of; it is committed alone.
    private PendingWrite? _transaction;

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
            else if (GivesCodec(block.Request, known.Info) || _maker.IsOld(known.Parent ?? known.Segment))
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

        return firsts;
    }

    /// <summary>Leases a known block whose stored bytes are right. Damaged ones are repaired first: that is no part of
    /// the transaction.</summary>
    private bool TryLeaseWhole(TransactionBlock block, out LeasedBlock known, out bool isRepaired)
    {
        isRepaired = false;
        Digest256 digest = block.Digest;
        if (!TryLease(in digest, out known)) return false;
        int length = block.Request.Source.Length;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            if (block.Request.Source.WriteTo(bytes.AsSpan(0, length)) != digest) throw HasChanged(digest);
            if (IsWhole(bytes.AsSpan(0, length), in known)) return true;
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
        _ = Put(in repair, out BlockInfo info);
        isRepaired = info.IsRepaired;
        return TryLease(in digest, out known);
    }

    private static ArrowCidException HasChanged(Digest256 digest) => new(ErrorCode.InvalidData,
        $"the bytes of block sha256:{digest} changed while they were put; nothing was stored");

    private void Commit(Transaction transaction)
    {
        PendingWrite turn;
        lock (_gate)
        {
            Enter();
            try
            {
                turn = ReserveTransaction(transaction);
            }
            catch
            {
                Leave();
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
            lock (_gate)
            {
                Abandon(turn);
                Leave();
            }

            throw;
        }

        lock (_gate)
        {
            try
            {
                turn.IsFilled = true;
                Complete(turn);
                Recycle(turn);
            }
            finally
            {
                Leave();
            }
        }
    }

    private PendingWrite ReserveTransaction(Transaction transaction)
    {
        const long MostAnywhere = (1L << 30) - StoreLayout.SegmentRecords;
        long extent = transaction.Extent, most = StoreSizes.MostInTransaction(_control.Superblock.Capacity);
        if (extent > most)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{_control.Directory}: the blocks that are put together take {extent} bytes; at most {most} do so " +
                "here; put fewer at once" + (most < MostAnywhere ? ", or make a larger store" : ""));
        }

        PendingWrite turn = IsForJumbo(extent)
            ? ReserveJumbo(WriteKind.Transaction,
                CreateJumbo(StoreLayout.RoundUp(StoreLayout.SegmentRecords + extent, StoreLayout.MiB)), extent)
            : Reserve(WriteKind.Transaction, extent);
        turn.Transaction = transaction;
        long offset = turn.Offset;
        foreach (WrittenBlock block in transaction.Written)
        {
            block.Offset = offset;
            offset += block.Extent;
        }

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

    /// <summary>Writes the headers: of the facts, of the blocks, of the REFs. All but the last say that one more
    /// follows.</summary>
    private bool WriteTransaction(PendingWrite turn)
    {
        Transaction transaction = turn.Transaction!;
        turn.PutAt = _control.NowNanoseconds();
        List<byte[]> facts = FactsOf(turn, transaction);
        ReserveSpaceForFacts(facts);
        // Nothing can fail any more.
        _transaction = turn;
        Segment segment = turn.Tail!.Segment;
        var place = new TransactionPlace(segment, turn.End, _sequence);
        foreach (byte[] fact in facts)
        {
            fact.CopyTo(_factBytes!, 0);
            _factLength = fact.Length;
            WriteFact(turn, isLast: false, place);
        }

        int left = transaction.Written.Count + transaction.Known.Count;
        foreach (WrittenBlock block in transaction.Written) WriteBlock(turn, block, isLast: --left == 0);
        long offset = turn.End - (transaction.Known.Count * (long)StoreLayout.RecordHeaderBytes);
        foreach (KnownBlock known in transaction.Known)
        {
            left--;
            NoteServed(known.Block);
            WriteRef(turn, offset, known.Block.Info, isLast: left == 0,
                left == 0 ? RecordFlags.None : RecordFlags.Continued);
            offset += StoreLayout.RecordHeaderBytes;
        }

        return true;
    }

    private void WriteBlock(PendingWrite turn, WrittenBlock block, bool isLast)
    {
        PutRequest request = block.Block.Request;
        RecordFlags flags = request.Flags;
        if (!isLast) flags |= RecordFlags.Continued;
        // A copy that takes the place of another one is there already.
        if (!block.IsFresh) flags |= RecordFlags.FoundOnceCommitted;
        var header = new RecordHeader
        {
            PayloadLength = (ulong)request.Source.Length,
            Kind = (ushort)request.Kind,
            Flags = (ushort)flags,
            Codec = request.Codec,
            Digest = block.Block.Digest,
            SchemaDigest = request.SchemaDigest,
            Rows = (ulong)request.Rows,
        };
        WriteHeader(turn, turn.Tail!, block.Offset, ref header, isIndexed: true, isLast);
        Mark(turn, block.Offset, in header);
        block.Info = header.ToInfo();
    }

    /// <summary>The bytes of every fact.</summary>
    private List<byte[]> FactsOf(PendingWrite turn, Transaction transaction)
    {
        var facts = new List<byte[]>();
        _factBytes ??= new byte[MaxFactBytes];
        foreach (WrittenBlock written in transaction.Written)
        {
            PutRequest request = written.Block.Request;
            var info = new BlockInfo(written.Block.Digest, request.Codec, request.Kind, request.SchemaDigest,
                request.Rows, request.Source.Length, default, request.Flags);
            Add(request.Facts, info);
        }

        foreach (KnownBlock known in transaction.Known) Add(known.Request.Facts, known.Block.Info);
        foreach (IFactSource source in transaction.Facts) Add(source, default);
        return facts;

        void Add(IFactSource? source, BlockInfo block)
        {
            if (source is null) return;
            block = block with { Time = DateTimeOffset.UnixEpoch.AddTicks((long)(turn.PutAt / 100)) };
            int length = source.Write(in block, _factBytes);
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)MaxFactBytes, nameof(transaction));
            facts.Add(_factBytes.AsSpan(0, length).ToArray());
        }
    }

    /// <summary>Sees to it that the open segment of facts has space for all of them: an owner that comes after looks at
    /// the newest one alone.</summary>
    private void ReserveSpaceForFacts(List<byte[]> facts)
    {
        long bytes = facts.Sum(fact => StoreLayout.RecordBytes(fact.Length));
        if (bytes == 0 || _facts?.HasSpace(bytes) == true) return;
        long most = _control.Superblock.FactSegmentBytes - StoreLayout.SegmentRecords;
        if (bytes > most)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{_control.Directory}: the metadata of blocks that are put together take {bytes} bytes; at most " +
                $"{most} do so here; put fewer blocks at once, or shorten their metadata");
        }

        OpenNextFacts();
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
                Publish(segment, block.Offset, block.Block.Digest, replace: block.IsFresh);
                CrashPoint.Pass(CrashStep.P5);
            }
        }
        catch (Exception e)
        {
            Withdraw(turn, segment);
            Fail(turn, e);
            return;
        }

        int facts = _pending.FindIndex(record => !record.IsFact);
        Commit(0, facts);
        Commit(facts, _pending.Count);
    }

    /// <summary>Takes back what was written: first the entries, then the headers that they lead to.</summary>
    private void Withdraw(PendingWrite turn, Segment segment)
    {
        foreach (WrittenBlock block in turn.Transaction!.Written)
        {
            Digest256 digest = block.Block.Digest;
            _index.Remove(in digest, segment, block.Offset);
        }

        Unwind(0);
        foreach (Pending record in _pending) record.Tail.Segment.Map.Write(record.Offset, 0);
    }
}
