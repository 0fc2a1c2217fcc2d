using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Many puts in one call are so many puts.</summary>
public sealed class PutManyTests
{
    private static RecordBatch[] Batches(int count) =>
        [.. Enumerable.Range(1, count).Select(seed => RandomBatch.Make(seed).Batch)];

    private static CidStoreOptions Large => new() { Capacity = 64 << 20, SegmentSize = 4 << 20 };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(150)]
    public void Each_batch_of_many_is_put_under_its_own_CID(int count)
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = Batches(count);
        PutResult[] results = store.PutMany(batches);
        Assert.Equal(count, results.Length);
        var seen = new HashSet<Cid>();
        for (int i = 0; i < count; i++)
        {
            EncodedBlock block = CanonicalBlock.Encode(batches[i]);
            Assert.Equal(block.Address, results[i].Address);
            Assert.Equal(seen.Add(block.Cid), results[i].IsNew);
            using BatchLease? lease = store.TryGet(results[i].Cid);
            Assert.True(lease!.Block.Span.SequenceEqual(block.Bytes.Span), $"batch {i}");
            Assert.True(store.Contains(results[i].SchemaCid));
        }

        Assert.All(store.PutMany(batches), result => Assert.False(result.IsNew));
    }

    [Fact]
    public void What_stands_before_a_batch_that_is_refused_is_put()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = Batches(5);
        var schema = new Schema(new Field("v", ArrowType.Int64, nullable: false));
        batches[3] = new RecordBatch(schema, 2, ArrowArray.From<long>(new long[2], validity: new byte[] { 1 }));
        _ = Assert.Throws<InvalidArrowException>(() => store.PutMany(batches));
        for (int i = 0; i < 3; i++) Assert.True(store.Contains(CanonicalBlock.CidOf(batches[i])));
        Assert.True(store.Put(batches[4]).IsNew);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Blocks_hashed_together_and_one_by_one_have_one_digest(bool together)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Small with { HashTogether = together });
        var random = new Random(7);
        for (int round = 0; round < 20; round++)
        {
            byte[][] blocks = [.. Enumerable.Range(0, random.Next(1, 80)).Select(_ => new byte[random.Next(2000)])];
            foreach (byte[] block in blocks) random.NextBytes(block);
            PutRequest[] requests = [.. blocks.Select(block => new PutRequest(
                RecordKind.Raw, TemporaryStore.RawCodec, new BytesSource(block), default, 0, RecordFlags.None))];
            var infos = new BlockInfo[blocks.Length];
            _ = store.PutMany(requests, infos);
            for (int i = 0; i < blocks.Length; i++)
            {
                Assert.Equal(Sha256.Hash(blocks[i]), infos[i].Digest);
                Assert.Equal(blocks[i], store.Read(infos[i].Digest));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_source_that_fails_among_many_leaves_those_before_it(bool together)
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(TemporaryStore.Small with { HashTogether = together });
        byte[][] blocks = [.. Enumerable.Range(0, 9).Select(i => BitConverter.GetBytes(i))];
        PutRequest[] requests = [.. blocks.Select((block, i) => new PutRequest(
            RecordKind.Raw, TemporaryStore.RawCodec,
            i == 5 ? new ActingSource(block, () => throw new IOException("no more")) : new BytesSource(block),
            default, 0, RecordFlags.None))];
        _ = Assert.Throws<IOException>(() => store.PutMany(requests, new BlockInfo[9]));
        for (int i = 0; i < 5; i++) Assert.True(store.Contains(Sha256.Hash(blocks[i])), $"block {i}");
        Assert.False(store.Contains(Sha256.Hash(blocks[5])));
        Assert.True(store.PutRaw(blocks[6], out _) || store.Contains(Sha256.Hash(blocks[6])));
    }
}
