using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Writes the records of a group, with their numbers and headers. Under the gate.</summary>
internal sealed class RecordWriter(WriterState state, WriteQueue queue, LogFlush flushes, LogSpace space)
{
    private const uint FactCodec = (uint)Multicodec.DagCbor;
    private byte[]? _factBytes;
    private int _factLength;

    /// <returns>False where the group must be committed before this turn.</returns>
    public bool TryWrite(PendingWrite turn)
    {
        Debug.Assert(Monitor.IsEntered(state.Gate) && state.HasLeader, "the leader writes, under the gate");
        Debug.Assert(turn.IsFilled && turn.IsQueued && turn.Error is null);
        state.GroupWrites++;
        try
        {
            return turn.Kind switch
            {
                WriteKind.Put => TryWritePut(turn),
                WriteKind.Announce => TryWriteAnnounced(turn),
                WriteKind.Append => TryWriteFacts(turn),
                WriteKind.Transaction => WriteTransaction(turn),
                _ => WritePad(turn, turn.Offset, turn.Extent, isLast: true),
            };
        }
        catch (Exception e)
        {
            // Whatever can fail comes before the turn's first record. Its place is passed here: what lies after it in
            // the segment is next.
            queue.Fail(turn, e);
            return turn.Kind != WriteKind.Pad || WritePad(turn, turn.Offset, turn.Extent, isLast: true);
        }
    }

    private bool TryWritePut(PendingWrite turn)
    {
        if (turn.Request.Moved is { } moved) return WriteMoved(turn, moved);
        Digest256 digest = turn.Digest;
        bool isOfCodec = false;
        if (turn.Announced is null)
        {
            // A block of this very group is not to be found yet.
            if (state.InGroup.Contains(digest)) return false;
            turn.Damaged = null;
            if (state.TryLease(in digest, out LeasedBlock known))
            {
                // In a ring what will soon go is written again.
                if (!state.IsWhole(WriterState.Payload(turn), in known)) WriterState.NoteDamaged(turn, in known);
                else if (isOfCodec = WriterState.GivesCodec(turn.Request, known.Info)) known.Release();
                else if (state.Allocator.IsOld(known.Parent ?? known.Segment)) known.Release();
                else turn.Announced = [known];
            }

            CrashPoint.Pass(CrashStep.P3);
        }

        if (turn.Request.MustBeNew && (turn.Announced is not null || turn.Damaged is not null || isOfCodec))
            throw new BlockExistsException(Cid.FromSha256(turn.Request.Codec, digest));
        if (turn.Announced is not null)
            return turn.Request.IsRepair ? Leave(turn) : TryWriteKnown(turn, turn.Announced[0].Info);
        if (!TryWriteDamage(turn)) return false;
        if (turn.Damaged is not null && !state.Control.Superblock.IsRing) return WriteRepaired(turn);
        PutRequest request = turn.Request;
        turn.IsNew = turn.Damaged is null && !isOfCodec;
        turn.Info = new BlockInfo(digest, request.Codec, request.Kind, request.SchemaDigest, request.Rows,
            request.Source.Length, default, request.Flags);
        if (turn.Facts is not null && !TryWriteFact(turn, turn.Facts, Dated(turn, turn.Info), isLast: false))
            return false;
        var header = new RecordHeader
        {
            PayloadLength = (ulong)turn.Info.Length,
            Kind = (ushort)request.Kind,
            Flags = (ushort)request.Flags,
            Codec = request.Codec,
            Digest = digest,
            SchemaDigest = request.SchemaDigest,
            Rows = (ulong)request.Rows,
        };
        WriteHeader(turn, turn.Tail!, turn.Offset, ref header, isIndexed: true, isLast: true);
        state.Mark(turn, turn.Offset, in header);
        turn.Info = header.ToInfo();
        if (turn.Damaged is not null) turn.Info = turn.Info with { IsRepaired = true };
        if (turn.After is not null) _ = state.InGroup.Add(digest);
        return true;
    }

