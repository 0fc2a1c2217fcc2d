using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>
/// What of one lane's log is to be believed after a power loss, or in a copy. Its committed words are not: pages reach
/// the medium in any order. Numbers that were committed before the newest data or fact segment was made, and those that
/// a collected segment may have held, are taken where they are found. From there on the segments are walked as one log,
/// whatever was committed, and the first number that is missing, or damaged and not recorded as such, ends it.
/// </summary>
internal sealed class WriterLogRebuild
{
    private readonly ControlFile _control;
    private readonly List<Chain> _chains = [];
    private readonly HashSet<(int Slot, long Offset)> _damaged;
    private readonly bool _isCommittedBelieved;
    private readonly RecordedDamage _recorded;
    private readonly ulong _settled;

    /// <param name="control">The control file.</param>
    /// <param name="headers">The lane's segments.</param>
    /// <param name="collected">The highest number that a collected segment of the lane held.</param>
    /// <param name="isCommittedBelieved">Whether the pages are known to be whole, so that what was committed may have
    /// holes.</param>
    /// <param name="recorded">The damage that facts record.</param>
    /// <param name="damaged">Where blocks lie that do not hash to their digests.</param>
    public WriterLogRebuild(ControlFile control, IEnumerable<SegmentHeader> headers, ulong collected,
        bool isCommittedBelieved, RecordedDamage recorded, HashSet<(int Slot, long Offset)> damaged)
    {
        (_control, _damaged, _isCommittedBelieved) = (control, damaged, isCommittedBelieved);
        _recorded = recorded;
        _settled = collected + 1;
        foreach (var kind in headers.OrderByDescending(header => header.Order).GroupBy(header => header.Kind))
        {
            ulong bound = ulong.MaxValue;
            foreach (SegmentHeader header in kind)
            {
                _chains.Add(new Chain(header, bound));
                if (header.Kind == SegmentKind.Jumbo) continue;
                // Made when nothing was on its way: every lower number was committed, and none came after in an elder.
                _settled = Math.Max(_settled, header.FirstSequence);
                bound = header.FirstSequence;
            }
        }
    }

    /// <summary>Corrects the committed words; bytes after them can no longer pass as records.</summary>
    /// <param name="operation">The call that it is done for: gets each segment.</param>
    /// <returns>The last number that is left.</returns>
    public ulong Run(Operation? operation = null)
    {
        try
        {
            foreach (Chain chain in _chains)
            {
                operation?.Check();
                if (TryOpen(chain)) TakeSettled(chain);
                // An elder's numbers all lie below the settled one: it need not stay mapped.
                if (chain.Bound <= _settled) End(chain);
            }

            TakeInOrder();
            foreach (Chain chain in _chains)
            {
                End(chain);
                operation?.Step();
            }

            return _chains.Select(chain => chain.Sequence).DefaultIfEmpty().Max();
        }
        finally
        {
            foreach (Chain chain in _chains) chain.Segment?.Release();
        }
    }

    private bool TryOpen(Chain chain)
    {
        int slot = chain.Header.Slot;
        SegmentAccess access = SegmentSet.TryOpen(_control, slot, _control.Table(slot), writable: true,
            out Segment? segment);
        if (access == SegmentAccess.Refused)
            throw new ArrowCidException(ErrorCode.Busy,
                _control.PathOf(StoreLayout.SegmentName(slot, chain.Header.Generation)) +
                " is held by another process");
        chain.Segment = segment;
        chain.Crc = segment?.Header.Crc ?? 0;
        return segment is not null;
    }

    private void TakeSettled(Chain chain)
    {
        long committed = chain.Segment!.Committed;
        while (true)
        {
            long offset = chain.Next;
            bool isBefore = offset < committed;
            ulong below = isBefore && _isCommittedBelieved ? chain.Bound : Math.Min(chain.Bound, _settled);
            // After what was committed only the link to the record before tells a record from an older one's rest.
            if (chain.TryRead(offset, out RecordHeader header, isLinked: !isBefore) && header.Sequence < below)
            {
                if (header.IsBlock && !IsWhole(chain, offset, in header)) _ = _damaged.Add((chain.Header.Slot, offset));
                chain.Take(offset, in header);
            }
            else if (!isBefore || !TryFindBehind(chain, committed, below))
            {
                return;
            }
        }
    }

    /// <summary>Passes damaged bytes, where a settled record follows them.</summary>
    private static bool TryFindBehind(Chain chain, long committed, ulong below)
    {
        for (long at = chain.Next + StoreLayout.RecordAlignment; at < committed; at += StoreLayout.RecordAlignment)
        {
            if (!chain.TryRead(at, out RecordHeader header, isLinked: false)) continue;
            if (header.Sequence >= below) return false;
            chain.Next = at;
            return true;
        }

        return false;
    }

