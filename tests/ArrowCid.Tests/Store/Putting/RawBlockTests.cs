using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Blocks of any bytes, beside batches.</summary>
public sealed class RawBlockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData((1 << 16) + 1)]
    [InlineData(3_000_000)]
    public void Bytes_come_back_as_they_went_in(int length)
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        byte[] bytes = Random(length);
        PutResult put = store.PutRaw(bytes);
        Assert.Equal((Cid.Sha256(Multicodec.Raw, bytes), true, length), (put.Cid, put.IsNew, put.ByteLength));
        Assert.False(store.PutRaw(bytes).IsNew);
        Assert.True(store.Contains(put.Cid));
        Assert.Equal(length, store.Metadata.TryFind(put.Cid)!.Value.ByteLength);
        using var copy = new MemoryStream();
        Assert.True(store.Transfer.TryCopyTo(put.Cid, copy));
        Assert.Equal(bytes, copy.ToArray());
        Assert.True(store.Diagnostics.Verify(put.Cid)!.Value.IsIntact);
    }

    [Fact]
    public void Raw_bytes_are_no_batch()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, new WatchOptions { Timeout = TimeSpan.Zero });
        byte[] likeAStream = [0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        foreach (byte[] bytes in new[] { Random(100), likeAStream })
        {
            Cid cid = store.PutRaw(bytes).Cid;
            Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => store.TryGet(cid)).Code);
            Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        }

        // An Arrow stream that lacks its end can be read, but is not the batch's block.
        Cid stream = store.PutRaw(CanonicalBlock.Encode(Batch()).Bytes[..^8]).Cid;
        Assert.Equal(ErrorCode.NotCanonical, Assert.Throws<ArrowCidException>(() => store.TryGet(stream)).Code);
        Assert.True(store.Diagnostics.Verify(stream)!.Value.IsIntact);
        Assert.Empty(store.List());
        Assert.Empty(watch);
    }

    [Fact]
    public void The_bytes_of_a_canonical_block_are_put_as_its_batch()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        EncodedBlock block = CanonicalBlock.Encode(Batch());
        PutResult raw = store.PutRaw(block.Bytes);
        Assert.Equal((block.Address, true), (raw.Address, raw.IsNew));
        Assert.Equal(block.Cid, Assert.Single(store.List()).Cid);
        using BatchLease? lease = store.TryGet(block.Cid);
        Assert.Equal([1L, 2L], lease!.View.Column<long>("n").Values);
        Assert.False(store.Put(Batch()).IsNew);
    }

    [Fact]
    public void Many_are_put_as_one_after_another_would_be()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        EncodedBlock block = CanonicalBlock.Encode(Batch());
        byte[] known = Random(50);
        _ = store.PutRaw(known);
        ReadOnlyMemory<byte>[] blocks =
            [.. Enumerable.Range(0, 100).Select(i => (ReadOnlyMemory<byte>)Random(100 + i)), known, Random(100), block.Bytes, default];
        var results = new PutResult[blocks.Length];
        Assert.Equal(102, store.PutRawMany(blocks, results));
        Assert.Equal(blocks.Select(bytes => Cid.Sha256(Multicodec.Raw, bytes.Span)), results.Select(put => put.Cid));
        Assert.Equal([true, false, false, true, true], results[99..].Select(put => put.IsNew));
        Assert.Equal(blocks.Select(bytes => (long)bytes.Length), results.Select(put => put.ByteLength));
        Assert.All(results, put => Assert.True(store.Diagnostics.Verify(put.Cid)!.Value.IsIntact));
        Assert.Equal(block.Cid, Assert.Single(store.List()).Cid);
        Assert.Equal(0, store.PutRawMany([], []));
        Assert.Throws<ArgumentException>(() => store.PutRawMany(blocks, results.AsSpan(1)));
    }

    [Fact]
    public void A_reader_puts_nothing()
    {
        using var directory = new TemporaryStore();
        Open(directory).Dispose();
        using var reader = CidStore.Open(directory.Directory, new CidStoreOptions { ReadOnly = true, CreateIfMissing = false });
        Assert.Throws<InvalidOperationException>(() => reader.PutRaw(new byte[1]));
    }

    private static RecordBatch Batch() => RecordBatch.Of(("n", ArrowArray.From<long>(new[] { 1L, 2L })));

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static CidStore Open(TemporaryStore directory) =>
        CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 1 << 20 });
}
