using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Space for the next segment, and records that maintenance moves here. Under the gate, except <see
/// cref="Move"/>.</summary>
internal sealed partial class WriterLog
{
    /// <summary>The size of a data segment that a lane gets only so that the one before may be removed.</summary>
    public const long SmallSegmentBytes = StoreLayout.MiB;

    private const int LongestPause = 20;

    // The thread that moves records into the space reserved for clean-up; other threads leave that space alone.
    private int _mover;

    /// <summary>The bytes of the segments that were begun for records that compaction moves here.</summary>
    public long BytesBegunByMoves { get; private set; }

    /// <summary>Gives up the preallocated segment because space is needed.</summary>
    public void GiveUpPrepared() => _ = _maker.TryGiveUpPrepared();

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
        lock (_gate)
        {
            _mover = 0;
            Monitor.PulseAll(_gate);
        }

        Flush();
    }

    /// <summary>Begins a small data segment after the newest one, which is sealed and may then be removed: the header
    /// of the next segment says where the lane's numbers go on.</summary>
    /// <returns>False where records are in progress, where the given segment is not the newest any more, or where there
    /// is no space.</returns>
    public bool TryBeginNext(SegmentPlace newest)
    {
        lock (_gate)
        {
            if (_closing || _head is not null || _isLed || _mover != 0 || _control.IsFaulted(Number)) return false;
            bool isNewest = _data is not { } open ||
                (open.Segment.Slot == newest.Slot && open.Segment.Generation == newest.Word.Generation);
            return isNewest && TryOpenNextData(SmallSegmentBytes, forCleanUp: true);
        }
    }

    /// <summary>Whether the open segment has space for a reservation of this thread.</summary>
    private bool HasSpace(long extent) =>
        _data?.HasSpace(extent) == true && (_mover == 0 || _mover == Environment.CurrentManagedThreadId);

    /// <summary>Creates the next data segment if there is space for one.</summary>
    private bool TryOpenNextData(bool isMove)
    {
        long bytes = _control.Superblock.SegmentBytes;
        if (!TryOpenNextData(bytes, forCleanUp: false))
        {
            // What is kept back serves this one purpose, or a full store could not shrink.
            if (!isMove || !TryOpenNextData(bytes, forCleanUp: true)) return false;
            _mover = Environment.CurrentManagedThreadId;
        }

        if (isMove) BytesBegunByMoves += bytes;
        return true;
    }

    private bool TryOpenNextData(long bytes, bool forCleanUp)
    {
        Segment? next = _maker.TryCreate(Number, SegmentKind.Data, bytes, _committed + 1, forCleanUp);
        if (next is null) return false;
        SegmentAppender? old = _data;
        _data = NewTail(next, StoreLayout.LaneData);
        End(old);
        return true;
    }

    /// <summary>Waits, with the gate released, until space is freed, and requests it from this process too.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: no space was freed before the
    /// deadline.</exception>
    private void WaitForSpace(long bytes, bool isMove, ref long started)
    {
        ObjectDisposedException.ThrowIf(_closing, typeof(BlockStore));
        if (started == 0) started = Stopwatch.GetTimestamp();
        // The thread that frees space must not wait.
        if (isMove || Stopwatch.GetElapsedTime(started) >= _timeout) throw _maker.Refusal(bytes);
        _segments.Pressure.Request(bytes);
        _waiting++;
        // Longer pauses drift apart from those of others in the same need.
        _ = Monitor.Wait(_gate, Random.Shared.Next(1, LongestPause));
        _waiting--;
    }

    /// <summary>P5 of what is moved: the entry that led to the old place leads here. Where a put has come first,
    /// entries lead to its copy, and stay.</summary>
    private void Relocate(Relocation moved, Segment segment, long offset)
    {
        Digest256 digest = moved.Header.Digest;
        ulong hash = _index.Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        if (_index.TryReplace(CurrentIndex(), in digest, moved.EntryOf(hash), entry)) return;
        if (moved.IsPlaceOf(_index)) Publish(segment, offset, in digest);
    }
}
