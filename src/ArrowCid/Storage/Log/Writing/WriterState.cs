using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What the parts of one writer log share: its files, its numbers, the ends of its segments, and the group
/// that
/// is being committed. What changes is guarded by <see cref="Gate"/>.</summary>
internal sealed class WriterState
{
    // The number of places reserved together: what PutMany withholds from others while it fills them.
    public const int MaxMany = 256;

    // The number of REFs that share one pending write.
    public const int MaxAnnounced = 512;

    // What is smaller is compared at its turn: a look-up of its own would take longer.
    public const int LeastAhead = 1 << 16;

    private readonly IndexGrowth _growth;
    private readonly Mapping? _waitWord;
    private readonly ComparedPlaces _compared;
    private uint _namedIndex;

    public WriterState(int number, ControlFile control, SegmentSet segments, BlockIndex index, IndexGrowth growth,
        Mapping? waitWord, StoreSettings settings)
    {
        Debug.Assert(number >= 0 && number < control.Superblock.Lanes);
        (Number, Control, Segments, Index, _growth, _waitWord) = (number, control, segments, index, growth, waitWord);
        Timeout = settings.Timeout;
        HashesTogether = settings.HashTogether;
        Durability = control.IsOnDisk ? settings.Durability : Durability.None;
        Allocator = new SegmentAllocator(control, segments, index, settings.Timeout);
        Damage = segments.Damage;
        _compared = new ComparedPlaces(Damage);
    }

    public int Number { get; }

    public ControlFile Control { get; }

    public SegmentSet Segments { get; }

    public BlockIndex Index { get; }

    public SegmentAllocator Allocator { get; }

    public DamageLog Damage { get; }

    public TimeSpan Timeout { get; }

    public bool HashesTogether { get; }

    public Durability Durability { get; }

    /// <summary>What guards everything below.</summary>
    public object Gate { get; } = new();

    /// <summary>The number of threads that wait for a turn or for space.</summary>
    public int Waiting { get; set; }

    /// <summary>The number of calls in progress.</summary>
    public int Running { get; private set; }

    /// <summary>The end of the open data segment, where there is one.</summary>
    public SegmentAppender? Data { get; set; }

    /// <summary>The end of the open segment of facts, where there is one.</summary>
    public SegmentAppender? Facts { get; set; }

    /// <summary>The number that the next record gets.</summary>
    public ulong Sequence { get; set; } = 1;

    /// <summary>The number of the last committed record.</summary>
    public ulong Committed { get; set; }

    public bool IsClosing { get; set; }

    /// <summary>Whether a flush failed: this handle writes nothing more.</summary>
    public bool IsFaulted { get; set; }

    /// <summary>Whether a thread commits a group now.</summary>
    public bool HasLeader { get; set; }

    /// <summary>The thread that moves records into the space reserved for clean-up, or 0; other threads leave that
    /// space
    /// alone.</summary>
    public int Mover { get; set; }

    /// <summary>The bytes of the segments that were begun for records that compaction moves here.</summary>
    public long BytesBegunByMoves { get; set; }

    /// <summary>The records of the group that have their headers and are not committed yet.</summary>
    public List<UnpublishedRecord> Unpublished { get; } = [];

    /// <summary>The blocks of the group that are not found yet.</summary>
    public HashSet<Digest256> InGroup { get; } = [];

    /// <summary>The number of writes in the group.</summary>
    public int GroupWrites { get; set; }

    /// <summary>The transaction that the group consists of; it is committed alone.</summary>
    public PendingWrite? Transaction { get; set; }

    public bool IsOnDisk => Control.IsOnDisk;

    /// <summary>The index that the lane names now.</summary>
    public uint NamedIndex => Volatile.Read(ref _namedIndex);

