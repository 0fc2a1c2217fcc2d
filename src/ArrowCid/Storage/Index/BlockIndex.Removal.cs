using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Taking entries away.</summary>
internal sealed partial class BlockIndex
{
    /// <summary>Takes away every entry that leads into a segment. One that was replaced meanwhile leads elsewhere and
    /// stays.</summary>
    public void Remove(Segment segment)
    {
        var walk = new LogWalk(segment);
        IndexFiles files = Files;
        ulong removed = 0;
        while (walk.MoveNext())
        {
            RecordHeader record = walk.Record;
            if (!record.IsBlock) continue;
            ulong hash = Hash(in record.Digest);
            var entry = new IndexEntry(hash, segment.Slot, segment.Generation, walk.Offset);
            removed += TryRemove(files.Current, hash, entry) ? 1u : 0;
            _ = TryRemove(files.Previous, hash, entry);
        }

        files.Current?.TakeCount(removed);
    }

    /// <summary>Removes the entries that lead from a digest to one place.</summary>
    public void Remove(in Digest256 digest, Segment segment, long offset)
    {
        ulong hash = Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        IndexFiles files = Files;
        // The older first: what is copied from it meanwhile is removed here.
        _ = TryRemove(files.Previous, hash, entry);
        if (TryRemove(files.Current, hash, entry)) files.Current!.TakeCount(1);
    }

    /// <summary>Removes the entries, of whatever digest, that lead into a range of a segment.</summary>
    public void RemoveWithin(int slot, uint generation, long from, long to)
    {
        IndexFiles files = Files;
        RemoveWithin(files.Previous, slot, generation, from, to);
        RemoveWithin(files.Current, slot, generation, from, to);
    }

    /// <summary>Whether an entry leads from a digest to a place.</summary>
    public bool HasEntry(in Digest256 digest, Segment segment, long offset)
    {
        ulong hash = Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        IndexFiles files = Files;
        return (files.Current is not null && FindEntry(files.Current, hash, entry) >= 0) ||
            (files.Previous is not null && FindEntry(files.Previous, hash, entry) >= 0);
    }

    /// <summary>Whether a record is the one that its block is found by: an entry leads to it, or to no other. It may
    /// lie in a segment that look-ups no longer follow entries to.</summary>
    public bool IsPlaceOf(in Digest256 digest, Segment segment, long offset)
    {
        ulong hash = Hash(in digest);
        var entry = new IndexEntry(hash, segment.Slot, segment.Generation, offset);
        IndexFiles files = Files;
        if (files.Current is not null && FindEntry(files.Current, hash, entry) >= 0) return true;
        if (files.Previous is not null && FindEntry(files.Previous, hash, entry) >= 0) return true;
        try
        {
            if (!TryFind(in digest, out FoundBlock other)) return true;
            other.Segment?.Release();
            return false;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return true;
        }
    }

    /// <summary>Makes a digest's entry lead to another copy of its block, if it still leads to a certain one.</summary>
    public bool TryReplace(IndexFile file, in Digest256 digest, IndexEntry from, IndexEntry to)
    {
        ulong hash = Hash(in digest);
        Debug.Assert(from.HasTag(hash) && to.HasTag(hash), "both entries are of one digest");
        long place = FindEntry(file, hash, from);
        return place >= 0 && file.TryReplace(place, from.Bits, to.Bits);
    }

    private static void RemoveWithin(IndexFile? file, int slot, uint generation, long from, long to)
    {
        if (file is null) return;
        Debug.Assert(from < to && from >= StoreLayout.SegmentRecords);
        ulong removed = 0;
        long end = file.Entries + ((StoreLayout.WindowLines - 1) * StoreLayout.EntriesPerLine);
        for (long position = 0; position < end; position++)
        {
            var entry = new IndexEntry(file.Read(position));
            bool leadsThere = entry.Bits != 0 && entry.Slot == slot && entry.Generation == (generation & 0xfff) &&
                entry.Offset >= from && entry.Offset < to;
            if (leadsThere && file.TryReplace(position, entry.Bits, 0)) removed++;
        }

        file.TakeCount(removed);
    }

    private static bool TryRemove(IndexFile? file, ulong hash, IndexEntry entry)
    {
        if (file is null) return false;
        long place = FindEntry(file, hash, entry);
        return place >= 0 && file.TryReplace(place, entry.Bits, 0);
    }

    private static long FindEntry(IndexFile file, ulong hash, IndexEntry entry)
    {
        long home = file.Home(hash);
        ReadOnlySpan<ulong> window = file.Window(home);
        for (int i = 0; i < window.Length; i++)
        {
            if (Volatile.Read(in window[i]) == entry.Bits) return home + i;
        }

        GC.KeepAlive(file);
        return -1;
    }
}
