using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The records of one segment in log order, up to what was committed when the walk began. After a damaged header it
/// goes on at the next place whose magic and checksum fit.
/// </summary>
internal struct LogWalk(Segment segment, long from = StoreLayout.SegmentRecords)
{
    private readonly long _end = segment.Committed;
    private long _next = from;

    public long Offset { get; private set; }

    public RecordHeader Record { get; private set; }

    /// <summary>How many times records were missing before the one at which the walk went on.</summary>
    public int Faults { get; private set; }

    /// <summary>Where the last missing records began.</summary>
    public long FaultOffset { get; private set; }

    public readonly Segment Segment => segment;

    /// <summary>What was committed when the walk began.</summary>
    public readonly long End => _end;

    /// <summary>Whether the last record ends where the committed part does: its checksum is what the next one
    /// carries.</summary>
    public readonly bool EndsWhole => _next == _end;

    public bool MoveNext()
    {
        bool isFault = false;
        while (_next < _end)
        {
            if (RecordHeader.TryRead(segment, _next, out RecordHeader header) && header.Extent <= _end - _next)
            {
                if (isFault) Faults++;
                Debug.Assert(header.Extent >= StoreLayout.RecordHeaderBytes, "each step moves on");
                Debug.Assert(header.Extent % StoreLayout.RecordAlignment == 0);
                (Offset, Record) = (_next, header);
                _next += header.Extent;
                return true;
            }

            if (!isFault) FaultOffset = _next;
            isFault = true;
            _next += StoreLayout.RecordAlignment;
        }

        if (isFault)
        {
            Faults++;
            // A tail that no record ends is nothing to append to.
            _next = -1;
        }

        return false;
    }

    /// <summary>Whether the payload after a record matches its digest.</summary>
    public static bool IsPayloadRight(Segment segment, long offset, in RecordHeader header) =>
        Sha256.Hash(segment.Map.Bytes(offset + StoreLayout.RecordHeaderBytes,
            (int)header.PayloadLength)) == header.Digest;
}
