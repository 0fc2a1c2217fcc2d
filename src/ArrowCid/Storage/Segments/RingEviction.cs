using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>
/// Frees space in a ring: evicts the oldest sealed segment without a lease. Any writer does this on its own, under the
/// segment's write lock alone, so that no stopped process stops the others' puts.
/// </summary>
internal sealed class RingEviction(ControlFile control, SegmentSet segments, BlockIndex index)
{
    /// <summary>Takes the oldest segment that can go.</summary>
    /// <param name="lane">A lane of this handle.</param>
    /// <param name="bytes">The size in need.</param>
    /// <param name="raw">The segment, ready for another use, where it is of that size and in memory; else its space is
    /// free.</param>
    /// <returns>False where none can go now.</returns>
    public bool TryTake(int lane, long bytes, out RawSegment? raw)
    {
        Debug.Assert(control.Superblock.IsRing, "only a ring evicts");
        raw = null;
        var held = new List<string>();
        foreach (SegmentPlace place in SegmentChoice.ByAge(control, segments))
        {
            using LockedSegment? locked =
                LockedSegment.TryLock(control, segments, place.Slot, place.Word, out bool isBusy);
            if (isBusy) held.Add(StoreLayout.SegmentName(place.Slot, place.Word.Generation));
            if (locked is null || !locked.TryRetire()) continue;
            locked.ClearEntries(index);
            if (locked.Bytes == bytes && !control.IsOnDisk) raw = locked.TryRecycle(lane);
            else locked.Free();
            Debug.Assert(raw is null || (raw.Word.Lane == lane && raw.Word.Bytes == bytes));
            control.Reporter.SegmentEvicted(StoreLayout.SegmentName(place.Slot, place.Word.Generation),
                place.Word.Bytes);
            return true;
        }

        segments.Pressure.SetHeld(held);
        return false;
    }

    /// <summary>Whether a segment is in the older half of the ring, so that what is put again is better written
    /// again: as much as half of the ring's space was written after it.</summary>
    public bool IsOld(Segment segment)
    {
        long newer = 0;
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive) continue;
            (ulong order, SegmentKind kind) = control.Details(slot);
            if (kind != SegmentKind.Facts && order > segment.Header.Order) newer += word.Bytes;
        }

        Superblock shape = control.Superblock;
        return newer >= (shape.Capacity - shape.SegmentBytes - shape.FactSegmentBytes) / 2;
    }
}
