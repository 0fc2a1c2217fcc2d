using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Quarantines damaged segments and rebuilds each from its intact records, which keep their lane, numbers and times.
/// The caller has the store for itself, and rebuilds table and index afterwards. Q1 the file has a second name that
/// begins with <see cref="Prefix"/>; Q2 the new one is complete under a temporary name; Q3 it has the old one's name.
/// After a kill at any point, all steps are repeated.
/// </summary>
internal sealed class SegmentRepair(ControlFile control)
{
    /// <summary>The prefix of the names of quarantined files.</summary>
    public const string Prefix = "bad-";

    private const string Temporary = StoreLayout.TemporaryMark + "repaired";

    /// <summary>Looks at every segment.</summary>
    public void Run()
    {
        foreach ((int slot, uint generation) in Places())
        {
            string name = StoreLayout.SegmentName(slot, generation);
            using SegmentSalvage? salvage = SegmentSalvage.TryRead(control, name, slot, generation);
            if (salvage is not { IsDamaged: true }) continue;
            Quarantine(control.DirectoryFile, control.Directory, name);
            CrashPoint.Pass(CrashStep.Q1);
            if (salvage.Records.Count > 0) Replace(slot, generation, salvage);
            else StorageErrors.Check(control.DirectoryFile.Unlink(name), "cannot quarantine", control.PathOf(name));
            CrashPoint.Pass(CrashStep.Q3);
        }

        control.FlushNames();
    }

    /// <summary>Gives a file a second name, under which nothing takes it away.</summary>
    public static void Quarantine(FileDescriptor folder, string directory, string name)
    {
        StorageErrors.Check(folder.StatFile(name, out FileStatus file), "cannot stat", Path.Combine(directory, name));
        for (int number = 1; ; number++)
        {
            string aside = Prefix + name + (number == 1 ? "" : $".{number}");
            int errno = folder.Link(name, aside);
            if (errno != Errno.Exists)
            {
                StorageErrors.Check(errno, "cannot quarantine", Path.Combine(directory, name));
                break;
            }

            // One that was killed here had done so already.
            bool isSame = folder.StatFile(aside, out FileStatus other) == 0 && other.Inode == file.Inode;
            if (isSame) break;
        }

        if (ControlFile.IsDisk(folder)) StorageErrors.Check(folder.Sync(), "cannot flush", directory);
    }

    private HashSet<(int Slot, uint Generation)> Places()
    {
        var places = new HashSet<(int, uint)>();
        int slots = control.Superblock.Segments;
        foreach (string path in Directory.EnumerateFiles(control.Directory, "seg-*"))
        {
            bool isSegment = StoreLayout.TryParseSegmentName(Path.GetFileName(path), slots, out int slot,
                out uint generation);
            // What a janitor died over is gone but for its name.
            bool isRetired = isSegment && control.Table(slot) is { State: SegmentState.Retired } word &&
                word.Generation == generation;
            if (isSegment && !isRetired) _ = places.Add((slot, generation));
        }

        for (int slot = 0; slot < slots; slot++)
        {
            TableWord word = control.Table(slot);
            if (word.IsLive) _ = places.Add((slot, word.Generation));
        }

        return places;
    }

    private bool IsInTable(int slot, uint generation) =>
        control.Table(slot) is { IsLive: true } word && word.Generation == generation;

    /// <summary>What the header says; where it is damaged the table.</summary>
    private int LaneOf(int slot, uint generation, SegmentSalvage salvage)
    {
        int lane = salvage.Header?.Lane ?? (IsInTable(slot, generation)
            ? control.Table(slot).Lane
            : (int)((salvage.RawWord(32) >> 32) & 0xff));
        return lane < control.Superblock.Lanes ? lane : 0;
    }

    private void Replace(int slot, uint generation, SegmentSalvage salvage)
    {
        int lane = LaneOf(slot, generation, salvage);
        SegmentHeader? old = salvage.Header;
        (ulong order, SegmentKind kind) = old is not null ? (old.Order, old.Kind)
            : IsInTable(slot, generation) ? control.Details(slot)
            : (salvage.RawWord(72), SegmentKind.Data);
        bool hasFacts = salvage.Records.Any(record => record.Header.RecordKind == RecordKind.Fact);
        if (hasFacts) kind = SegmentKind.Facts;
        else if (kind is not (SegmentKind.Data or SegmentKind.Jumbo)) kind = SegmentKind.Data;
        var header = new SegmentHeader(control.Superblock.SegmentId, slot, generation, lane, kind, Nonce: 0, Bytes: 0,
            old?.FirstSequence ?? salvage.Records[0].Header.Sequence, order,
            old?.CreatedNanoseconds ?? control.NowNanoseconds());
        _ = Make(control, header, salvage);
    }

    /// <summary>Makes a segment of whole records, as large as they need, which takes the place of what has its
    /// name.</summary>
    /// <returns>Its header.</returns>
    public static SegmentHeader Make(ControlFile control, SegmentHeader like, SegmentSalvage salvage)
    {
        SegmentHeader header = like with
        {
            Nonce = SystemRandom.NextUInt64(),
            Bytes = StoreLayout.RoundUp(
                StoreLayout.SegmentRecords + salvage.Records.Sum(record => record.Header.Extent), StoreLayout.MiB),
        };
        string name = StoreLayout.SegmentName(header.Slot, header.Generation);
        string temporary = name + Temporary;
        _ = control.DirectoryFile.Unlink(temporary);
        using FileDescriptor? file = control.DirectoryFile.TryCreateFile(temporary, out int errno);
        StorageErrors.Check(errno, "cannot create", control.PathOf(temporary));
        try
        {
            StorageErrors.Check(file!.Allocate(header.Bytes), "no space for", control.PathOf(temporary));
            using Mapping? map = Mapping.TryMap(file, header.Bytes, writable: true, out errno);
            StorageErrors.Check(errno, "cannot map", control.PathOf(temporary));
            Fill(new Segment(header, map!, file), salvage);
            if (control.IsOnDisk) StorageErrors.Check(file.Sync(), "cannot flush", control.PathOf(temporary));
            CrashPoint.Pass(CrashStep.Q2);
            StorageErrors.Check(control.DirectoryFile.Rename(temporary, name), "cannot name", control.PathOf(name));
            return header;
        }
        finally
        {
            _ = control.DirectoryFile.Unlink(temporary);
        }
    }

    private static void Fill(Segment segment, SegmentSalvage salvage)
    {
        segment.Header.Write(segment.Map.WritableBytes(0, StoreLayout.SegmentHeaderBytes));
        long at = StoreLayout.SegmentRecords, last = 0;
        uint previous = segment.Header.Crc;
        foreach (SalvagedRecord record in salvage.Records)
        {
            RecordHeader header = record.Header;
            segment.Map.CopyFrom(salvage.PayloadOf(in record), at + StoreLayout.RecordHeaderBytes);
            header.PreviousCrc = previous;
            header.WriteTo(segment, at);
            (last, previous) = (at, header.Crc);
            at += header.Extent;
        }

        segment.Map.Write(StoreLayout.SegmentLastRecord, (ulong)last);
        segment.Map.Write(StoreLayout.SegmentCommitted, (ulong)at);
    }
}
