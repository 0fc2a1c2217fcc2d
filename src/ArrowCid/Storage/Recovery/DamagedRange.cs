namespace ArrowCid.Storage;

/// <summary>A range of a segment that does not hold what was written there: one record, or bytes in which no record can
/// be read.</summary>
/// <param name="Block">The block whose record it is, or null.</param>
/// <param name="Slot">The segment's slot.</param>
/// <param name="Generation">The segment's generation.</param>
/// <param name="Offset">Where the record's header begins, or the first byte that cannot be read.</param>
/// <param name="Bytes">The number of bytes, header and padding included.</param>
internal sealed record DamagedRange(Cid? Block, int Slot, uint Generation, long Offset, long Bytes)
{
    /// <summary>File and offset, for people.</summary>
    public string Place => $"{StoreLayout.SegmentName(Slot, Generation)}+{Offset}";
}
