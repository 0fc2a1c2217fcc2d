using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

public sealed class RingTests
{
    private const int BlockBytes = 100_000;

    private static StoreSettings Ring => TemporaryStore.Tiny with { IsRing = true };

    [Fact]
    public void A_full_ring_lets_its_oldest_blocks_go_and_never_refuses()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(Ring);
        for (int i = 0; i < 200; i++)
        {
            Digest256 put = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
            Assert.Equal(StoreCalls.Numbered(i, BlockBytes), store.Read(put));
        }

        bool[] present = [.. Enumerable.Range(0, 200).Select(i => Has(store, i))];
        int first = Array.IndexOf(present, true);
        Assert.InRange(first, 130, 190);
        Assert.All(present[first..], Assert.True);
        Assert.Equal(200 - first, store.Listing.List().Count());
        Assert.True(store.Examination.GetStatistics().BytesTaken <= Ring.Capacity);
    }

    [Fact]
    public void What_a_reader_holds_stays_and_its_bytes_do_not_change()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(Ring);
        using BlockStore reader = directory.Open(Ring with { ReadOnly = true });
        using RecordLease held = reader.Find(store.PutRaw(StoreCalls.Numbered(0, BlockBytes)))!;
        ReadOnlyMemory<byte> memory = held.Memory;
        for (int i = 1; i < 200; i++)
        {
            _ = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
            Assert.True(memory.Span.SequenceEqual(StoreCalls.Numbered(0, BlockBytes)), $"after block {i}");
        }

        Assert.NotNull(store.Read(held.Info.Digest));
        held.Dispose();
        reader.Dispose();
        for (int i = 200; i < 300; i++) _ = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
        Assert.Null(store.Read(Sha256.Hash(StoreCalls.Numbered(0, BlockBytes))));
    }

    [SharedMemoryFact]
    public void Segments_are_used_again_with_their_pages_and_show_nothing_of_before()
    {
        string path = Directory.CreateDirectory($"/dev/shm/arrowcid-test-{Environment.ProcessId}-ring").FullName;
        try
        {
            using BlockStore store = BlockStore.Open(path, Ring);
            for (int i = 0; i < 60; i++) _ = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
            var files = new HashSet<ulong>();
            for (int i = 60; i < 300; i++)
            {
                _ = store.PutRaw(StoreCalls.Numbered(i, BlockBytes));
                files.UnionWith(Inodes(path));
            }

            // Some 24 segments were begun.
            Assert.InRange(files.Count, 4, 8);
            foreach (BlockInfo info in store.Listing.List())
            {
                using RecordLease? lease = store.Find(info.Digest);
                Assert.Equal(info.Digest, Sha256.Hash(lease!.Memory.Span));
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public void A_ring_whose_segments_are_all_held_refuses_and_names_the_holder()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(Ring);
        using BlockStore reader = directory.Open(Ring with { ReadOnly = true });
        var held = new List<RecordLease>();
        var refused = Assert.Throws<ArrowCidException>(() =>
        {
            for (int i = 0; i < 200; i++)
                held.Add(reader.Find(store.PutRaw(StoreCalls.Numbered(i, BlockBytes)))!);
        });
        Assert.Equal(ErrorCode.StoreFull, refused.Code);
        Assert.Contains($"process {Environment.ProcessId} (", refused.Message, StringComparison.Ordinal);
        Assert.Contains("this one) holds ", refused.Message, StringComparison.Ordinal);
        // What was refused succeeds once there is room.
        held.ForEach(lease => lease.Dispose());
        reader.Dispose();
        Assert.True(store.PutRaw(StoreCalls.Numbered(1000, BlockBytes), out _));
    }

    [Fact]
    public void A_block_of_the_older_half_that_is_put_again_is_written_again()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(Ring);
        Digest256 first = store.PutRaw(StoreCalls.Numbered(0, BlockBytes));
        int count = 1;
        for (; count < 20; count++) _ = store.PutRaw(StoreCalls.Numbered(count, BlockBytes));
        Assert.False(store.PutRaw(StoreCalls.Numbered(0, BlockBytes), out _));
        for (; count < 36; count++) _ = store.PutRaw(StoreCalls.Numbered(count, BlockBytes));
        Assert.NotNull(store.Read(first));
        _ = store.PutRaw(StoreCalls.Numbered(0, BlockBytes), out _);
        // Without its fresh copy it would go with the segment that it was first in.
        for (; count < 58; count++) _ = store.PutRaw(StoreCalls.Numbered(count, BlockBytes));
        Assert.False(Has(store, 1));
        Assert.NotNull(store.Read(first));
    }

    [Fact]
    public void Numbers_go_on_when_a_large_blocks_segment_was_the_last_of_its_lane()
    {
        using var directory = new TemporaryStore();
        ulong last;
        using (BlockStore store = directory.Open(Ring))
        {
            _ = store.PutRaw(StoreCalls.Numbered(1));
            _ = store.PutRaw(StoreCalls.Numbered(2, 3 << 20));
            last = Last(store);
        }

        Assert.Equal(2ul, last);
        using (BlockStore store = directory.Open(Ring))
        {
            // No second of its size fits beside the first, which holds the lane's last number until another does.
            var refused = Assert.Throws<ArrowCidException>(() => store.PutRaw(StoreCalls.Numbered(3, 3 << 20)));
            Assert.Equal(ErrorCode.StoreFull, refused.Code);
            _ = store.PutRaw(StoreCalls.Numbered(4));
            Assert.Equal(3ul, Last(store));
            _ = store.PutRaw(StoreCalls.Numbered(5, 3 << 20));
            Assert.Equal(4ul, Last(store));
        }
    }

    private static ulong Last(BlockStore store)
    {
        using LogReader tail = store.Tail(Cursor.Now);
        return tail.Position.At(0).Sequence;
    }

    private static bool Has(BlockStore store, int number)
    {
        using RecordLease? lease = store.Find(Sha256.Hash(StoreCalls.Numbered(number, BlockBytes)));
        return lease is not null;
    }

    private static ulong[] Inodes(string directory)
    {
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory, out _)!;
        return
        [
            .. Directory.GetFiles(directory, "seg-*").Select(path =>
                folder.StatFile(Path.GetFileName(path), out FileStatus status) == 0 ? status.Inode : 0)
                .Where(inode => inode != 0),
        ];
    }
}
