namespace ArrowCid.Storage;

/// <summary>The capacity that a new store needs for facts and blocks that one writer puts in a given order.</summary>
/// <param name="segment">The bytes of a data segment.</param>
internal sealed class StoreNeed(long segment)
{
    private readonly long _factSegment = StoreSizes.FactBytesOf(segment);
    private long _dataLeft;
    private long _factLeft;
    private long _segments;
    private long _largestAgain;
    private long _blocks;

    /// <summary>The next block.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="isPutAgain">Whether it is put a second time, which takes a place of its size for a moment.</param>
    public void AddBlock(long length, bool isPutAgain)
    {
        long extent = StoreLayout.RecordBytes(length);
        _blocks++;
        if (StoreSizes.IsForJumbo(extent, segment))
        {
            long bytes = StoreLayout.RoundUp(StoreLayout.SegmentRecords + extent, StoreLayout.MiB);
            _segments += bytes;
            if (!isPutAgain) return;
            _largestAgain = Math.Max(_largestAgain, bytes);
            Take(ref _dataLeft, segment, StoreLayout.RecordHeaderBytes, StoreLayout.RecordHeaderBytes);
            return;
        }

        Take(ref _dataLeft, segment, extent, extent);
        if (isPutAgain) Take(ref _dataLeft, segment, extent, StoreLayout.RecordHeaderBytes);
    }

    /// <summary>The next record of facts.</summary>
    public void AddFacts(long length)
    {
        long extent = StoreLayout.RecordBytes(length);
        Take(ref _factLeft, _factSegment, extent, extent);
    }

    /// <summary>The capacity, in whole MiB.</summary>
    public long Capacity()
    {
        long entries = new StoreSettings().InitialIndexEntries, index = StoreLayout.IndexBytes(entries);
        for (; _blocks > entries / 2; entries *= 2) index =
            StoreLayout.IndexBytes(entries * 2) + StoreLayout.IndexBytes(entries);
        // One segment of each kind is kept back for clean-up, and a writer has one of each from the start.
        long kept = (_segments == 0 ? 2 : 1) * (segment + _factSegment);
        long bytes = Math.Max(_segments + _largestAgain + kept + index, 8 * segment);
        bytes += StoreLayout.ControlBytes(StoreSizes.SlotsOf(bytes, segment));
        return Math.Max(StoreLayout.RoundUp(bytes, StoreLayout.MiB), StoreSizes.MinCapacity);
    }

    private void Take(ref long left, long whole, long asked, long taken)
    {
        if (left < asked)
        {
            _segments += whole;
            left = whole - StoreLayout.SegmentRecords;
        }

        left -= taken;
    }
}
