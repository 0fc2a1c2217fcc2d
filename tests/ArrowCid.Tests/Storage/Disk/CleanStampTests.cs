using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>When table and index are believed after another boot. That they were is seen from the index file, which a
/// rebuild makes anew under the next number.</summary>
[Collection(FileSeamTests.Name)]
public sealed class CleanStampTests
{
    [Fact]
    public void A_store_closed_by_the_last_user_is_not_rebuilt_at_the_next_boot()
    {
        using var disk = new DiskSeam();
        List<Digest256> digests;
        using (BlockStore store = disk.Open()) digests = PutFive(store, 0);
        Assert.Equal(1ul, Stamp(disk));
        using (BlockStore store = disk.OpenAfterBoot())
        {
            Assert.Equal(["idx-1"], Indexes(disk));
            Assert.All(digests, digest => Assert.NotNull(store.Read(digest)));
            // Looking is not writing: the stamp stays.
            Assert.Equal(1ul, Stamp(disk));
            digests.AddRange(PutFive(store, 5));
            Assert.Equal(0ul, Stamp(disk));
        }

        Assert.Equal(1ul, Stamp(disk));
        using (BlockStore store = disk.OpenAfterBoot())
        {
            Assert.Equal(["idx-1"], Indexes(disk));
            Assert.Equal(digests, store.Listing.List().Select(info => info.Digest));
        }
    }

    [Fact]
    public void A_store_that_its_writer_did_not_close_is_rebuilt_at_the_next_boot_alone()
    {
        using var disk = new DiskSeam();
        List<Digest256> digests;
        using (BlockStore store = disk.Open()) digests = PutFive(store, 0);
        byte[] dirty = DirtyControl(disk, digests);
        Restore(disk, dirty);
        using (BlockStore store = disk.Open()) Assert.Equal(["idx-1"], Indexes(disk));
        Restore(disk, dirty);
        using (BlockStore store = disk.OpenAfterBoot())
        {
            Assert.Equal(["idx-2"], Indexes(disk));
            Assert.Equal(digests, store.Listing.List().Select(info => info.Digest));
            digests.AddRange(PutFive(store, 10));
            Assert.Equal(digests, store.Listing.List().Select(info => info.Digest));
        }
    }

    [Fact]
    public void Only_the_last_one_out_stamps()
    {
        using var disk = new DiskSeam();
        BlockStore first = disk.Open(), second = disk.Open();
        PutFive(first, 0);
        first.Dispose();
        Assert.Equal(0ul, Stamp(disk));
        second.Dispose();
        Assert.Equal(1ul, Stamp(disk));
    }

    [Fact]
    public void A_reader_alone_cannot_stamp_and_does_not_clear()
    {
        using var disk = new DiskSeam();
        BlockStore writer = disk.Open();
        PutFive(writer, 0);
        BlockStore reader = BlockStore.Open(disk.Directory, DiskSeam.Settings with { ReadOnly = true });
        writer.Dispose();
        reader.Dispose();
        Assert.Equal(0ul, Stamp(disk));
        using (disk.Open()) Assert.Equal(0ul, Stamp(disk));
        Assert.Equal(1ul, Stamp(disk));
        using (BlockStore.Open(disk.Directory, DiskSeam.Settings with { ReadOnly = true }))
            Assert.Equal(1ul, Stamp(disk));
    }

    [Fact]
    public void The_first_writer_has_the_cleared_stamp_flushed_before_he_writes()
    {
        using var disk = new CountingSeam();
        using (BlockStore store = disk.Open()) PutFive(store, 0);
        using BlockStore again = disk.Open();
        disk.Flushed.Clear();
        again.PutRaw([1]);
        Assert.Equal(["ctl.v1", "seg-0000-00000001"], disk.Flushed.Distinct());
        Assert.Equal("ctl.v1", disk.Flushed[0]);
        disk.Flushed.Clear();
        again.PutRaw([2]);
        Assert.DoesNotContain("ctl.v1", disk.Flushed);
    }

    [Fact]
    public void Closing_flushes_segments_index_names_and_control_file_in_front_of_the_stamp()
    {
        using var disk = new CountingSeam();
        using (BlockStore store = disk.Open())
        {
            PutFive(store, 0);
            disk.Flushed.Clear();
        }

        Assert.Equal(["seg-0000-00000001", "idx-1", "store", "ctl.v1", "ctl.v1"], disk.Flushed.TakeLast(5));
    }

    [Fact]
    public void A_store_in_memory_is_never_flushed_nor_stamped()
    {
        using var disk = new MemorySeam();
        using (BlockStore store = disk.Open()) PutFive(store, 0);
        Assert.Equal(0, disk.Flushes);
        Assert.Equal(0ul, Stamp(disk));
    }

    [Fact]
    public void A_store_that_could_not_be_flushed_is_not_stamped_and_never_again_until_it_is_rebuilt()
    {
        using var disk = new FailingFlush();
        List<Digest256> digests;
        using (BlockStore store = BlockStore.Open(disk.Directory, DiskSeam.Settings with
        {
            Durability = Durability.None,
        }))
        {
            digests = PutFive(store, 0);
            disk.Failing = "seg-";
        }

        Assert.Equal(0ul, Stamp(disk));
        disk.Failing = null;
        using (disk.Open()) Assert.Equal(["idx-1"], Indexes(disk));
        Assert.Equal(0ul, Stamp(disk));
        using (BlockStore store = disk.OpenAfterBoot())
        {
            Assert.Equal(["idx-2"], Indexes(disk));
            Assert.Equal(digests, store.Listing.List().Select(info => info.Digest));
        }

        Assert.Equal(1ul, Stamp(disk));
    }

    private static List<Digest256> PutFive(BlockStore store, int from) =>
        Enumerable.Range(from, 5).Select(i => store.PutRaw(StoreCalls.Numbered(i))).ToList();

    private static ulong Stamp(DiskSeam disk) => BinaryPrimitives.ReadUInt64LittleEndian(
        File.ReadAllBytes(disk.PathOf("ctl.v1")).AsSpan((int)StoreLayout.CleanStamp));

    private static IEnumerable<string?> Indexes(DiskSeam disk) =>
        Directory.GetFiles(disk.Directory, "idx-*").Select(Path.GetFileName);

    /// <summary>The control file as a killed writer leaves it.</summary>
    private static byte[] DirtyControl(DiskSeam disk, List<Digest256> digests)
    {
        using BlockStore store = disk.Open();
        digests.AddRange(PutFive(store, 5));
        return File.ReadAllBytes(disk.PathOf("ctl.v1"));
    }

    private static void Restore(DiskSeam disk, byte[] control)
    {
        using FileStream file = File.OpenWrite(disk.PathOf("ctl.v1"));
        file.Write(control);
    }

    private sealed class MemorySeam : DiskSeam
    {
        public int Flushes { get; private set; }

        public override long AfterFileSystem(in FileEvent call, long type) => IsOurs(in call) ? 0x01021994 : type;

        public override int Before(in FileEvent call)
        {
            int answer = base.Before(in call);
            if (answer == Skip) Flushes++;
            return answer;
        }
    }
}
