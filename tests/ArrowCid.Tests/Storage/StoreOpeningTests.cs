using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.Versioning;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

[SupportedOSPlatform("linux")]
public sealed class StoreOpeningTests
{
    private static void Change(string path, Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(path);
        change(bytes);
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }

    private static void Reseal(byte[] control) =>
        BinaryPrimitives.WriteUInt32LittleEndian(control.AsSpan(4092), StoreLayout.Crc(control.AsSpan(0, 4088)));

    private static ArrowCidException Refusal(TemporaryStore directory, StoreSettings? options = null) =>
        Assert.Throws<ArrowCidException>(() => directory.Open(options).Dispose());

    private static TemporaryStore MadeStore()
    {
        var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        store.PutRaw([1, 2, 3]);
        return directory;
    }

    [Fact]
    public void A_damaged_superblock_is_refused()
    {
        using TemporaryStore directory = MadeStore();
        Change(directory.PathOf("ctl.v1"), bytes => bytes[104] ^= 1);
        Assert.Equal(ErrorCode.BlockCorrupt, Refusal(directory).Code);
    }

    [Theory]
    [InlineData(0, ErrorCode.BlockCorrupt)]
    [InlineData(8, ErrorCode.FormatVersion)]
    [InlineData(16, ErrorCode.FormatVersion)]
    [InlineData(72, ErrorCode.FormatVersion)]
    [InlineData(96, ErrorCode.Unsupported)]
    [InlineData(112, ErrorCode.BlockCorrupt)]
    [InlineData(128, ErrorCode.BlockCorrupt)]
    [InlineData(168, ErrorCode.BlockCorrupt)]
    [InlineData(184, ErrorCode.BlockCorrupt)]
    public void A_resealed_superblock_with_another_field_is_refused(int field, ErrorCode code)
    {
        using TemporaryStore directory = MadeStore();
        Change(directory.PathOf("ctl.v1"), bytes =>
        {
            bytes[field] ^= 0x40;
            Reseal(bytes);
        });
        Assert.Equal(code, Refusal(directory).Code);
    }

    [Theory]
    [InlineData(80, 1)]
    [InlineData(140, 2)]
    public void A_feature_that_forbids_writing_opens_the_store_read_only(int field, byte value)
    {
        using TemporaryStore directory = MadeStore();
        Change(directory.PathOf("ctl.v1"), bytes =>
        {
            bytes[field] = value;
            Reseal(bytes);
        });
        using BlockStore store = directory.Open();
        Assert.True(store.IsReadOnly);
        Assert.NotNull(store.Read(Sha256.Hash([1, 2, 3])));
        Assert.Throws<InvalidOperationException>(() => store.PutRaw([1]));
    }

    [Fact]
    public void An_unknown_compatible_feature_is_ignored()
    {
        using TemporaryStore directory = MadeStore();
        Change(directory.PathOf("ctl.v1"), bytes =>
        {
            bytes[88] = 0xff;
            Reseal(bytes);
        });
        using BlockStore store = directory.Open();
        Assert.True(store.PutRaw([4], out _));
    }

    [Fact]
    public void A_control_file_cut_short_is_refused()
    {
        using TemporaryStore directory = MadeStore();
        using (FileStream file = File.OpenWrite(directory.PathOf("ctl.v1"))) file.SetLength(8192);
        Assert.Equal(ErrorCode.BlockCorrupt, Refusal(directory).Code);
    }

    [Fact]
    public void A_store_that_others_may_write_is_refused()
    {
        using TemporaryStore directory = MadeStore();
        UnixFileMode mode = File.GetUnixFileMode(directory.Directory);
        File.SetUnixFileMode(directory.Directory, mode | UnixFileMode.GroupWrite);
        Assert.Equal(ErrorCode.AccessDenied, Refusal(directory).Code);
        File.SetUnixFileMode(directory.Directory, mode);
        File.SetUnixFileMode(directory.PathOf("ctl.v1"), (UnixFileMode)0x182);
        Assert.Equal(ErrorCode.AccessDenied, Refusal(directory).Code);
    }

