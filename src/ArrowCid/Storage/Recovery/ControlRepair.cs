using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What a control file must have said, by the segments and by what can be believed of its remains.</summary>
internal static class ControlRepair
{
    /// <summary>The superblock of a store of which the control file is gone or cannot be believed.</summary>
    /// <returns>Null where no segment tells whose they are.</returns>
    public static Superblock? Deduce(string directory, FileDescriptor folder, StoreIdentity identity)
    {
        List<SegmentHeader> headers = Headers(directory, folder);
        if (headers.Count == 0) return null;
        Guid segments = headers.CountBy(header => header.SegmentId).MaxBy(pair => pair.Value).Key;
        _ = headers.RemoveAll(header => header.SegmentId != segments);
        Superblock? remains = Remains(folder);
        if (remains is not null && remains.SegmentId == segments && IsOfOnePiece(remains))
            return remains.WithIdentity(remains.Id, identity);
        // A lane's newest data segment may be a small one that a repair wrote.
        long segment = headers.Where(header => header.Kind == SegmentKind.Data).Select(header => header.Bytes)
            .DefaultIfEmpty(StoreLayout.MiB).Max();
        segment = Math.Min(segment, StoreLayout.MaxSegmentBytes);
        long taken = headers.Sum(header => header.Bytes);
        StorageErrors.Check(folder.FileSystem(out _, out long free), "cannot ask the file system of", directory);
        long capacity = Math.Max(Math.Max(StoreSizes.MinCapacity, 16 * segment), taken + (free / 2)) /
            StoreLayout.MiB * StoreLayout.MiB;
        return new Superblock
        {
            Id = Guid.NewGuid(),
            SegmentId = segments,
            Created = DateTimeOffset.UtcNow,
            Capacity = capacity,
            SegmentBytes = segment,
            FactSegmentBytes = StoreSizes.FactBytesOf(segment),
            Segments = Math.Max(StoreSizes.SlotsOf(capacity, segment),
                (int)BitOperations.RoundUpToPowerOf2((uint)headers.Max(header => header.Slot) + 1)),
            Lanes = Math.Max(StoreSizes.LanesOf(capacity, segment), headers.Max(header => header.Lane) + 1),
            InitialIndexEntries = new StoreSettings().InitialIndexEntries,
            OwnerId = identity.OwnerId,
            Retention = Superblock.RetentionKeep,
            Seed = Superblock.NewSeed(),
            Identity = identity,
        };
    }

    private static List<SegmentHeader> Headers(string directory, FileDescriptor folder)
    {
        var headers = new List<SegmentHeader>();
        var half = new byte[StoreLayout.SegmentHeaderBytes];
        foreach (string path in Directory.EnumerateFiles(directory, "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (!StoreLayout.TryParseSegmentName(name, StoreLayout.MaxSegments, out int slot,
                out uint generation)) continue;
            using FileDescriptor? file = folder.TryOpenFile(name, writable: false, out _);
            if (file is null || file.Read(half, 0, out _) != half.Length ||
                SegmentHeader.Read(half) is not { } header)
                continue;
            bool fits = header.Slot == slot && header.Generation == generation &&
                header.Lane is >= 0 and < StoreLayout.MaxLanes &&
                header.Bytes is >= StoreLayout.MiB and <= 2 * StoreLayout.MaxSegmentBytes;
            if (fits) headers.Add(header);
        }

        return headers;
    }

    /// <summary>What the first page says, its checksum aside.</summary>
    private static Superblock? Remains(FileDescriptor folder)
    {
        using FileDescriptor? file = folder.TryOpenFile(StoreLayout.ControlName, writable: false, out _);
        var page = new byte[StoreLayout.PageBytes];
        if (file is null || file.Read(page, 0, out _) != page.Length) return null;
        try
        {
            return Superblock.ReadRemains(page);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>Sizes that were chosen together (<see cref="StoreSizes"/>); a changed one does not fit the
    /// others.</summary>
    private static bool IsOfOnePiece(Superblock shape) =>
        shape.HasShape && shape.Capacity % StoreLayout.MiB == 0 && shape.Segments == StoreSizes.SlotsOf(shape.Capacity,
            shape.SegmentBytes) && shape.Lanes == StoreSizes.LanesOf(shape.Capacity, shape.SegmentBytes) &&
        shape.FactSegmentBytes == StoreSizes.FactBytesOf(shape.SegmentBytes) &&
        shape.Retention <= Superblock.RetentionRing;
}