    private bool WriteMoved(PendingWrite turn, Relocation moved)
    {
        RecordHeader header = moved.Header;
        turn.Info = header.ToInfo();
        WriteHeader(turn, turn.Tail!, turn.Offset, ref header, moved.IsIndexed, isLast: true);
        if (header.IsBlock && header.HasPayload) state.Mark(turn, turn.Offset, in header);
        return true;
    }

    private bool TryWriteKnown(PendingWrite turn, BlockInfo info)
    {
        (turn.Info, turn.IsNew) = (info, false);
        long rest = turn.Extent - StoreLayout.RecordHeaderBytes;
        Debug.Assert(rest >= 0 && turn.Announced is { Length: 1 });
        bool isLastPlace = turn.IsLastPlace;
        if (turn.IsJumbo || (rest is > 0 and < StoreLayout.RecordHeaderBytes && !isLastPlace))
        {
            turn.IsToAnnounce = true;
            if (queue.TryTakeBack(turn)) return true;
            return WritePad(turn, turn.Offset, turn.Extent, isLast: true);
        }

        if (turn.Facts is not null && !TryWriteFact(turn, turn.Facts, Dated(turn, in info), isLast: false))
            return false;
        if (isLastPlace)
        {
            turn.Extent = StoreLayout.RecordHeaderBytes;
            turn.Tail!.Reserved = turn.End;
            rest = 0;
        }

        flushes.NoteServed(in turn.Announced![0]);
        WriteRef(turn, turn.Offset, in info, isLast: rest == 0);
        return rest == 0 || WritePad(turn, turn.Offset + StoreLayout.RecordHeaderBytes, rest, isLast: true);
    }

    private bool TryWriteAnnounced(PendingWrite turn)
    {
        LeasedBlock[] blocks = turn.Announced!;
        Debug.Assert(blocks.Length is > 0 and <= WriterState.MaxAnnounced);
        Debug.Assert(turn.Extent == blocks.Length * (long)StoreLayout.RecordHeaderBytes);
        // Of a put whose place was none for a REF there is one, to which the facts belong.
        if (turn.Facts is not null && !TryPrepareFact(turn.Facts, Dated(turn, blocks[0].Info))) return false;
        for (int i = 0; i < blocks.Length; i++)
        {
            long offset = turn.Offset + (i * (long)StoreLayout.RecordHeaderBytes);
            flushes.NoteServed(in blocks[i]);
            WriteRef(turn, offset, blocks[i].Info, isLast: turn.Facts is null && i == blocks.Length - 1);
        }

        if (turn.Facts is not null) WriteFact(turn, isLast: true);
        return true;
    }

    private bool TryWriteFacts(PendingWrite turn) => TryWriteFact(turn, turn.Facts!, default, isLast: true);

    private bool TryWriteFact(PendingWrite turn, IFactSource facts, in BlockInfo block, bool isLast)
    {
        if (!TryPrepareFact(facts, in block, isMove: turn.MovedAt != 0)) return false;
        WriteFact(turn, isLast);
        return true;
    }

    /// <summary>A block with the time of the put that its facts are given with, which its record gets too.</summary>
    private BlockInfo Dated(PendingWrite turn, in BlockInfo block)
    {
        turn.PutAt = turn.Request.TimeNanoseconds != 0 ? turn.Request.TimeNanoseconds : state.Control.NowNanoseconds();
        return block with { Time = DateTimeOffset.UnixEpoch.AddTicks((long)(turn.PutAt / 100)) };
    }