    private void TakeInOrder()
    {
        ulong next = _settled;
        foreach (Chain chain in _chains) next = Math.Max(next, chain.Sequence + 1);
        var open = new Stack<(Chain Chain, ChainEnd Before)>();
        while (TryTake(next, out Chain? taken, out ChainEnd before, out bool isContinued))
        {
            Debug.Assert(taken!.Sequence == next, "numbers are taken without a gap");
            Debug.Assert(before.Sequence < next && before.Next < taken.Next);
            next++;
            if (isContinued) open.Push((taken!, before));
            else open.Clear();
        }

        // A transaction that lacks its end never was.
        while (open.TryPop(out (Chain Chain, ChainEnd Before) last)) last.Chain.GoBack(last.Before);
    }

    private bool TryTake(ulong number, out Chain? taken, out ChainEnd before, out bool isContinued)
    {
        (taken, before, isContinued) = (null, default, false);
        foreach (Chain chain in _chains)
        {
            if (chain.Segment is null || chain.Bound <= number) continue;
            long offset = chain.Next;
            if (!chain.TryRead(offset, out RecordHeader header, isLinked: true) || header.Sequence != number) continue;
            if (!IsWhole(chain, offset, in header))
            {
                if (!header.IsBlock || !_recorded.Has(chain.Header, offset, in header)) continue;
                _ = _damaged.Add((chain.Header.Slot, offset));
            }

            (taken, before, isContinued) = (chain, chain.End, header.IsContinued);
            chain.Take(offset, in header);
            return true;
        }

        return false;
    }

    private static bool IsWhole(Chain chain, long offset, in RecordHeader header) =>
        !header.IsHashed || LogWalk.IsPayloadRight(chain.Segment!, offset, in header);

    private void End(Chain chain)
    {
        if (chain.Segment is not { } segment) return;
        Debug.Assert(chain.Next <= segment.Bytes && chain.Next % StoreLayout.RecordAlignment == 0);
        Debug.Assert(chain.Last < chain.Next && chain.Last >= 0);
        bool isChanged = segment.Map.Read(StoreLayout.SegmentCommitted) != (ulong)chain.Next;
        if (isChanged)
        {
            segment.Map.Write(StoreLayout.SegmentLastRecord, (ulong)chain.Last);
            segment.Map.Write(StoreLayout.SegmentCommitted, (ulong)chain.Next);
        }

        if (chain.Next < segment.Bytes && segment.Map.Read(chain.Next) == (segment.Nonce ^ (ulong)chain.Next))
        {
            // Its number will be another record's: the next rebuild must not find two.
            segment.Map.Write(chain.Next, 0);
            isChanged = true;
        }

        // Before the new control file has its name, and with it a lane may go on.
        if (isChanged && _control.IsOnDisk)
            StorageErrors.Check(segment.Flush(), "cannot flush", _control.PathOf(segment.Name));
        chain.Segment = null;
        segment.Release();
    }

    /// <summary>How far a segment is believed: its last record, the next place, and the number and checksum of the
    /// last record.</summary>
    private readonly record struct ChainEnd(long Last, long Next, ulong Sequence, uint Crc);

    /// <summary>One segment, as far as it is believed.</summary>
    private sealed class Chain(SegmentHeader header, ulong bound)
    {
        public SegmentHeader Header => header;

        /// <summary>The first number of the next segment of the kind: none from it on is in this one.</summary>
        public ulong Bound => bound;

        public Segment? Segment { get; set; }

        public long Next { get; set; } = StoreLayout.SegmentRecords;

        public long Last { get; private set; }

        public ulong Sequence { get; private set; }

        public uint Crc { get; set; }

        public ChainEnd End => new(Last, Next, Sequence, Crc);

        public void GoBack(ChainEnd end)
        {
            Debug.Assert(end.Next < Next && end.Sequence < Sequence, "the end moves back to a record before");
            (Last, Next, Sequence, Crc) = end;
        }

        public bool TryRead(long offset, out RecordHeader record, bool isLinked) =>
            RecordHeader.TryRead(Segment!, offset, out record) && record.Sequence > Sequence &&
            record.Extent <= Segment!.Bytes - offset && (!isLinked || record.PreviousCrc == Crc);

        public void Take(long offset, in RecordHeader record)
        {
            Debug.Assert(offset >= Next && record.Sequence > Sequence, "a log is read forwards");
            Debug.Assert(record.Sequence < bound && record.Extent <= Segment!.Bytes - offset);
            (Last, Next, Sequence, Crc) = (offset, offset + record.Extent, record.Sequence, record.Crc);
        }
    }
}
