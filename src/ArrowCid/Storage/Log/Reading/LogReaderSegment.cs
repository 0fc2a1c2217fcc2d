using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>One segment's records as they are committed. It holds one use of the segment.</summary>
internal sealed class LogReaderSegment(Segment segment)
{
    private long _next = StoreLayout.SegmentRecords;
    private long _end = StoreLayout.SegmentRecords;
    private RecordHeader _head;

    public Segment Segment => segment;

    /// <summary>The next record, after a <see cref="TryPeek"/> that found one.</summary>
    public ref readonly RecordHeader Head => ref _head;

    public bool HasHead { get; private set; }

    /// <summary>No record was seen in it yet.</summary>
    public bool IsEmpty => _end == StoreLayout.SegmentRecords;

    /// <summary>Something damaged was passed since the last record was taken.</summary>
    public bool IsAfterFault { get; private set; }

    /// <summary>Looks for the next record, of what is committed by now. After a damaged header it goes on at the next
    /// place whose magic and checksum fit.</summary>
    public bool TryPeek()
    {
        if (HasHead) return true;
        if (_next >= _end)
        {
            long committed = segment.Committed;
            if (committed <= _end) return false;
            _end = committed;
        }

        while (_next < _end)
        {
            if (RecordHeader.TryRead(segment, _next, out _head) && _head.Extent <= _end - _next)
            {
                _next += _head.Extent;
                return HasHead = true;
            }

            IsAfterFault = true;
            _next += StoreLayout.RecordAlignment;
        }

        _next = _end;
        return false;
    }

    /// <summary>The bytes after the record, or null if they do not match its digest.</summary>
    public byte[]? CopyPayload()
    {
        // A fact's length is bounded, even if its header is damaged.
        if (_head.PayloadLength > StoreLayout.MaxFactBytes) return null;
        byte[] copy = GC.AllocateUninitializedArray<byte>((int)_head.PayloadLength);
        segment.Map.CopyTo(_next - _head.Extent + StoreLayout.RecordHeaderBytes, copy);
        return Sha256.Hash(copy) == _head.Digest ? copy : null;
    }

    public void Take() => HasHead = IsAfterFault = false;

    public void Release() => segment.Release();
}
