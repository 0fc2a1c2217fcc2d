using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Files that were damaged and are quarantined (<c>DAMAGE.md</c>).</summary>
internal sealed partial class BlockStore
{
    // A file is quarantined by a process that is alone with the store: none comes while this handle is open.
    private volatile Dictionary<Digest256, (Cid Cid, string Name, long Offset)>? _inFiles;

    /// <summary>Where the record of a block that is no longer found is stored in a quarantined file.</summary>
    private string? FindInFiles(in Digest256 digest)
    {
        Enter();
        bool isThere = BlocksInFiles().TryGetValue(digest, out (Cid Cid, string Name, long Offset) place) &&
            _control.DirectoryFile.StatFile(place.Name, out _) == 0;
        return isThere ? $"{place.Name}+{place.Offset}" : null;
    }

    private Dictionary<Digest256, (Cid Cid, string Name, long Offset)> BlocksInFiles() => _inFiles ??= ReadFiles();

    private Dictionary<Digest256, (Cid Cid, string Name, long Offset)> ReadFiles()
    {
        var lost = new Dictionary<Digest256, (Cid, string, long)>();
        foreach ((string name, int slot, uint generation) in QuarantinedSegments())
        {
            using SegmentSalvage? salvage = SegmentSalvage.TryRead(_control, name, slot, generation);
            foreach (SalvagedRecord record in salvage?.Lost ?? [])
            {
                RecordHeader header = record.Header;
                if (header.IsBlock)
                    _ = lost.TryAdd(header.Digest, (Cid.FromSha256(header.Codec, header.Digest), name, record.Offset));
            }
        }

        return lost;
    }

    private IEnumerable<StoreFinding> ExamineQuarantined()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory, SegmentRepair.Prefix + "*")
            .Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (!TryParseQuarantined(name, out int slot, out uint generation))
            {
                yield return new StoreFinding("quarantined", FindingSeverity.Note, name,
                    "it was damaged, and another one was made in its place", new Remedy(RemedyKind.DeleteFile));
                continue;
            }

            List<StoreFinding> lost = Lost(name, slot, generation);
            foreach (StoreFinding finding in lost) yield return finding;
            if (lost.Count == 0)
                yield return new StoreFinding("quarantined", FindingSeverity.Note, name,
                    "it was damaged; every block that can be told of it is here", new Remedy(RemedyKind.DeleteFile));
        }
    }

    private List<StoreFinding> Lost(string name, int slot, uint generation)
    {
        var lost = new List<StoreFinding>();
        using SegmentSalvage? salvage = SegmentSalvage.TryRead(_control, name, slot, generation);
        foreach (SalvagedRecord record in salvage?.Lost ?? [])
        {
            // Nothing tells whether facts were written again.
            bool isFact = record.Header.RecordKind == RecordKind.Fact;
            Cid cid = isFact ? default : Cid.FromSha256(record.Header.Codec, record.Header.Digest);
            string what = isFact
                ? $"facts of {DateTimeOffset.UnixEpoch.AddTicks((long)(record.Header.TimeNanoseconds / 100)):u}"
                : $"block {cid}";
            Digest256 digest = record.Header.Digest;
            if (isFact || (record.Header.IsBlock && !IsBack(in digest)))
                lost.Add(new StoreFinding("quarantined", isFact ? FindingSeverity.Note : FindingSeverity.Warning,
                    $"{name}+{record.Offset}", $"the bytes of {what} are damaged",
                    isFact ? new Remedy(RemedyKind.WriteMetadataAgain)
                        : new Remedy(RemedyKind.RepairBlock, cid.ToString())));
        }

        return lost;
    }

    /// <summary>Whether a block was put again, or is no longer wanted.</summary>
    private bool IsBack(in Digest256 digest)
    {
        if (_liveness?.IsDead(in digest) == true) return true;
        try
        {
            return Contains(in digest);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private IEnumerable<(string Name, int Slot, uint Generation)> QuarantinedSegments()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory, SegmentRepair.Prefix + "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (TryParseQuarantined(name, out int slot, out uint generation)) yield return (name, slot, generation);
        }
    }

    private static bool TryParseQuarantined(string name, out int slot, out uint generation) =>
        StoreLayout.TryParseSegmentName(name[SegmentRepair.Prefix.Length..].Split('.')[0], StoreLayout.MaxSegments,
            out slot,
            out generation);
}
