using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Makes a new control file and index from the segments alone: for a copy of a store, and for a store that another boot of the
/// machine left. The caller is alone with the store. Killed at any point, it leaves the old control file, and the next one
/// begins again.
/// </summary>
internal static class StoreRebuild
{
    public static void Run(ControlFile old, bool isCopy)
    {
        FileDescriptor folder = old.DirectoryFile;
        string temporary = StoreOpening.TemporaryName();
        FileDescriptor file = StoreOpening.CreateControl(old.Directory, folder, temporary,
            identity => old.Superblock.WithIdentity(isCopy ? Guid.NewGuid() : old.Superblock.Id, identity), out Mapping map);
        using (file)
        {
            try
            {
                Fill(old, map, file);
                StorageErrors.Check(file.Sync(), "cannot flush", old.PathOf(temporary));
                StorageErrors.Check(folder.Rename(temporary, Layout.ControlName), "cannot name", old.PathOf(Layout.ControlName));
            }
            catch
            {
                _ = folder.Unlink(temporary);
                throw;
            }
        }
    }

    private static void Fill(ControlFile old, Mapping map, FileDescriptor file)
    {
        Span<byte> page = stackalloc byte[Layout.PageBytes];
        map.CopyTo(0, page);
        Superblock superblock = Superblock.Read(page, map.Length, old.Directory);
        // The descriptor stays the caller's: nothing of this view of the new file is disposed but its segments.
        var control = new ControlFile(old.Directory, old.DirectoryFile, map, file, superblock, writable: true);
        using var segments = new SegmentSet(control);
        FillTable(control);
        var index = new BlockIndex(control, segments);
        var growth = new IndexGrowth(control, segments, index);
        uint number = NextIndex(old);
        long entries = growth.FillEntries();
        while (!growth.TryFillFromLogs(IndexFile.Create(control, number, entries))) entries *= 2;
        map.Write(Layout.IndexWord, new IndexPair(number, 0).Bits);
    }

    /// <summary>The highest generation of a slot wins. All segments are sealed: what a torn tail may hide is never written over,
    /// and lanes go on in new segments.</summary>
    private static void FillTable(ControlFile control)
    {
        var best = new SortedDictionary<int, SegmentHeader>();
        var highest = new SortedDictionary<int, uint>();
        foreach (string path in Directory.EnumerateFiles(control.Directory, "seg-*"))
        {
            if (!TryParseName(Path.GetFileName(path), control.Superblock.Segments, out int slot, out uint generation)) continue;
            highest[slot] = Math.Max(generation, highest.GetValueOrDefault(slot));
            if (ReadHeader(control, slot, generation) is { } header &&
                (!best.TryGetValue(slot, out SegmentHeader? other) || other.Generation < generation))
                best[slot] = header;
        }

        ulong order = 0;
        foreach ((int slot, uint generation) in highest)
        {
            TableWord word = new(SegmentState.Free, 0, 0, generation);
            if (best.TryGetValue(slot, out SegmentHeader? header))
            {
                word = new TableWord(SegmentState.Sealed, header.Lane, header.Bytes / Layout.MiB, header.Generation);
                control.SetDetails(slot, header.Order, header.Kind);
                order = Math.Max(order, header.Order);
            }

            _ = control.TryChange(slot, default, word);
        }

        control.Map.Write(Layout.SegmentOrder, order);
    }

    private static SegmentHeader? ReadHeader(ControlFile control, int slot, uint generation)
    {
        using FileDescriptor? file =
            control.DirectoryFile.TryOpenFile(Layout.SegmentName(slot, generation), writable: false, out _);
        Span<byte> half = stackalloc byte[Layout.SegmentHeaderBytes];
        if (file is null || file.Stat(out FileStatus status) != 0 || file.Read(half, 0, out _) != half.Length) return null;
        SegmentHeader? header = SegmentHeader.Read(half);
        bool isRight = header is not null && header.SegmentId == control.Superblock.SegmentId && header.Slot == slot &&
            header.Generation == generation && header.Bytes == status.Size && status.Size % Layout.MiB == 0 &&
            header.Lane >= 0 && header.Lane < control.Superblock.Lanes;
        return isRight ? header : null;
    }

    private static bool TryParseName(string name, int segments, out int slot, out uint generation)
    {
        (slot, generation) = (0, 0);
        string[] parts = name.Split('-');
        return parts.Length == 3 && parts[1].Length == 4 && parts[2].Length == 8 &&
            int.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out slot) &&
            uint.TryParse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out generation) &&
            slot >= 0 && slot < segments;
    }

    /// <summary>A number that no index file has, so that one left over is never taken for the new one.</summary>
    private static uint NextIndex(ControlFile old)
    {
        uint number = Math.Max(old.Index.Current, 1);
        foreach (string path in Directory.EnumerateFiles(old.Directory, "idx-*"))
        {
            if (uint.TryParse(Path.GetFileName(path).AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out uint found))
                number = Math.Max(number, found);
        }

        return number + 1;
    }
}
