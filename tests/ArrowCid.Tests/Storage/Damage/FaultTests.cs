using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Faults of the list (tests/README.md) that no other class has: an index in ruins, a writer that forges, a
/// consumer far behind, another machine's pages.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData("zeroed")]
    [InlineData("all ones")]
    [InlineData("shuffled")]
    public void An_index_in_ruins_gives_misses_and_comes_back_from_the_logs(string ruin)
    {
        const int Count = 200;
        using var directory = new TemporaryStore();
        var digests = new List<Digest256>();
        using (BlockStore store = directory.Open())
        {
            for (int i = 0; i < Count; i++) digests.Add(store.PutRaw(StoreCalls.Numbered(i)));
        }

        Ruin(Directory.GetFiles(directory.Directory, "idx-*").Single(), ruin);
        using (BlockStore store = directory.Open(TemporaryStore.Small with { ReadOnly = true }))
        {
            foreach (Digest256 digest in digests)
            {
                byte[]? bytes = store.Read(digest);
                Assert.True(bytes is null || Sha256.Hash(bytes) == digest, ruin);
            }
        }

        StoreDoctor.Repair(directory.Directory, StoreDoctor.Examine(directory.Directory));
        using BlockStore mended = directory.Open();
        Assert.Equal(digests, mended.Listing.List().Select(info => info.Digest));
        Assert.All(digests, digest => Assert.NotNull(mended.Read(digest)));
    }

    [Theory]
    [InlineData("beyond the log")]
    [InlineData("beyond the segment")]
    [InlineData("inside a record")]
    [InlineData("a longer record")]
    public void A_writer_that_forges_its_log_leaves_the_other_writers_alone(string forgery)
    {
        using var directory = new TemporaryStore();
        using BlockStore forged = directory.Open();
        using BlockStore honest = directory.Open();
        var digests = new List<Digest256>();
        for (int i = 0; i < 20; i++)
        {
            _ = forged.PutRaw(StoreCalls.Numbered(i));
            digests.Add(honest.PutRaw(StoreCalls.Numbered(1000 + i)));
        }

        Forge(directory, forgery);
        using BlockStore reader = directory.Open(TemporaryStore.Small with { ReadOnly = true });
        using LogReader tail = reader.Tail(Cursor.Oldest);
        var seen = new List<Digest256>();
        for (int asked = 0; tail.TryNext(out LogEvent found); asked++)
        {
            Assert.True(asked < 1000, "the tail has no end");
            if (found.Gap is null && found.Lane == 1) seen.Add(found.Record.Digest);
        }

        Assert.Equal(digests, seen);
        StoreFinding[] wrong = [.. reader.Examination.CheckLog(lane: 0)];
        Assert.Contains(wrong, finding => finding.Severity == FindingSeverity.Error);
        Assert.Empty(reader.Examination.CheckLog(lane: 1));
        Digest256 later = honest.PutRaw(StoreCalls.Numbered(2000));
        Assert.True(tail.TryNext(out LogEvent next) && next.Record.Digest == later);
    }

    [Fact]
    public void A_consumer_that_a_ring_overtook_hears_which_numbers_are_gone_and_then_what_is_there()
    {
        const int Count = 200;
        using var directory = new TemporaryStore();
        Cursor saved = default;
        using (BlockStore writer = directory.Open(TemporaryStore.Tiny with { IsRing = true }))
        {
            using (LogReader tail = writer.Tail(Cursor.Oldest))
            {
                for (int i = 0; i < 3; i++) _ = writer.PutRaw(StoreCalls.Numbered(i, 100_000));
                while (tail.TryNext(out LogEvent found)) saved = found.Cursor;
            }

            for (int i = 3; i < Count; i++) _ = writer.PutRaw(StoreCalls.Numbered(i, 100_000));
        }

        // No writer makes a segment ahead any more, for which another would go.
        using BlockStore store = directory.Open(TemporaryStore.Tiny with { ReadOnly = true });
        List<ulong> present = [.. store.Listing.Log().Select(entry => entry.Header.Sequence).Order()];
        using LogReader late = store.Tail(saved);
        Assert.True(late.TryNext(out LogEvent gap));
        Assert.Equal((GapReason.Gone, 0, 4ul, present[0] - 1),
            (gap.Gap!.Reason, gap.Gap.Lane, gap.Gap.First, gap.Gap.Last));
        var caught = new List<ulong>();
        while (late.TryNext(out LogEvent found))
        {
            Assert.Null(found.Gap);
            caught.Add(found.Record.Sequence);
        }

        Assert.Equal(present, caught);
    }

    [Theory]
    [InlineData(16384)]
    [InlineData(65536)]
    public void A_store_made_where_pages_are_larger_is_read(int pageBytes)
    {
        using var directory = new TemporaryStore();
        Digest256 digest;
        using (BlockStore store = directory.Open()) digest = store.PutRaw(StoreCalls.Numbered(1));
        Superblock(directory, page => BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(24), pageBytes));
        using BlockStore opened = directory.Open();
        Assert.NotNull(opened.Read(digest));
    }

    [Fact]
    public void A_store_of_the_other_byte_order_is_refused()
    {
        using var directory = new TemporaryStore();
        directory.Open().Dispose();
        Superblock(directory, page => page.AsSpan(16, 8).Reverse());
        ArrowCidException refused = Assert.Throws<ArrowCidException>(() => directory.Open());
        Assert.Equal(ErrorCode.FormatVersion, refused.Code);
    }

    private static void Superblock(TemporaryStore directory, Action<byte[]> change)
    {
        using FileStream file = Open(directory.PathOf(StoreLayout.ControlName));
        var page = new byte[StoreLayout.PageBytes];
        file.ReadExactly(page);
        change(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(4092), StoreLayout.Crc(page.AsSpan(0, 4088)));
        file.Position = 0;
        file.Write(page);
    }

    private static void Ruin(string path, string how)
    {
        using FileStream file = Open(path);
        var entries = new byte[file.Length - StoreLayout.IndexEntries];
        file.Position = StoreLayout.IndexEntries;
        file.ReadExactly(entries);
        if (how == "shuffled") new Random(7).Shuffle(MemoryMarshal.Cast<byte, ulong>(entries.AsSpan()));
        else entries.AsSpan().Fill(how == "zeroed" ? (byte)0 : (byte)255);
        file.Position = StoreLayout.IndexEntries;
        file.Write(entries);
    }

    /// <summary>Lane 0's log, changed under its writer, who has written all that it will.</summary>
    private static void Forge(TemporaryStore directory, string how)
    {
        string path = Directory.GetFiles(directory.Directory, "seg-*").Order(StringComparer.Ordinal).First();
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(File.ReadAllBytes(path));
        (long at, RecordHeader header) = records[10];
        using FileStream file = Open(path);
        long end = records[^1].Offset + records[^1].Header.Extent;
        switch (how)
        {
            case "beyond the log": Write(file, StoreLayout.SegmentCommitted, (ulong)end + 6400); break;
            case "beyond the segment": Write(file, StoreLayout.SegmentCommitted, 1ul << 40); break;
            case "inside a record": Write(file, StoreLayout.SegmentCommitted, (ulong)at + 64); break;
            default:
                var bytes = new byte[StoreLayout.RecordHeaderBytes];
                file.Position = at;
                file.ReadExactly(bytes);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), header.PayloadLength + 640);
                bytes.AsSpan(28, 4).Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), StoreLayout.Crc(bytes));
                file.Position = at;
                file.Write(bytes);
                break;
        }
    }

    private static void Write(FileStream file, long at, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        file.Position = at;
        file.Write(bytes);
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
}