    /// <summary>Leases a stored block. One that cannot be leased, or whose record is damaged, counts as absent and is
    /// written again.</summary>
    public bool TryLease(in Digest256 digest, out LeasedBlock block)
    {
        block = default;
        try
        {
            if (!Index.TryFind(in digest, out FoundBlock found) || found.Copy is not null) return false;
            Segment? parent = null;
            long start = 0;
            if (found.Header.RecordKind == RecordKind.View)
            {
                bool isThere = Index.TryFind(in found.Header.SchemaDigest, out FoundBlock whole) &&
                    whole.Copy is null;
                start = isThere ? whole.Offset + StoreLayout.RecordHeaderBytes + (long)found.Header.Rows : 0;
                if (!isThere)
                {
                    found.Segment.Release();
                    return false;
                }

                parent = whole.Segment;
            }

            block = new LeasedBlock(found.Header.ToInfo(), found.Header.Sequence, found.Segment, parent)
            {
                Offset = found.Offset,
                ParentStart = start,
            };
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    public void Publish(Segment segment, long offset, in Digest256 digest, bool replace = true)
    {
        ulong hash = Index.Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        if (Index.TryPublish(CurrentIndex(), in digest, hash, entry, replace)) return;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            _ = _growth.Step(this, isNeeded: true);
            if (Index.TryPublish(CurrentIndex(), in digest, hash, entry, replace)) return;
            if (Stopwatch.GetElapsedTime(started) >= Timeout)
                throw new ArrowCidException(ErrorCode.IndexFull,
                    $"{Control.Directory}: the index cannot grow now; free capacity, or close idle writers");
            Thread.Sleep(1);
        }
    }

    /// <summary>
    /// The index to publish to. The lane says which one that is, with a full fence, before the word is read again:
    /// either the janitor that swaps the word sees this lane still at the old index and waits for it, or the lane
    /// sees the new word.
    /// </summary>
    public IndexFile CurrentIndex()
    {
        while (true)
        {
            IndexFiles files = Index.Files;
            IndexFile current = files.Current ?? throw new ArrowCidException(ErrorCode.StoreGone,
                $"{Control.PathOf(StoreLayout.IndexName(files.Pair.Current))} is gone or damaged; " +
                "open the store again, which rebuilds it");
            if (current.Number == _namedIndex) return current;
            Control.SetLane(Number, StoreLayout.LaneIndex, current.Number);
            Volatile.Write(ref _namedIndex, current.Number);
        }
    }

    /// <summary>Names the current index as the one that this lane publishes to, if it does not yet and no put is at
    /// it.</summary>
    /// <returns>The index's number, or 0 where a put is at work and will see to it.</returns>
    public uint TryFollowIndex()
    {
        if (!Monitor.TryEnter(Gate)) return 0;
        try
        {
            return IsClosing ? 0 : CurrentIndex().Number;
        }
        finally
        {
            Monitor.Exit(Gate);
        }
    }

    public void WakeWaiters()
    {
        if (_waitWord is null || _waitWord.Read(StoreLayout.WaitFlag) == 0) return;
        // Cleared by the waker: a waiter killed in its sleep costs one useless wake, not one for every later put.
        _ = _waitWord.Exchange(StoreLayout.WaitFlag, 0);
        _ = _waitWord.Add(0, 1);
        _waitWord.WakeAll(0);
    }

    public void ThrowIfFaulted()
    {
        if (IsFaulted) throw Faulted();
    }

    public ArrowCidException Faulted() => new(ErrorCode.StoreFaulted,
        $"{Control.Directory}: this handle met an error when it flushed; close it, look after the disk, and open " +
        "the store again");

    public ArrowCidException FlushFailed(int errno, string name) => new(ErrorCode.Io,
        $"cannot flush {Control.PathOf(name)}: {Errno.Text(errno)} (error {errno}); what was not acknowledged is " +
        "not there; close the store, look after the disk, and open it again");

    public void Enter()
    {
        ObjectDisposedException.ThrowIf(IsClosing, typeof(BlockStore));
        Debug.Assert(Monitor.IsEntered(Gate) && Running >= 0);
        ThrowIfFaulted();
        Running++;
    }

    public void Leave()
    {
        Debug.Assert(Monitor.IsEntered(Gate) && Running > 0, "a call leaves that entered");
        Running--;
        if (IsClosing) Monitor.PulseAll(Gate);
    }

    public bool IsForJumbo(long extent) => StoreSizes.IsForJumbo(extent, Control.Superblock.SegmentBytes);

    /// <summary>The bytes of a large block's own segment.</summary>
    public long JumboBytes(int length, long extent)
    {
        Debug.Assert(extent >= StoreLayout.RecordBytes(length));
        long bytes = StoreLayout.RoundUp(StoreLayout.SegmentRecords + extent, StoreLayout.MiB);
        if (bytes <= Control.Superblock.Capacity / 2) return bytes;
        throw new ArrowCidException(ErrorCode.TooLarge,
            $"{Control.Directory}: a block of {length} bytes is over half of the store's capacity of " +
            $"{Control.Superblock.Capacity} bytes; cut it into smaller blocks or make a larger store");
    }

    public SegmentAppender NewTail(Segment next, int field)
    {
        Debug.Assert(next.Header.Lane == Number && field is StoreLayout.LaneData or StoreLayout.LaneFacts);
        Control.SetLane(Number, field, ((ulong)next.Generation << 32) | (uint)next.Slot);
        CrashPoint.Pass(CrashStep.S5);
        return new SegmentAppender(next, StoreLayout.SegmentRecords, next.Header.Crc);
    }

    public void End(SegmentAppender? old)
    {
        if (old is null) return;
        Seal(old.Segment);
        ReleaseTail(old);
    }

    public void Seal(Segment segment)
    {
        TableWord word = Control.Table(segment.Slot);
        if (word.Generation == segment.Generation && word.State == SegmentState.Open)
            _ = Control.TryChange(segment.Slot, word, word.With(SegmentState.Sealed));
    }

    public void Wait()
    {
        Debug.Assert(Waiting >= 0);
        Waiting++;
        Monitor.Wait(Gate);
        Waiting--;
    }

    public static void ReleaseTail(SegmentAppender? tail) => tail?.Segment.Release();

    /// <summary>The bytes that a filled turn holds.</summary>
    public static ReadOnlySpan<byte> Payload(PendingWrite turn) =>
        turn.Tail!.Segment.Map.Bytes(turn.Offset + StoreLayout.RecordHeaderBytes, turn.Request.Source.Length);

    /// <summary>The bytes were hashed where they are.</summary>
    public void Mark(PendingWrite turn, long offset,
        in RecordHeader header) => Segments.Marks.SetIfOpen(in header.Digest,
        turn.Tail!.Segment, offset + StoreLayout.RecordHeaderBytes,
        ((RecordFlags)header.Flags).HasFlag(RecordFlags.OwnEncoder) ? Proof.Form : Proof.Hash);

    /// <summary>Compares a large known block while the gate is free for others.</summary>
    public void CompareAhead(in Digest256 digest, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LeastAhead) return;
        try
        {
            if (!TryLease(in digest, out LeasedBlock known)) return;
            _ = IsWhole(bytes, in known);
            known.Release();
        }
        catch (ArrowCidException)
        {
            // The put's turn looks the block up again, and meets the error itself.
        }
    }

