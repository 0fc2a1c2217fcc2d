using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Each thing that can be wrong with a store has a finding of its own, and what can be mended is.</summary>
public sealed class DoctorTests
{
    private const int Blocks = 40;

    [Fact]
    public void A_sound_store_has_no_finding()
    {
        using var directory = new TemporaryStore();
        Fill(directory);
        Assert.Empty(StoreDoctor.Examine(directory.Directory));
        using BlockStore store = directory.Open();
        Assert.Empty(store.Examination.CheckLog());
        Assert.Empty(StoreDoctor.Examine(directory.Directory));
    }

    /// <summary>What a dead process leaves is mended, and nothing else of the store is touched.</summary>
    [Theory]
    [InlineData("orphan-temporary")]
    [InlineData("orphan-index")]
    [InlineData("unfinished-segment")]
    [InlineData("retired-segment")]
    [InlineData("dead-writer")]
    [InlineData("no-wait-page")]
    [InlineData("index-missing")]
    [InlineData("index-astray")]
    [InlineData("not-in-index")]
    [InlineData("stale-boot")]
    public void What_is_found_is_mended(string name)
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = Fill(directory);
        Damage(directory, name);
        Assert.Contains(StoreDoctor.Examine(directory.Directory), finding => finding.Name == name);
        Mend(directory);
        Assert.DoesNotContain(StoreDoctor.Examine(directory.Directory), Matters);
        using BlockStore store = directory.Open();
        Assert.All(digests, digest => Assert.Equal(digest, Sha256.Hash(store.Read(digest)!)));
        Assert.True(store.PutRaw(StoreCalls.Numbered(99_000), out _));
    }

    /// <summary>What is damaged in the log is set aside: nothing of it is found any more, nothing was deleted, and all
    /// that is whole is there (<see cref="DamageTests"/>).</summary>
    [Theory]
    [InlineData("orphan-segment", false, 0)]
    [InlineData("missing-segment", true, Blocks)]
    [InlineData("damaged-segment", true, 0)]
    [InlineData("damaged-record", true, 1)]
    [InlineData("damaged-payload", true, 1)]
    [InlineData("committed-word", true, 0)]
    [InlineData("broken-link", true, 0)]
    [InlineData("number-twice", true, 1)]
    [InlineData("table-word", true, 0)]
    public void What_is_damaged_is_set_aside(string name, bool isError, int lost)
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests = Fill(directory);
        Damage(directory, name);
        StoreFinding found = Assert.Single(StoreDoctor.Examine(directory.Directory), one => one.Name == name);
        Assert.Equal(isError, found.Severity == FindingSeverity.Error);
        HashSet<ulong> files = Inodes(directory);
        Mend(directory);
        Assert.DoesNotContain(StoreDoctor.Examine(directory.Directory),
            one => Matters(one) && one.Name != "quarantined");
        Assert.Subset(Inodes(directory), files);
        using BlockStore store = directory.Open();
        Assert.Equal(lost, digests.Count(digest => store.Read(digest) is null));
    }

    private static HashSet<ulong> Inodes(TemporaryStore directory) => Directory.GetFiles(directory.Directory)
        .Where(path => Path.GetFileName(path).Contains("seg-", StringComparison.Ordinal))
        .Select(path =>
        {
            Assert.Equal(0, FileDescriptor.StatPath(path, out FileStatus status));
            return status.Inode;
        }).ToHashSet();

    private static void Mend(TemporaryStore directory) =>
        StoreDoctor.Repair(directory.Directory, StoreDoctor.Examine(directory.Directory));

    [Theory]
    [InlineData("no-store")]
    [InlineData("no-control-file")]
    [InlineData("control-file")]
    [InlineData("format-version")]
    [InlineData("directory-access")]
    [InlineData("file-access")]
    public void A_store_that_cannot_be_opened_has_a_finding(string name)
    {
        using var directory = new TemporaryStore();
        _ = Fill(directory);
        string path = directory.Directory;
        if (name == "no-store") path += "-not";
        else Damage(directory, name);
        Assert.Contains(StoreDoctor.Examine(path), finding => finding.Name == name &&
            finding.Severity == FindingSeverity.Error && finding.Remedy is not null);
    }

    [Fact]
    public void A_store_without_room_for_a_segment_is_said_to_be_full()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Tiny);
        for (int i = 0; ; i++)
        {
            if (Record.Exception(() => store.PutRaw(StoreCalls.Numbered(i, 100_000))) is ArrowCidException) break;
        }

        Assert.Equal("store-full", Assert.Single(StoreDoctor.Examine(directory.Directory)).Name);
    }

    [Fact]
    public void Of_many_alike_a_few_are_said_and_counted()
    {
        using var directory = new TemporaryStore();
        _ = Fill(directory);
        using (FileStream index = Open(directory, IndexName(directory)))
        {
            index.Position = StoreLayout.IndexEntries;
            index.Write(new byte[index.Length - StoreLayout.IndexEntries]);
        }

        List<StoreFinding> found = [.. StoreDoctor.Examine(directory.Directory)];
        Assert.Equal(21, found.Count(finding => finding.Name == "not-in-index"));
        Assert.Contains(found, finding => finding.Message == $"and {Blocks - 20} more like it");
    }

    private static bool Matters(StoreFinding finding) => finding.Severity != FindingSeverity.Note;

    private static List<Digest256> Fill(TemporaryStore directory)
    {
        using BlockStore store = directory.Open();
        return [.. Enumerable.Range(0, Blocks).Select(i => store.PutRaw(StoreCalls.Numbered(i, 100 + i)))];
    }

    private static void Damage(TemporaryStore directory, string name)
    {
        string segment = Directory.GetFiles(directory.Directory, "seg-*").Single();
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(File.ReadAllBytes(segment));
        (long at, RecordHeader record) = records[7];
        long table = StoreLayout.TableOffset;
        switch (name)
        {
            case "orphan-temporary": Make(directory, "seg-0000-00000001.tmp-owner"); break;
            case "orphan-index": Make(directory, "idx-77"); break;
            case "orphan-segment": File.Copy(segment, directory.PathOf("seg-0009-00000003")); break;
            case "missing-segment": File.Delete(segment); break;
            case "damaged-segment": Poke(segment, 48, 7); break;
            case "damaged-record": Poke(segment, at + 40, record.Digest.GetHashCode() | 1L); break;
            case "damaged-payload": Poke(segment, at + 128, -1); break;
            case "committed-word": Poke(segment, StoreLayout.SegmentCommitted, 12345); break;
            case "broken-link":
                Reseal(segment, records[^1].Offset, header =>
                    BinaryPrimitives.WriteInt32LittleEndian(header[124..], 7));
                break;
            case "number-twice":
                Reseal(segment, records[^1].Offset, header =>
                    BinaryPrimitives.WriteUInt64LittleEndian(header[104..], records[^2].Header.Sequence));
                break;
            case "table-word":
                Poke(Control(directory), table + (5 * StoreLayout.TableEntryBytes),
                    (long)new TableWord((SegmentState)9, 0, 1, 1).Bits);
                break;
            case "unfinished-segment":
                Poke(Control(directory), table + (5 * StoreLayout.TableEntryBytes),
                    (long)new TableWord(SegmentState.Creating, 1, 1, 1).Bits);
                break;
            case "retired-segment":
                Poke(Control(directory), table,
                    (long)new TableWord(SegmentState.Retired, 0, 1, 1).Bits);
                break;
            case "dead-writer":
                Poke(Control(directory), StoreLayout.LanesOffset + StoreLayout.LaneOwner, 99_999_999);
                break;
            case "no-wait-page": File.Delete(directory.PathOf(StoreLayout.WaitName)); break;
            case "index-missing": File.Delete(IndexName(directory)); break;
            case "index-astray":
                Poke(IndexName(directory), StoreLayout.IndexEntries + 1600,
                    (long)new IndexEntry(ulong.MaxValue, 0, 1, at + 64).Bits);
                break;
            case "not-in-index": ZeroEntries(IndexName(directory)); break;
            case "stale-boot": Foreign(Control(directory)); break;
            case "no-control-file": File.Delete(Control(directory)); break;
            case "control-file": Poke(Control(directory), 104, 3); break;
            case "format-version": Poke(Control(directory), 8, 9); break;
            case "directory-access": Mode(directory.Directory, 0x1ff); break;
            case "file-access": Mode(segment, 0x1b6); break;
            default: throw new ArgumentOutOfRangeException(nameof(name), name, "no such damage");
        }
    }

    private static void Make(TemporaryStore directory, string name)
    {
        File.WriteAllBytes(directory.PathOf(name), new byte[4096]);
        Mode(directory.PathOf(name), 0x180);
    }

    private static void Mode(string path, int mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)mode);
    }

    private static string Control(TemporaryStore directory) => directory.PathOf(StoreLayout.ControlName);

    private static string IndexName(TemporaryStore directory) =>
        Directory.GetFiles(directory.Directory, "idx-*").Single();

    private static FileStream Open(TemporaryStore directory, string name) =>
        new(Path.Combine(directory.Directory, name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    private static void Poke(string path, long at, long value)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        file.Write(bytes);
    }

    private static void ZeroEntries(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = StoreLayout.IndexEntries;
        file.Write(new byte[file.Length - StoreLayout.IndexEntries]);
    }

    private delegate void HeaderChange(Span<byte> header);

    private static void Reseal(string path, long at, HeaderChange change)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var header = new byte[StoreLayout.RecordHeaderBytes];
        file.Position = at;
        file.ReadExactly(header);
        change(header);
        header.AsSpan(28, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), StoreLayout.Crc(header));
        file.Position = at;
        file.Write(header);
    }

    /// <summary>A control file that says it was another file is one of a copy.</summary>
    private static void Foreign(string path)
    {
        Poke(path, 240, 1);
        byte[] page = File.ReadAllBytes(path)[..4088];
        Poke(path, 4088, (long)StoreLayout.Crc(page) << 32);
    }
}
