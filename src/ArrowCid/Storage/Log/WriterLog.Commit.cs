using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Group commit: the writer that finds the first pending write ready, and no leader at work, commits all ready writes
/// together. Records get their numbers and headers in order (P4, F4), then, in the same order, entries (P5) and the
/// committed words (P6, F6), so that both chains of committed records have no hole. Under the gate.
/// </summary>
internal sealed partial class WriterLog
{
    // The largest group, in writes: bounds how long others wait for the gate.
    private const int MaxGroup = 1024;

    private const uint FactCodec = (uint)Multicodec.DagCbor;

    private readonly List<Pending> _pending = [];
    private readonly HashSet<Digest256> _inGroup = [];
    private byte[]? _factBytes;
    private int _factLength;
    private int _groupTurns;

    private void CommitAsLeader(PendingWrite own)
    {
        _isLed = true;
        try
        {
            // Writes without a waiting owner are committed by the current leader.
            do CommitGroup();
            while (!_isFaulted && HasReady && (own.IsQueued || _head is { IsFilled: true, Kind: WriteKind.Pad }));
        }
        finally
        {
            _isLed = false;
            if (_waiting > 0) Monitor.PulseAll(_gate);
        }
    }

    private void CommitGroup()
    {
        WriteGroup();
        if (_pending.Count == 0) return;
        if (StoreMeter.CommitGroup.Enabled) StoreMeter.CommitGroup.Record(_pending.Count, _control.Reporter.Tag);
        bool isDurable = _durability == Durability.Always;
        // A loss of power must not leave a part of a transaction in a segment that is taken as it is found.
        if ((isDurable || (_transaction is not null && IsOnDisk)) && !TryFlushGroup()) return;
        if (_transaction is { } turn) PublishTransaction(turn);
        else PublishGroup();
        if (isDurable) _control.HintLane(Number, StoreLayout.LaneDurable, _committed);
        WakeWaiters();
        CrashPoint.Pass(CrashStep.P7);
    }

    private void WriteGroup()
    {
        _pending.Clear();
        _toFlush.Clear();
        _othersToFlush.Clear();
        _noted = null;
        _groupTurns = 0;
        _transaction = null;
        if (_inGroup.Count > 0) _inGroup.Clear();
        // It goes alone, and before facts that would keep it from its turn.
        if (_head is { IsFilled: true, Kind: WriteKind.Transaction } first)
        {
            _ = TryWrite(first);
            return;
        }

        for (int i = 0; i < _appends.Count;)
        {
            PendingWrite turn = _appends[i];
            if (!TryWrite(turn)) return;
            // One that failed has left the list.
            if (turn.IsQueued) i++;
        }

        PendingWrite? next;
        for (PendingWrite? turn = _head; turn is { IsFilled: true } && _groupTurns < MaxGroup; turn = next)
        {
            next = turn.After;
            if (turn.Kind == WriteKind.Transaction || !TryWrite(turn)) return;
        }
    }

    /// <returns>False where the group must be committed before this turn.</returns>
    private bool TryWrite(PendingWrite turn)
    {
        _groupTurns++;
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
            Fail(turn, e);
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
            if (_inGroup.Contains(digest)) return false;
            turn.Damaged = null;
            if (TryLease(in digest, out LeasedBlock known))
            {
                // In a ring what will soon go is written again.
                if (!IsWhole(Payload(turn), in known)) NoteDamaged(turn, in known);
                else if (isOfCodec = GivesCodec(turn.Request, known.Info)) known.Release();
                else if (_maker.IsOld(known.Parent ?? known.Segment)) known.Release();
                else turn.Announced = [known];
            }

            CrashPoint.Pass(CrashStep.P3);
        }

