using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>Which segments may go at all.</summary>
internal static class SegmentChoice
{
    /// <summary>Sealed segments and those whose reclaim was interrupted by a death, oldest first, except those that
    /// hold a lane's last number: numbers belong to the lane and outlive its owners.</summary>
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
            .Where(place => place.Word.IsLive && place.Word.Bytes > StoreLayout.SmallSegmentBytes);
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
        Debug.Assert(all.TrueForAll(place => place.Word.IsLive || place.Word.State == SegmentState.Retired));
        return all;
    }

    private static List<SegmentPlace> Removable(List<SegmentPlace> all, SegmentSet segments)
    {
        Debug.Assert(all.Zip(all.Skip(1)).All(pair => pair.First.Order <= pair.Second.Order),
            "oldest first, so that the last of a lane is its newest");
        var newest = new Dictionary<(int, SegmentKind), SegmentPlace>();
        foreach (SegmentPlace place in all) newest[(place.Word.Lane, place.Kind)] = place;
        return all.FindAll(place => place.Word.State == SegmentState.Retired ||
            (place.Word.State == SegmentState.Sealed && !HoldsLast(place, newest, segments)));
    }

    /// <summary>A lane's newest segments of data and of facts stay. Elder facts and a large block's own may go once a
    /// later number stands in one of those: it shows later readers that facts are missing.</summary>
    private static bool HoldsLast(SegmentPlace place, Dictionary<(int, SegmentKind), SegmentPlace> newest,
        SegmentSet segments)
    {
        int lane = place.Word.Lane;
        Debug.Assert(newest.ContainsKey((lane, place.Kind)) && place.Word.State == SegmentState.Sealed);
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