    /// <summary>Asks for the fact, and for a place for it.</summary>
    private bool TryPrepareFact(IFactSource facts, in BlockInfo block, bool isMove = false)
    {
        _factBytes ??= new byte[StoreLayout.MaxFactBytes];
        _factLength = facts.Write(in block, _factBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)_factLength, (uint)StoreLayout.MaxFactBytes,
            nameof(facts));
        if (state.Facts?.HasSpace(StoreLayout.RecordBytes(_factLength)) == true) return true;
        // An adopter looks at the newest segment of facts alone.
        if (state.Unpublished.Count > 0) return false;
        space.OpenNextFacts();
        if (isMove) state.BytesBegunByMoves += state.Facts!.Segment.Bytes;
        return true;
    }

    private void WriteFact(PendingWrite turn, bool isLast, TransactionPlace? transaction = null)
    {
        SegmentAppender tail = state.Facts!;
        long offset = tail.Reserved, payload = offset + StoreLayout.RecordHeaderBytes;
        ReadOnlySpan<byte> bytes = _factBytes.AsSpan(0, _factLength);
        Span<byte> place = tail.Segment.Map.WritableBytes(payload,
            (int)StoreLayout.RoundUp(_factLength, StoreLayout.RecordAlignment));
        bytes.CopyTo(place);
        place[_factLength..].Clear();
        Debug.Assert(_factLength <= StoreLayout.MaxFactBytes && tail.HasSpace(StoreLayout.RecordBytes(_factLength)));
        tail.Reserved += StoreLayout.RecordBytes(_factLength);
        var header = new RecordHeader
        {
            PayloadLength = (ulong)_factLength,
            Kind = (ushort)RecordKind.Fact,
            Codec = FactCodec,
            Digest = Sha256.Hash(bytes),
            Flags = (ushort)(turn.MovedAt == 0 ? RecordFlags.None : RecordFlags.Moved),
            TimeNanoseconds = turn.MovedAt,
        };
        transaction?.WriteTo(ref header);
        WriteHeader(turn, tail, offset, ref header, isIndexed: false, isLast);
    }

    private void WriteRef(PendingWrite turn, long offset, in BlockInfo block, bool isLast,
        RecordFlags flags = RecordFlags.None)
    {
        var header = new RecordHeader
        {
            PayloadLength = (ulong)block.Length,
            Kind = (ushort)RecordKind.Ref,
            Flags = (ushort)flags,
            Codec = block.Codec,
            Digest = block.Digest,
            SchemaDigest = block.SchemaDigest,
            Rows = (ulong)block.Rows,
        };
        WriteHeader(turn, turn.Tail!, offset, ref header, isIndexed: false, isLast);
    }

    private bool WritePad(PendingWrite turn, long offset, long extent, bool isLast)
    {
        Debug.Assert(extent >= StoreLayout.RecordHeaderBytes, "a pad has a header");
        var header = new RecordHeader
        {
            PayloadLength = (ulong)(extent - StoreLayout.RecordHeaderBytes),
            Kind = (ushort)RecordKind.Pad,
        };
        WriteHeader(turn, turn.Tail!, offset, ref header, isIndexed: false, isLast);
        return true;
    }

    /// <summary>P4 or F4: the record's number, time and link, and its header.</summary>
    private void WriteHeader(PendingWrite turn, SegmentAppender tail, long offset, ref RecordHeader header,
        bool isIndexed, bool isLast)
    {
        Debug.Assert(state.Sequence == state.Committed + 1 + (ulong)state.Unpublished.Count, "numbers have no gap");
        Debug.Assert(offset == NextOffset(tail), "the records of a segment follow each other without a hole");
        Debug.Assert(offset + header.Extent <= tail.Reserved && tail.Reserved <= tail.Segment.Bytes);
        Debug.Assert(tail.Segment.Header.Lane == state.Number, "a writer writes to its own segments");
        header.Sequence = state.Sequence++;
        // What is moved, or comes from another store, keeps the time of its put there.
        if (header.TimeNanoseconds == 0 && header.RecordKind != RecordKind.Fact)
            header.TimeNanoseconds = turn.PutAt != 0 ? turn.PutAt : turn.Request.TimeNanoseconds;
        if (header.TimeNanoseconds == 0) header.TimeNanoseconds = state.Control.NowNanoseconds();
        header.PreviousCrc = tail.LastCrc;
        header.WriteTo(tail.Segment, offset);
        tail.LastCrc = header.Crc;
        turn.Sequence = header.Sequence;
        bool isFact = header.RecordKind == RecordKind.Fact;
        state.Unpublished.Add(new UnpublishedRecord(turn, tail, offset, offset + header.Extent, header.Crc,
            header.Sequence, isIndexed,
            isFact, isLast));
        CrashPoint.Pass(isFact ? CrashStep.F4 : CrashStep.P4);
    }

    private long NextOffset(SegmentAppender tail)
    {
        int last = state.Unpublished.FindLastIndex(record => record.Tail == tail);
        return last < 0 ? tail.Committed : state.Unpublished[last].End;
    }

    /// <summary>Writes the fact that records the damage that a put found, unless it is recorded.</summary>
    /// <returns>False where the group must be committed before this turn.</returns>
    private bool TryWriteDamage(PendingWrite turn)
    {
        if (turn.Damaged is not { } range || turn.IsDamageWritten) return true;
        bool isRecorded = state.Damage.Has(range.Slot, range.Generation, range.Offset);
        if (isRecorded || state.Damage.FactOf(range) is not { } fact) return true;
        // Before and after: killed in between, the fact is looked for, and a reader that looked too early looks again.
        state.Damage.Announce();
        if (!TryWriteFact(turn, fact, default, isLast: false)) return false;
        turn.IsDamageWritten = true;
        CrashPoint.Pass(CrashStep.H1);
        return true;
    }

    /// <summary>The right bytes as a copy of the damaged record: with its time, and not announced.</summary>
    private bool WriteRepaired(PendingWrite turn)
    {
        BlockInfo known = turn.Info;
        PutRequest request = turn.Request;
        bool isView = known.Kind == RecordKind.View;
        var header = new RecordHeader
        {
            PayloadLength = (ulong)request.Source.Length,
            Kind = (ushort)(isView ? request.Kind : known.Kind),
            Flags = (ushort)((isView ? request.Flags : known.Flags) | RecordFlags.Moved),
            Codec = known.Codec,
            Digest = turn.Digest,
            SchemaDigest = isView ? request.SchemaDigest : known.SchemaDigest,
            Rows = (ulong)(isView ? request.Rows : known.Rows),
            TimeNanoseconds = (ulong)(known.Time - DateTimeOffset.UnixEpoch).Ticks * 100,
        };
        WriteHeader(turn, turn.Tail!, turn.Offset, ref header, isIndexed: true, isLast: true);
        state.Mark(turn, turn.Offset, in header);
        turn.Info = header.ToInfo() with { IsRepaired = true };
        (turn.IsNew, turn.IsToAnnounce) = (false, !request.IsRepair);
        if (turn.After is not null) _ = state.InGroup.Add(turn.Digest);
        return true;
    }

    /// <summary>A block that is there whole, and is not to be announced.</summary>
    private bool Leave(PendingWrite turn)
    {
        (turn.Info, turn.IsNew) = (turn.Announced![0].Info, false);
        turn.ReleaseLeases();
        return queue.TryTakeBack(turn) || WritePad(turn, turn.Offset, turn.Extent, isLast: true);
    }

    /// <summary>Writes the headers: of the facts, of the blocks, of the REFs. All but the last say that one more
    /// follows.</summary>
    private bool WriteTransaction(PendingWrite turn)
    {
        Transaction transaction = turn.Transaction!;
        turn.PutAt = state.Control.NowNanoseconds();
        List<byte[]> facts = FactsOf(turn, transaction);
        space.ReserveSpaceForFacts(facts);
        Debug.Assert(state.Unpublished.Count == 0, "a transaction is a group of its own");
        // Nothing can fail any more.
        state.Transaction = turn;
        Segment segment = turn.Tail!.Segment;
        var place = new TransactionPlace(segment, turn.End, state.Sequence);
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
            flushes.NoteServed(known.Block);
            WriteRef(turn, offset, known.Block.Info, isLast: left == 0,
                left == 0 ? RecordFlags.None : RecordFlags.Continued);
            offset += StoreLayout.RecordHeaderBytes;
        }

        Debug.Assert(left == 0 && (transaction.Known.Count == 0 || offset == turn.End));
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
        state.Mark(turn, block.Offset, in header);
        block.Info = header.ToInfo();
    }

    /// <summary>The bytes of every fact.</summary>
    private List<byte[]> FactsOf(PendingWrite turn, Transaction transaction)
    {
        var facts = new List<byte[]>();
        _factBytes ??= new byte[StoreLayout.MaxFactBytes];
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
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)StoreLayout.MaxFactBytes,
                nameof(transaction));
            facts.Add(_factBytes.AsSpan(0, length).ToArray());
        }
    }
}
