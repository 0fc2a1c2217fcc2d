using System.Runtime.InteropServices;

namespace ArrowCid.Ipc;

/// <summary>Where a dictionary's entries have gone: not looked at yet, null, or a place.</summary>
internal readonly struct EntryPlaces(int[]? byEntry, Dictionary<int, int>? bySome)
{
    public const int Null = -1;

    /// <summary>
    /// A table for a dictionary of <paramref name="entries"/> of which a column of <paramref name="slots"/> uses some.
    /// </summary>
    public static EntryPlaces For(int entries, int slots, Scratch scratch) => entries <= 4L * slots + 1024
        ? new EntryPlaces(scratch.Ints(entries), null)
        : new EntryPlaces(null, []);

    public bool TryGet(int entry, out int place)
    {
        if (byEntry is null) return bySome!.TryGetValue(entry, out place);
        place = byEntry[entry] - 2;
        return place >= Null;
    }

    public void Set(int entry, int place)
    {
        if (byEntry is null) CollectionsMarshal.GetValueRefOrAddDefault(bySome!, entry, out _) = place;
        else byEntry[entry] = place + 2;
    }
}