        if (turn.Request.MustBeNew && (turn.Announced is not null || turn.Damaged is not null || isOfCodec))
            throw new BlockExistsException(Cid.FromSha256(turn.Request.Codec, digest));
        if (turn.Announced is not null)
            return turn.Request.IsRepair ? Leave(turn) : TryWriteKnown(turn, turn.Announced[0].Info);
        if (!TryWriteDamage(turn)) return false;
        if (turn.Damaged is not null && !_control.Superblock.IsRing) return WriteRepaired(turn);
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
        Mark(turn, turn.Offset, in header);
        turn.Info = header.ToInfo();
        if (turn.Damaged is not null) turn.Info = turn.Info with { IsRepaired = true };
        if (turn.After is not null) _ = _inGroup.Add(digest);
        return true;
    }

    private bool WriteMoved(PendingWrite turn, Relocation moved)
    {
        RecordHeader header = moved.Header;
        turn.Info = header.ToInfo();
        WriteHeader(turn, turn.Tail!, turn.Offset, ref header, moved.IsIndexed, isLast: true);
        if (header.IsBlock && header.HasPayload) Mark(turn, turn.Offset, in header);
        return true;
    }

    private bool TryWriteKnown(PendingWrite turn, BlockInfo info)
    {
        (turn.Info, turn.IsNew) = (info, false);
        long rest = turn.Extent - StoreLayout.RecordHeaderBytes;
        bool isLastPlace = turn.IsLastPlace;
        if (turn.IsJumbo || (rest is > 0 and < StoreLayout.RecordHeaderBytes && !isLastPlace))
        {
            turn.IsToAnnounce = true;
            if (TryTakeBack(turn)) return true;
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

        NoteServed(in turn.Announced![0]);
        WriteRef(turn, turn.Offset, in info, isLast: rest == 0);
        return rest == 0 || WritePad(turn, turn.Offset + StoreLayout.RecordHeaderBytes, rest, isLast: true);
    }

    private bool TryWriteAnnounced(PendingWrite turn)
    {
        LeasedBlock[] blocks = turn.Announced!;
        // Of a put whose place was none for a REF there is one, to which the facts belong.
        if (turn.Facts is not null && !TryPrepareFact(turn.Facts, Dated(turn, blocks[0].Info))) return false;
        for (int i = 0; i < blocks.Length; i++)
        {
            long offset = turn.Offset + (i * (long)StoreLayout.RecordHeaderBytes);
            NoteServed(in blocks[i]);
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
        turn.PutAt = turn.Request.TimeNanoseconds != 0 ? turn.Request.TimeNanoseconds : _control.NowNanoseconds();
        return block with { Time = DateTimeOffset.UnixEpoch.AddTicks((long)(turn.PutAt / 100)) };
    }

    /// <summary>Asks for the fact, and for a place for it.</summary>
    private bool TryPrepareFact(IFactSource facts, in BlockInfo block, bool isMove = false)
    {
        _factBytes ??= new byte[MaxFactBytes];
        _factLength = facts.Write(in block, _factBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)_factLength, (uint)MaxFactBytes, nameof(facts));
        if (_facts?.HasSpace(StoreLayout.RecordBytes(_factLength)) == true) return true;
        // An adopter looks at the newest segment of facts alone.
        if (_pending.Count > 0) return false;
        OpenNextFacts();
        if (isMove) BytesBegunByMoves += _facts!.Segment.Bytes;
        return true;
    }

    private void WriteFact(PendingWrite turn, bool isLast, TransactionPlace? transaction = null)
    {
        SegmentAppender tail = _facts!;
        long offset = tail.Reserved, payload = offset + StoreLayout.RecordHeaderBytes;
        ReadOnlySpan<byte> bytes = _factBytes.AsSpan(0, _factLength);
        Span<byte> place = tail.Segment.Map.WritableBytes(payload,
            (int)StoreLayout.RoundUp(_factLength, StoreLayout.RecordAlignment));
        bytes.CopyTo(place);
        place[_factLength..].Clear();
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
        header.Sequence = _sequence++;
        // What is moved, or comes from another store, keeps the time of its put there.
        if (header.TimeNanoseconds == 0 && header.RecordKind != RecordKind.Fact)
            header.TimeNanoseconds = turn.PutAt != 0 ? turn.PutAt : turn.Request.TimeNanoseconds;
        if (header.TimeNanoseconds == 0) header.TimeNanoseconds = _control.NowNanoseconds();
        header.PreviousCrc = tail.LastCrc;
        header.WriteTo(tail.Segment, offset);
        tail.LastCrc = header.Crc;
        turn.Sequence = header.Sequence;
        bool isFact = header.RecordKind == RecordKind.Fact;
        _pending.Add(new Pending(turn, tail, offset, offset + header.Extent, header.Crc, header.Sequence, isIndexed,
            isFact, isLast));
        CrashPoint.Pass(isFact ? CrashStep.F4 : CrashStep.P4);
    }

    /// <summary>P5 and P6 in the order of the numbers. Records that follow each other in a segment are committed at
    /// once, but a fact always before the block after it is found.</summary>
    private void PublishGroup()
    {
        int run = 0;
        for (int i = 0; i < _pending.Count; i++)
        {
            Pending record = _pending[i];
            if (_pending[run].Tail != record.Tail)
            {
                Commit(run, i);
                run = i;
            }

            if (!record.IsIndexed) continue;
            try
            {
                if (record.Turn.Request.Moved is { } moved) Relocate(moved, record.Tail.Segment, record.Offset);
                else Publish(record.Tail.Segment, record.Offset, record.Turn.Digest);
            }
            catch (Exception e)
            {
                Commit(run, i);
                Unwind(i);
                Fail(record.Turn, e);
                return;
            }

            CrashPoint.Pass(CrashStep.P5);
        }

        Commit(run, _pending.Count);
    }

    /// <summary>P6 or F6: the records are announced.</summary>
    private void Commit(int first, int end)
    {
        if (first == end) return;
        Pending last = _pending[end - 1];
        SegmentAppender tail = last.Tail;
        Mapping map = tail.Segment.Map;
        (tail.Committed, tail.CommittedCrc, _committed) = (last.End, last.Crc, last.Sequence);
        map.Write(StoreLayout.SegmentLastRecord, (ulong)last.Offset);
        _control.HintLane(Number, StoreLayout.LaneSequence, last.Sequence);
        // The exchange is the full fence between the committed word and the waiters' flag.
        map.Exchange(StoreLayout.SegmentCommitted, (ulong)last.End);
        NoteDirty(tail);
        CrashPoint.Pass(last.IsFact ? CrashStep.F6 : CrashStep.P6);
        for (int i = first; i < end; i++)
        {
            if (_pending[i].IsLast) End(_pending[i].Turn);
        }
    }

    private void End(PendingWrite turn)
    {
        if (turn.Kind == WriteKind.Put && !turn.IsToAnnounce) turn.ReleaseLeases();
        Dequeue(turn);
        if (!turn.IsJumbo) return;
        Seal(turn.Tail!.Segment);
        ReleaseTail(turn.Tail);
    }

    /// <summary>Takes the numbers back from a record on: none of those is announced. Their turns are still
    /// queued.</summary>
    private void Unwind(int first)
    {
        _sequence = _pending[first].Sequence;
        for (int i = _pending.Count - 1; i >= first; i--)
        {
            Pending record = _pending[i];
            record.Tail.LastCrc = record.Tail.CommittedCrc;
            if (!record.IsFact) continue;
            record.Turn.IsDamageWritten = false;
            record.Tail.Segment.Map.Write(record.Offset, 0);
            record.Tail.Reserved = record.Offset;
        }
    }

    /// <summary>A turn that cannot be carried out: its place, if it has one, becomes PAD in the next group.</summary>
    private void Fail(PendingWrite turn, Exception error)
    {
        turn.Error = error;
        if (turn.Kind == WriteKind.Put) turn.ReleaseLeases();
        if (turn.Kind == WriteKind.Append) Dequeue(turn);
        else if (!TryTakeBack(turn)) turn.Kind = WriteKind.Pad;
    }

    /// <summary>A record that has its header and is not committed yet.</summary>
    private readonly record struct Pending(PendingWrite Turn, SegmentAppender Tail, long Offset, long End, uint Crc,
        ulong Sequence,
        bool IsIndexed, bool IsFact, bool IsLast);
}