    [Fact]
    public void A_store_under_a_directory_that_others_may_write_is_refused()
    {
        using var directory = new TemporaryStore();
        File.SetUnixFileMode(directory.Directory, (UnixFileMode)0x1ff);
        var refused = Assert.Throws<ArrowCidException>(() =>
            BlockStore.Open(directory.PathOf("inner"), TemporaryStore.Small));
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);
    }

    [Fact]
    public void A_store_of_another_owner_is_refused()
    {
        using TemporaryStore directory = MadeStore();
        // Only root can give a directory away; anybody else meets root's own.
        string foreign = FileDescriptor.EffectiveUserId == 0 ? directory.Directory : "/proc";
        if (FileDescriptor.EffectiveUserId == 0)
        {
            using Process chown = Process.Start("chown", ["65534", foreign]);
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        var refused = Assert.Throws<ArrowCidException>(() => BlockStore.Open(foreign, TemporaryStore.Small));
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);
    }

    [Fact]
    public void A_symbolic_link_in_place_of_the_directory_or_a_file_is_refused()
    {
        using TemporaryStore directory = MadeStore();
        string link = directory.Directory + "-link";
        Directory.CreateSymbolicLink(link, directory.Directory);
        try
        {
            var refused = Assert.Throws<ArrowCidException>(() => BlockStore.Open(link, TemporaryStore.Small));
            Assert.Equal(ErrorCode.AccessDenied, refused.Code);
        }
        finally
        {
            Directory.Delete(link);
        }

        File.Move(directory.PathOf("ctl.v1"), directory.PathOf("real"));
        File.CreateSymbolicLink(directory.PathOf("ctl.v1"), directory.PathOf("real"));
        Assert.Equal(ErrorCode.AccessDenied, Refusal(directory).Code);
    }

    [Fact]
    public void Absent_stores_are_refused_where_none_may_be_made()
    {
        using var directory = new TemporaryStore();
        Assert.Equal(ErrorCode.StoreGone, Refusal(directory, new StoreSettings { MustExist = true }).Code);
        Assert.Equal(ErrorCode.StoreGone, Refusal(directory, new StoreSettings { ReadOnly = true }).Code);
        Assert.Empty(Directory.GetFileSystemEntries(directory.Directory));
    }

    [Fact]
    public void Segments_without_their_control_file_are_not_built_upon()
    {
        using TemporaryStore directory = MadeStore();
        File.Delete(directory.PathOf("ctl.v1"));
        Assert.Equal(ErrorCode.StoreGone, Refusal(directory).Code);
    }

    [Fact]
    public void Creators_that_race_make_one_store()
    {
        for (int round = 0; round < 10; round++)
        {
            using var directory = new TemporaryStore();
            var stores = new BlockStore[4];
            Parallel.For(0, 4, i => stores[i] = directory.Open());
            Assert.Single(stores.Select(store => store.Id).Distinct());
            Digest256 digest = stores[0].PutRaw([7]);
            Assert.All(stores, store => Assert.NotNull(store.Read(digest)));
            Assert.Empty(Directory.GetFiles(directory.Directory, "*.tmp-*"));
            foreach (BlockStore store in stores) store.Dispose();
        }
    }

    [Fact]
    public void Half_made_control_files_of_dead_creators_are_swept()
    {
        using var directory = new TemporaryStore();
        File.WriteAllBytes(directory.PathOf("ctl.v1.tmp-0123"), new byte[100]);
        using BlockStore store = directory.Open();
        Assert.Empty(Directory.GetFiles(directory.Directory, "*.tmp-*"));
    }

    [Fact]
    public void A_copy_gets_another_id_and_finds_every_block()
    {
        using TemporaryStore original = MadeStore();
        using var copy = new TemporaryStore();
        foreach (string file in Directory.GetFiles(original.Directory))
            File.Copy(file, copy.PathOf(Path.GetFileName(file)));
        Guid id;
        using (BlockStore store = original.Open()) id = store.Id;
        Guid copied;
        using (BlockStore store = copy.Open())
        {
            copied = store.Id;
            Assert.NotEqual(id, copied);
            Assert.NotNull(store.Read(Sha256.Hash([1, 2, 3])));
            Assert.True(store.PutRaw([4], out _));
            Assert.Equal(2, store.Listing.List().Count());
        }

        using (BlockStore store = copy.Open()) Assert.Equal(copied, store.Id);
        Assert.Single(Directory.GetFiles(copy.Directory, "idx-*"));
    }

    [Fact]
    public void A_copy_that_may_not_be_changed_says_what_to_do()
    {
        using TemporaryStore original = MadeStore();
        using var copy = new TemporaryStore();
        foreach (string file in Directory.GetFiles(original.Directory))
            File.Copy(file, copy.PathOf(Path.GetFileName(file)));
        Assert.Equal(ErrorCode.Unsupported, Refusal(copy, new StoreSettings { ReadOnly = true }).Code);
    }

    [Fact]
    public void A_control_file_removed_while_it_is_open_is_noticed()
    {
        using TemporaryStore directory = MadeStore();
        using BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw([9]);
        using RecordLease lease = store.Find(digest)!;
        Directory.Delete(directory.Directory, recursive: true);
        Assert.Equal(ErrorCode.StoreGone, Until(() => store.PutRaw([9])).Code);
        Assert.Equal(ErrorCode.StoreGone, Until(() => store.Read(digest)).Code);
        Assert.Equal([9], lease.Memory.ToArray());
        // It can be made again.
        using (BlockStore again = directory.Open()) Assert.True(again.PutRaw([9], out _));
        store.Dispose();

        static ArrowCidException Until(Action call)
        {
            while (true)
            {
                if (Record.Exception(call) is ArrowCidException e) return e;
            }
        }
    }

    [Theory]
    [InlineData(64L << 20, 16L << 30, 32, 2)]
    [InlineData(100L << 30, 100L << 30, 4096, 64)]
    [InlineData(100L << 30, 2L << 30, 1024, 64)]
    [InlineData(20L << 20, 16L << 30, 10, 1)]
    public void Default_sizes_follow_the_room_there_is(long free, long memory, long capacity, long segment)
    {
        (long actual, long actualSegment) = StoreSizes.Choose(new StoreSettings(), free, memory, "/d");
        Assert.Equal((capacity, segment), (actual >> 20, actualSegment >> 20));
    }

    [Fact]
    public void Too_little_room_is_refused_with_the_remedy()
    {
        var refused = Assert.Throws<ArrowCidException>(() =>
            StoreSizes.Choose(new StoreSettings(), 4 << 20, 16L << 30, "/dev/shm/x"));
        Assert.Equal(ErrorCode.StoreFull, refused.Code);
        Assert.Equal(RemedyKind.FreeSpace, refused.Remedy?.Kind);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            StoreSizes.Choose(new StoreSettings { Capacity = 12345 }, 1 << 30, 1 << 30, "/d"));
    }
}