    /// <summary>Whether the stored copy of a block has the bytes that its put has. Those hash to the digest, so that
    /// comparing says as much as hashing.</summary>
    public bool IsWhole(ReadOnlySpan<byte> bytes, in LeasedBlock known)
    {
        (Segment segment, long start) = known.Parent is { } parent
            ? (parent, known.ParentStart)
            : (known.Segment, known.Offset);
        if (_compared.Has(segment, start, out ulong version)) return true;
        bool fits = known.Info.Length == bytes.Length && known.Info.Length <= segment.Bytes - start;
        if (!fits || !known.Bytes.SequenceEqual(bytes)) return false;
        _compared.Add(segment, start, version);
        return true;
    }

    /// <summary>Whether a put gives a codec to bytes that were stored without one. They are written again, because what
    /// a block is found by is in its record.</summary>
    public static bool GivesCodec(PutRequest request, BlockInfo known) =>
        request is { Kind: RecordKind.Raw, IsRepair: false } && request.Codec != Multicodec.Raw &&
        known.Kind == RecordKind.Raw && known.Codec == Multicodec.Raw;

    public static void NoteDamaged(PendingWrite turn, in LeasedBlock known)
    {
        (turn.Damaged, turn.Info) = (known.Range, known.Info);
        known.Release();
    }

    /// <summary>Once a repaired block is committed: every process learns of the damage.</summary>
    public void NoteRepaired(PendingWrite turn)
    {
        if (turn.IsDamageWritten) Damage.Announce();
        if (turn.Damaged is not { } range) return;
        _ = Damage.Add(range);
        CrashPoint.Pass(CrashStep.H2);
    }

    public LeasedBlock[] LeaseRepaired(PendingWrite turn) => TryLease(turn.Digest, out LeasedBlock block)
        ? turn.Announced = [block]
        : throw new ArrowCidException(ErrorCode.Busy,
            $"{Control.Directory}: block sha256:{turn.Digest} was removed while it was repaired; put it again");
}
