using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>What was damaged and set aside (<c>DAMAGE.md</c>).</summary>
internal sealed partial class BlockStore
{
    private const string BlockRemedy = "put it again, or restore the file; nothing here deletes it";
    private const string FactsRemedy = "say again what is missing, or restore the file; nothing here deletes it";

    // Who sets aside wants the store for himself: nothing comes while this handle is open.
    private volatile Dictionary<Digest256, (string Name, long Offset)>? _setAside;

    /// <summary>Where the record of a block that is no longer here stands in a file that was set aside.</summary>
    /// <returns>The file's name and the offset, or null where none has it.</returns>
    public string? FindSetAside(in Digest256 digest)
    {
        Enter();
        Dictionary<Digest256, (string Name, long Offset)> lost = _setAside ??= BlocksSetAside();
        bool isThere = lost.TryGetValue(digest, out (string Name, long Offset) place) &&
            _control.DirectoryFile.StatFile(place.Name, out _) == 0;
        return isThere ? $"{place.Name}+{place.Offset}" : null;
    }

    private Dictionary<Digest256, (string Name, long Offset)> BlocksSetAside()
    {
        var lost = new Dictionary<Digest256, (string, long)>();
        foreach ((string name, int slot, uint generation) in SegmentsSetAside())
        {
            using SegmentSalvage? salvage = SegmentSalvage.TryRead(_control, name, slot, generation);
            foreach (SalvagedRecord record in salvage?.Lost ?? [])
            {
                if (record.Header.IsBlock) _ = lost.TryAdd(record.Header.Digest, (name, record.Offset));
            }
        }

        return lost;
    }

    private IEnumerable<StoreFinding> ExamineSetAside()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory, SegmentMender.Prefix + "*")
            .Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (!TryParseSetAside(name, out int slot, out uint generation))
            {
                yield return new StoreFinding("set-aside", FindingSeverity.Note, name,
                    "it was damaged, and another one was made in its place", "delete it once nobody wants to look");
                continue;
            }

            List<StoreFinding> lost = Lost(name, slot, generation);
            foreach (StoreFinding finding in lost) yield return finding;
            if (lost.Count == 0)
                yield return new StoreFinding("set-aside", FindingSeverity.Note, name,
                    "it was damaged; every block that can be told of it is here",
                    "delete it once nobody wants to look");
        }
    }

    private List<StoreFinding> Lost(string name, int slot, uint generation)
    {
        var lost = new List<StoreFinding>();
        using SegmentSalvage? salvage = SegmentSalvage.TryRead(_control, name, slot, generation);
        foreach (SalvagedRecord record in salvage?.Lost ?? [])
        {
            string what = record.Header.RecordKind == RecordKind.Fact
                ? $"facts of {DateTimeOffset.UnixEpoch.AddTicks((long)(record.Header.TimeNanoseconds / 100)):u}"
                : $"block {Cid.FromSha256(record.Header.Codec, record.Header.Digest)}";
            // Nothing tells whether facts were said again.
            bool isFact = record.Header.RecordKind == RecordKind.Fact;
            if (isFact || !IsBack(in record))
                lost.Add(new StoreFinding("set-aside", isFact ? FindingSeverity.Note : FindingSeverity.Warning,
                    $"{name}+{record.Offset}", $"the bytes of {what} are damaged",
                    isFact ? FactsRemedy : BlockRemedy));
        }

        return lost;
    }

    /// <summary>Whether a block was put again, or is no longer wanted.</summary>
    private bool IsBack(in SalvagedRecord record)
    {
        Digest256 digest = record.Header.Digest;
        if (!record.Header.IsBlock || Liveness?.IsDead(in digest) == true) return true;
        try
        {
            return Contains(in digest);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private IEnumerable<(string Name, int Slot, uint Generation)> SegmentsSetAside()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(Directory, SegmentMender.Prefix + "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (TryParseSetAside(name, out int slot, out uint generation)) yield return (name, slot, generation);
        }
    }

    private static bool TryParseSetAside(string name, out int slot, out uint generation) =>
        Layout.TryParseSegmentName(name[SegmentMender.Prefix.Length..].Split('.')[0], Layout.MaxSegments, out slot,
            out generation);
}
