using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

public sealed class GoldenStoreTests
{
    [Fact]
    public void The_golden_store_of_version_1_opens_and_every_block_hashes_to_its_digest()
    {
        using var directory = new TemporaryStore();
        GoldenStore.Extract(directory.Directory);
        using BlockStore store = directory.Open();
        List<BlockInfo> blocks = store.Listing.List().ToList();
        Assert.Equal(File.ReadAllLines(Path.Combine(GoldenStore.Folder, "blocks.csv")),
            blocks.Select(info => GoldenStore.Line(in info)));
        Assert.Contains(blocks, info => info.Kind == RecordKind.View);
        foreach (BlockInfo info in blocks)
        {
            using RecordLease? lease = store.Find(info.Digest);
            Assert.NotNull(lease);
            Assert.Equal(info, lease.Info);
            Assert.Equal(info.Digest, Sha256.Hash(lease.Memory.Span));
        }

        Assert.False(store.PutRaw([], out _));
        Assert.True(store.PutRaw([1, 2, 3], out _));
        Assert.Equal(blocks.Count + 1, store.Listing.List().Count());
    }

    [Fact]
    public void The_golden_files_are_what_the_format_says()
    {
        using var directory = new TemporaryStore();
        GoldenStore.Extract(directory.Directory);
        byte[] control = File.ReadAllBytes(directory.PathOf("ctl.v1"));
        Superblock superblock = Superblock.Read(control.AsSpan(0, 4096), control.Length, "ctl.v1");
        Assert.Equal((24L << 20, 1L << 20, 256, 6, 256L), (superblock.Capacity, superblock.SegmentBytes,
            superblock.Segments, superblock.Lanes, superblock.InitialIndexEntries));
        var kinds = new HashSet<RecordKind>();
        int live = 0;
        for (int slot = 0; slot < superblock.Segments; slot++)
        {
            int at = (int)StoreLayout.TableOffset + (slot * 64);
            var word = new TableWord(BinaryPrimitives.ReadUInt64LittleEndian(control.AsSpan(at)));
            if (!word.IsLive) continue;
            live++;
            byte[] file = File.ReadAllBytes(directory.PathOf(StoreLayout.SegmentName(slot, word.Generation)));
            Assert.Equal(word.Bytes, file.Length);
            SegmentHeader header = SegmentHeader.Read(file.AsSpan(0, 2048))!;
            Assert.Equal((word.Lane, slot, superblock.SegmentId), (header.Lane, header.Slot, header.SegmentId));
            Assert.Equal((ulong)header.Kind, BinaryPrimitives.ReadUInt64LittleEndian(control.AsSpan(at + 16)));
            kinds.UnionWith(SegmentBytes.Records(file).Select(record => record.Header.RecordKind));
        }

        Assert.Equal(Directory.GetFiles(directory.Directory, "seg-*").Length, live);
        Assert.Equal(Enum.GetValues<RecordKind>().Where(kind => kind != RecordKind.None).Order(), kinds.Order());
    }

    /// <summary>Makes the files of a new version's golden store when ARROWCID_MAKE_GOLDEN names a directory for
    /// them.</summary>
    [Fact]
    public void A_store_made_now_has_what_the_golden_one_has()
    {
        string? target = Environment.GetEnvironmentVariable("ARROWCID_MAKE_GOLDEN");
        using var directory = new TemporaryStore();
        string place = target is null ? directory.Directory : Directory.CreateDirectory(target).FullName;
        GoldenStore.Make(place);
        using BlockStore store = BlockStore.Open(place, TemporaryStore.Small);
        List<BlockInfo> blocks = store.Listing.List().ToList();
        string[] lines = blocks.Select(info => GoldenStore.Line(in info)).ToArray();
        if (target is not null) File.WriteAllLines(place + ".csv", lines);
        Assert.All(blocks, info => Assert.Equal(info.Digest, Sha256.Hash(store.Read(info.Digest)!)));
        // All but the last field, which is the time.
        Assert.Equal(File.ReadAllLines(Path.Combine(GoldenStore.Folder, "blocks.csv")).Select(WithoutTime),
            lines.Select(WithoutTime));
    }

    private static string WithoutTime(string line) => line[..line.LastIndexOf(',')];
}
