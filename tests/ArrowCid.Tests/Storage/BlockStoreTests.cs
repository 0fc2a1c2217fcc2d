using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

public sealed class BlockStoreTests
{
    [Fact]
    public void A_put_block_is_found_with_its_bytes_and_description()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        byte[] bytes = StoreCalls.Numbered(1, 1000);
        Digest256 schema = Sha256.Hash([1, 2, 3]);
        bool isNew = store.Put(RecordKind.Batch, 0x0129, new BytesSource(bytes), schema, 17, RecordFlags.OwnEncoder,
            out BlockInfo info);
        Assert.True(isNew);
        Assert.Equal(Sha256.Hash(bytes), info.Digest);
        using RecordLease? lease = store.Find(info.Digest);
        Assert.NotNull(lease);
        Assert.Equal(info, lease.Info);
        Assert.Equal((RecordKind.Batch, 0x0129u, schema, 17L, 1000L, RecordFlags.OwnEncoder),
            (info.Kind, info.Codec, info.SchemaDigest, info.Rows, info.Length, info.Flags));
        Assert.Equal(bytes, lease.Memory.ToArray());
        Assert.Contains("seg-0000-00000001+", lease.Location, StringComparison.Ordinal);
        Assert.Null(store.Find(Sha256.Hash([9])));
    }

    [Fact]
    public void An_empty_block_is_a_block()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw([]);
        Assert.Empty(store.Read(digest)!);
    }

    [Fact]
    public void A_block_put_again_is_known_and_announced_by_a_REF()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        byte[] bytes = StoreCalls.Numbered(1);
        Assert.True(store.PutRaw(bytes, out Digest256 first));
        Assert.False(store.PutRaw(bytes, out Digest256 second));
        Assert.Equal(first, second);
        BlockInfo only = Assert.Single(store.Listing.List());
        Assert.Equal(first, only.Digest);
        // A record of 128 + 64 bytes, then a REF of 128.
        Assert.Equal(320, store.Examination.GetStatistics().BytesCommitted);
        Assert.Equal([RecordKind.Raw, RecordKind.Ref], Kinds(directory));
    }

    [Fact]
    public void Another_handle_finds_what_this_one_put_and_a_new_one_goes_on_in_the_same_segment()
    {
        using var directory = new TemporaryStore();
        var digests = new List<Digest256>();
        for (int i = 0; i < 20; i++)
        {
            using BlockStore store = directory.Open();
            digests.Add(store.PutRaw(StoreCalls.Numbered(i)));
        }

        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        Assert.All(digests, digest => Assert.NotNull(reader.Read(digest)));
        Assert.Equal(digests, reader.Listing.List().Select(info => info.Digest));
        Assert.Equal(1, reader.Examination.GetStatistics().OpenSegments);
        Assert.Throws<InvalidOperationException>(() => reader.PutRaw([1]));
    }

    [Fact]
    public void Memory_of_a_disposed_lease_throws_and_a_pin_outlives_lease_and_store()
    {
        using var directory = new TemporaryStore();
        byte[] bytes = StoreCalls.Numbered(5, 300);
        BlockStore store = directory.Open();
        RecordLease lease = store.Find(store.PutRaw(bytes))!;
        ReadOnlyMemory<byte> memory = lease.Memory;
        using (var pin = memory.Pin())
        {
            lease.Dispose();
            lease.Dispose();
            store.Dispose();
            Assert.Throws<ObjectDisposedException>(() => memory.Span[0]);
            Assert.Throws<ObjectDisposedException>(() => lease.Memory);
            Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        }

        Assert.Throws<ObjectDisposedException>(() => store.Find(default));
        Assert.Throws<ObjectDisposedException>(() => store.PutRaw(bytes));
    }

    [Fact]
    public void A_lease_outlives_its_store()
    {
        using var directory = new TemporaryStore();
        byte[] bytes = StoreCalls.Numbered(6, 4000);
        BlockStore store = directory.Open();
        using RecordLease lease = store.Find(store.PutRaw(bytes))!;
        store.Dispose();
        Assert.Equal(bytes, lease.Memory.ToArray());
    }

    [Fact]
    public void A_block_larger_than_a_segment_has_a_segment_of_its_own()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 small = store.PutRaw(StoreCalls.Numbered(1));
        byte[] bytes = StoreCalls.Numbered(2, 3 << 20);
        Digest256 large = store.PutRaw(bytes);
        Digest256 after = store.PutRaw(StoreCalls.Numbered(3));
        Assert.Equal(bytes, store.Read(large));
        Assert.Equal([small, large, after], store.Listing.List().Select(info => info.Digest));
        Assert.Equal((1, 1), (store.Examination.GetStatistics().OpenSegments,
            store.Examination.GetStatistics().SealedSegments));
        // Known already: the segment that was made for the second writing goes.
        Assert.False(store.PutRaw(bytes, out _));
        Assert.Equal((1, 1), (store.Examination.GetStatistics().OpenSegments,
            store.Examination.GetStatistics().SealedSegments));
    }

    [Fact]
    public void A_source_that_throws_leaves_nothing()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 before = store.PutRaw(StoreCalls.Numbered(1));
        var failing = new ActingSource(StoreCalls.Numbered(2), () => throw new InvalidDataException("of the test"));
        Assert.Throws<InvalidDataException>(() =>
            store.Put(RecordKind.Raw, TemporaryStore.RawCodec, failing, default, 0, RecordFlags.None, out _));
        Digest256 after = store.PutRaw(StoreCalls.Numbered(3));
        Assert.Equal([before, after], store.Listing.List().Select(info => info.Digest));
        Assert.Equal([RecordKind.Raw, RecordKind.Raw], Kinds(directory));
    }

    [Fact]
    public async Task A_source_that_throws_with_others_behind_it_becomes_a_PAD()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        using var isLate = new ManualResetEventSlim();
        Task? later = null;
        var failing = new ActingSource(StoreCalls.Numbered(2), () =>
        {
            var source = new ActingSource(StoreCalls.Numbered(3), isLate.Set);
            later = Task.Run(() =>
                store.Put(RecordKind.Raw, TemporaryStore.RawCodec, source, default, 0, RecordFlags.None, out _));
            isLate.Wait();
            throw new InvalidDataException("of the test");
        });
        Assert.Throws<InvalidDataException>(() =>
            store.Put(RecordKind.Raw, TemporaryStore.RawCodec, failing, default, 0, RecordFlags.None, out _));
        await later!;
        Assert.Equal([RecordKind.Pad, RecordKind.Raw], Kinds(directory));
        Assert.NotNull(store.Read(Sha256.Hash(StoreCalls.Numbered(3))));
    }

    [Fact]
    public void Many_threads_of_one_handle_put_and_find_at_once()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        // Half of the blocks are put by two threads each.
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (int i = 0; i < 1000; i++)
            {
                byte[] bytes = StoreCalls.Numbered((thread / 2 * 1000) + i, 64 + (i % 500));
                Digest256 digest = store.PutRaw(bytes);
                Assert.Equal(bytes, store.Read(digest));
            }
        });
        Assert.Equal(2000, store.Listing.List().Select(info => info.Digest).Distinct().Count());
        Assert.Equal(2000, store.Listing.List().Count());
    }

    [Fact]
    public void A_full_store_refuses_with_what_to_do_and_stays_usable()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Tiny);
        var kept = new List<Digest256>();
        var full = Assert.Throws<ArrowCidException>(() =>
        {
            for (int i = 0; i < 1000; i++) kept.Add(store.PutRaw(StoreCalls.Numbered(i, 100_000)));
        });
        Assert.Equal(ErrorCode.StoreFull, full.Code);
        Assert.Contains("8 MiB", full.Message, StringComparison.Ordinal);
        Assert.Equal(RemedyKind.RemoveBlocks, full.Remedy?.Kind);
        Assert.InRange(kept.Count, 40, 60);
        Assert.All(kept, digest => Assert.NotNull(store.Read(digest)));
        Assert.Equal(0, store.Examination.GetStatistics().UnfinishedSegments);
        var large = Assert.Throws<ArrowCidException>(() => store.PutRaw(new byte[5 << 20]));
        Assert.Equal(ErrorCode.TooLarge, large.Code);
    }

    [Fact]
    public void When_every_lane_is_taken_the_owners_are_named()
    {
        using var directory = new TemporaryStore();
        StoreSettings options = TemporaryStore.Tiny;
        using BlockStore first = directory.Open(options);
        using BlockStore second = directory.Open(options);
        using BlockStore third = directory.Open(options);
        first.PutRaw([1]);
        second.PutRaw([2]);
        var busy = Assert.Throws<ArrowCidException>(() => third.PutRaw([3]));
        Assert.Equal(ErrorCode.Busy, busy.Code);
        Assert.Contains(Environment.ProcessId.ToString(), busy.Message, StringComparison.Ordinal);
        first.Dispose();
        Assert.True(third.PutRaw([3], out _));
    }

    private static List<RecordKind> Kinds(TemporaryStore directory)
    {
        byte[] file = File.ReadAllBytes(directory.PathOf("seg-0000-00000001"));
        return SegmentBytes.Records(file).Select(record => record.Header.RecordKind).ToList();
    }
}
