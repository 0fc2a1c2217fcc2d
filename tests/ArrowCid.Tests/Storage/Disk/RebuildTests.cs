using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>Everything but the superblock and the segments is derived.</summary>
[Collection(FileSeamTests.Name)]
public sealed class RebuildTests
{
    [Fact]
    public void Without_any_derived_file_the_same_listing_comes_back()
    {
        using var disk = new DiskSeam();
        List<BlockInfo> before = Fill(disk);
        foreach (string path in Directory.GetFiles(disk.Directory, "idx-*")) File.Delete(path);
        File.Delete(disk.PathOf("wait.v1"));
        using BlockStore store = disk.Open();
        AssertSame(before, store);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xff)]
    [InlineData(0x5a)]
    public void With_every_word_and_the_table_overwritten_a_rebuild_brings_the_same_listing_back(byte value)
    {
        using var disk = new DiskSeam();
        List<BlockInfo> before = Fill(disk);
        Guid id;
        using (BlockStore store = disk.Open()) id = store.Id;
        byte[] control = File.ReadAllBytes(disk.PathOf("ctl.v1"));
        control.AsSpan(4096).Fill(value);
        using (FileStream file = File.OpenWrite(disk.PathOf("ctl.v1"))) file.Write(control);
        Assert.Equal(before.Count, StoreMaintenance.Rebuild(disk.Directory));
        using BlockStore again = disk.Open();
        Assert.Equal(id, again.Id);
        AssertSame(before, again);
        Assert.Single(Directory.GetFiles(disk.Directory, "idx-*"));
    }

    [Fact]
    public void A_rebuild_is_refused_while_somebody_has_the_store_open()
    {
        using var disk = new DiskSeam();
        _ = Fill(disk);
        using (disk.Open())
        {
            Assert.Equal(ErrorCode.Busy,
                Assert.Throws<ArrowCidException>(() => StoreMaintenance.Rebuild(disk.Directory)).Code);
        }

        Assert.True(StoreMaintenance.Rebuild(disk.Directory) > 0);
    }

    [Fact]
    public void A_rebuild_without_the_control_file_says_what_to_do()
    {
        using var disk = new DiskSeam();
        Assert.Equal(ErrorCode.StoreGone,
            Assert.Throws<ArrowCidException>(() => StoreMaintenance.Rebuild(disk.Directory)).Code);
        _ = Fill(disk);
        File.Delete(disk.PathOf("ctl.v1"));
        var gone = Assert.Throws<ArrowCidException>(() => StoreMaintenance.Rebuild(disk.Directory));
        Assert.Equal(ErrorCode.StoreGone, gone.Code);
        Assert.Equal(RemedyKind.RestoreFile, gone.Remedy?.Kind);
    }

    [Fact]
    public void A_rebuild_twice_over_finds_the_same_and_half_made_files_go()
    {
        using var disk = new DiskSeam();
        List<BlockInfo> before = Fill(disk);
        File.WriteAllBytes(disk.PathOf("seg-0030-00000001.tmp-owner"), new byte[100]);
        Assert.Equal(StoreMaintenance.Rebuild(disk.Directory), StoreMaintenance.Rebuild(disk.Directory));
        using BlockStore store = disk.Open();
        AssertSame(before, store);
        Assert.Empty(Directory.GetFiles(disk.Directory, "*.tmp-*"));
    }

    [Fact]
    public void A_store_in_memory_copied_to_a_disk_and_back_keeps_every_block_under_new_ids()
    {
        using var disk = new DiskSeam();
        List<BlockInfo> before = Fill(disk);
        string there = Copy(disk, disk.Directory, "there");
        var ids = new HashSet<Guid>();
        using (BlockStore store = disk.Open()) ids.Add(store.Id);
        using (BlockStore store = disk.Open(there))
        {
            ids.Add(store.Id);
            AssertSame(before, store);
            Assert.True(store.PutRaw([42], out _));
        }

        string back = Copy(disk, there, "back");
        using (BlockStore store = disk.Open(back))
        {
            ids.Add(store.Id);
            Assert.Equal(before.Count + 2, store.Listing.List().Count());
            Assert.NotNull(store.Read(Sha256.Hash([42])));
        }

        Assert.Equal(3, ids.Count);
    }

    [Fact]
    public void A_record_behind_a_missing_number_is_not_taken_and_never_rises_again()
    {
        using var disk = new DiskSeam();
        List<Digest256> digests;
        using (BlockStore store = disk.Open())
        {
            digests = Enumerable.Range(0, 3).Select(i => store.PutRaw(StoreCalls.Numbered(i))).ToList();
            digests.Add(store.PutRaw(StoreCalls.Numbered(3, 1_100_000)));
            digests.Add(store.PutRaw(StoreCalls.Numbered(4)));
        }

        // The power went before the large block's file was flushed; the record after it had reached the disk.
        LoseRecords(disk.PathOf("seg-0001-00000001"));
        ClearStamp(disk);
        for (int boot = 0; boot < 3; boot++)
        {
            using BlockStore store = disk.OpenAfterBoot();
            Assert.Equal(digests.Take(3), store.Listing.List().Take(3).Select(info => info.Digest));
            Assert.Null(store.Read(digests[3]));
            Assert.Null(store.Read(digests[4]));
            Assert.Equal(3 + boot, store.Listing.List().Count());
            // Numbers 4, 5 and 6 are given anew; the one that was cut off had 5.
            _ = store.PutRaw(StoreCalls.Numbered(100 + boot));
            ulong[] numbers = [.. Numbers(disk)];
            Assert.Equal(numbers.Distinct(), numbers);
            ClearStamp(disk);
        }
    }

    [Fact]
    public void Numbers_that_a_collected_segment_held_may_be_missing()
    {
        using var disk = new DiskSeam();
        Digest256 first, last;
        using (BlockStore store = disk.Open())
        {
            first = store.PutRaw(StoreCalls.Numbered(0));
            _ = store.PutRaw(StoreCalls.Numbered(1, 1_100_000));
            last = store.PutRaw(StoreCalls.Numbered(2));
        }

        ControlFile control = StoreOpening.Open(disk.Directory, DiskSeam.Settings, out _);
        control.NoteCollected(0, 2);
        control.Dispose();
        File.Delete(disk.PathOf("seg-0001-00000001"));
        ClearStamp(disk);
        using BlockStore again = disk.OpenAfterBoot();
        Assert.Equal([first, last], again.Listing.List().Select(info => info.Digest));
    }

    [Fact]
    public void The_highest_generation_of_a_slot_wins_and_the_elder_goes()
    {
        using var disk = new DiskSeam();
        List<BlockInfo> before = Fill(disk);
        // A file whose removal the power loss undid.
        byte[] elder = File.ReadAllBytes(disk.PathOf("seg-0000-00000001"));
        byte[] younger = elder.ToArray();
        SegmentHeader header = SegmentHeader.Read(elder.AsSpan(0, 2048))!;
        (header with { Generation = 2 }).Write(younger.AsSpan(0, 2048));
        RelinkFirst(younger, header.Crc);
        File.WriteAllBytes(disk.PathOf("seg-0000-00000002"), younger);
        _ = StoreMaintenance.Rebuild(disk.Directory);
        Assert.False(File.Exists(disk.PathOf("seg-0000-00000001")));
        using BlockStore store = disk.Open();
        Assert.Equal(before.Count, store.Listing.List().Count());
    }

    /// <summary>The first record of a segment carries its header's checksum.</summary>
    private static void RelinkFirst(byte[] segment, uint oldCrc)
    {
        SegmentHeader header = SegmentHeader.Read(segment.AsSpan(0, 2048))!;
        uint previous = oldCrc, now = header.Crc;
        long committed = BinaryPrimitives.ReadInt64LittleEndian(segment.AsSpan(2048));
        for (int offset = 4096; offset < committed;)
        {
            Span<byte> record = segment.AsSpan(offset, 128);
            Assert.Equal(previous, BinaryPrimitives.ReadUInt32LittleEndian(record[124..]));
            previous = BinaryPrimitives.ReadUInt32LittleEndian(record[28..]);
            BinaryPrimitives.WriteUInt32LittleEndian(record[124..], now);
            record.Slice(28, 4).Clear();
            now = StoreLayout.Crc(record);
            BinaryPrimitives.WriteUInt32LittleEndian(record[28..], now);
            Assert.True(RecordHeader.TryParse(record.ToArray(), header.Nonce, offset, segment.Length, out var parsed));
            offset += (int)parsed.Extent;
        }
    }

    private static IEnumerable<ulong> Numbers(DiskSeam disk) => Directory.GetFiles(disk.Directory, "seg-*")
        .SelectMany(path => SegmentBytes.Records(File.ReadAllBytes(path)).Select(record => record.Header.Sequence));

    private static List<BlockInfo> Fill(DiskSeam disk)
    {
        using BlockStore store = disk.Open(), second = disk.Open();
        for (int i = 0; i < 40; i++) _ = store.PutRaw(StoreCalls.Numbered(i, 50_000));
        for (int i = 40; i < 60; i++) _ = second.PutRaw(StoreCalls.Numbered(i, 100));
        _ = second.PutRaw(StoreCalls.Numbered(3, 50_000));
        _ = store.PutRaw(StoreCalls.Numbered(60, 1_100_000));
        _ = store.PutRaw([]);
        return store.Listing.List().ToList();
    }

    private static void AssertSame(List<BlockInfo> before, BlockStore store)
    {
        Assert.Equal(before, store.Listing.List());
        foreach (BlockInfo info in before) Assert.Equal(info.Digest, Sha256.Hash(store.Read(info.Digest)!));
        Assert.True(store.PutRaw([7, 7, 7], out _));
    }

    private static string Copy(DiskSeam disk, string from, string name)
    {
        string to = Path.Combine(disk.Root, name);
        DiskSeam.Make(to);
        foreach (string path in Directory.GetFiles(from)) File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
        return to;
    }

    private static void LoseRecords(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes.AsSpan(4096).Clear();
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }

    private static void ClearStamp(DiskSeam disk)
    {
        using FileStream file = File.OpenWrite(disk.PathOf("ctl.v1"));
        file.Position = StoreLayout.CleanStamp;
        file.Write(new byte[8]);
    }
}
