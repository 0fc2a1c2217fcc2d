namespace ArrowCid.Storage;

/// <summary>
/// Room in a ring: the oldest sealed segment that nobody leases goes. Any writer does this by itself, under the
/// segment's write lock alone, so that no stopped process stops the others' puts.
/// </summary>
internal sealed class RingEviction(ControlFile control, SegmentSet segments, BlockIndex index)
{
    /// <summary>Takes the oldest segment that can go.</summary>
    /// <param name="lane">A lane of this handle.</param>
    /// <param name="bytes">The size in need.</param>
    /// <param name="raw">The segment, ready for another use, where it is of that size and in memory; else its room is
    /// free.</param>
    /// <returns>False where none can go now.</returns>
    public bool TryTake(int lane, long bytes, out RawSegment? raw)
    {
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
            return true;
        }

        control.Shortage.SetHeld(held);
        return false;
    }

    /// <summary>Whether a segment is in the older half of the ring, so that what is put again is better written
    /// again: as much as half of the ring's room was written after it.</summary>
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

/// <summary>Which segments may go at all.</summary>
internal static class SegmentChoice
{
    /// <summary>Sealed segments and those that somebody died over, oldest first, but for those that hold a lane's last
    /// number: numbers belong to the lane and survive its owners.</summary>
    public static List<SegmentPlace> Removable(ControlFile control, SegmentSet segments) =>
        Removable(Places(control), segments);

    /// <summary>The segments that compaction looks at, oldest first: those that may go, and the newest data segment of
    /// each lane, which may go once the lane has a next one.</summary>
    public static List<SegmentPlace> Compactable(ControlFile control, SegmentSet segments)
    {
        List<SegmentPlace> all = Places(control);
        // A next segment as large as the one before would free nothing.
        IEnumerable<SegmentPlace> newest = all.Where(place => place.Kind == SegmentKind.Data)
            .GroupBy(place => place.Word.Lane)
            .Select(lane => lane.Last() with { NeedsNext = true })
            .Where(place => place.Word.IsLive && place.Word.Bytes > WriterLog.SmallSegmentBytes);
        return [.. Removable(all, segments).Concat(newest).OrderBy(place => place.Order)];
    }

    /// <summary>Those that may go, in the order in which a ring lets them go. Facts are as old as the last of them, so
    /// that they stay as long as the blocks that they were put with.</summary>
    public static List<SegmentPlace> ByAge(ControlFile control, SegmentSet segments)
    {
        List<SegmentPlace> all = Places(control);
        return [.. Removable(all, segments).OrderBy(place => place.Kind == SegmentKind.Facts
            ? all.Find(next => next.Kind == SegmentKind.Facts && next.Word.Lane == place.Word.Lane &&
                next.Order > place.Order).Order
            : place.Order)];
    }

    /// <summary>The segments that are there, or half gone, in the order in which they were begun.</summary>
    private static List<SegmentPlace> Places(ControlFile control)
    {
        var all = new List<SegmentPlace>();
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (!word.IsLive && word.State != SegmentState.Retired) continue;
            (ulong order, SegmentKind kind) = control.Details(slot);
            if (control.Table(slot) == word) all.Add(new SegmentPlace(slot, word, order, kind));
        }

        all.Sort((one, other) => one.Order.CompareTo(other.Order));
        return all;
    }

    private static List<SegmentPlace> Removable(List<SegmentPlace> all, SegmentSet segments)
    {
        var newest = new Dictionary<(int, SegmentKind), SegmentPlace>();
        foreach (SegmentPlace place in all) newest[(place.Word.Lane, place.Kind)] = place;
        return all.FindAll(place => place.Word.State == SegmentState.Retired ||
            (place.Word.State == SegmentState.Sealed && !HoldsLast(place, newest, segments)));
    }

    /// <summary>A lane's newest segments of data and of facts stay. Elder facts and a large block's own may go once a
    /// later number stands in one of those: it shows who reads on that facts are missing.</summary>
    private static bool HoldsLast(SegmentPlace place, Dictionary<(int, SegmentKind), SegmentPlace> newest,
        SegmentSet segments)
    {
        int lane = place.Word.Lane;
        bool isNewest = newest[(lane, place.Kind)] == place;
        if (place.Kind == SegmentKind.Data) return isNewest;
        if (place.Kind == SegmentKind.Facts ? isNewest : !isNewest) return isNewest;
        ulong last = LastNumber(place, segments, isWanted: true);
        bool isPassed = false;
        foreach (SegmentKind kind in (ReadOnlySpan<SegmentKind>)[SegmentKind.Data, SegmentKind.Facts])
        {
            isPassed |= newest.TryGetValue((lane, kind), out SegmentPlace other) &&
                LastNumber(other, segments, isWanted: false) > last;
        }

        return !isPassed;
    }

    private static ulong LastNumber(SegmentPlace place, SegmentSet segments, bool isWanted)
    {
        // What cannot be read now stays where it is.
        if (segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready)
            return isWanted ? ulong.MaxValue : 0;
        ulong last = LogReader.LastOrBefore(segment!).Sequence;
        segment!.Release();
        return last;
    }
}
