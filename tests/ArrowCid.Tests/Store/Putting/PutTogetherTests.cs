using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Batches that are put together or not at all.</summary>
public sealed class PutTogetherTests
{
    private static readonly PutManyOptions s_together = new() { AllOrNothing = true };

    private static CidStoreOptions Large => new() { Capacity = 64 << 20, SegmentSize = 4 << 20 };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(150)]
    public void PutMany_together_stores_what_single_puts_store(int count)
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = [.. Enumerable.Range(1, count).Select(seed => RandomBatch.Make(seed).Batch)];
        PutResult[] results = store.PutMany(batches, s_together);
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

        long bytes = store.Diagnostics.GetSummary().BytesCommitted;
        Assert.All(store.PutMany(batches, s_together), result => Assert.False(result.IsNew));
        // Known ones are announced again, and not written again.
        Assert.Equal(seen.Count * 128, store.Diagnostics.GetSummary().BytesCommitted - bytes);
        Assert.Equal(seen.Count, store.List().Count());
    }

    [Fact]
    public void PutMany_together_stores_nothing_when_a_batch_is_refused()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = [.. Enumerable.Range(1, 5).Select(seed => RandomBatch.Make(seed).Batch)];
        var schema = new Schema(new Field("v", ArrowType.Int64, nullable: false));
        batches[3] = new RecordBatch(schema, 2, ArrowArray.From<long>(new long[2], validity: new byte[] { 1 }));
        _ = Assert.Throws<InvalidArrowException>(() => store.PutMany(batches, s_together));
        Assert.Empty(store.Blocks.Listing.List());
        Assert.Equal(0, store.Diagnostics.GetSummary().BytesCommitted);
    }

    [Fact]
    public void PutMany_together_gives_metadata_to_each_and_a_name_to_the_only_batch()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = [.. Enumerable.Range(1, 3).Select(seed => RandomBatch.Make(seed).Batch)];
        var metadata = new PutOptions { Tags = new Dictionary<string, string?> { ["day"] = "monday" }, Pin = true };
        PutResult[] puts = store.PutMany(batches, new PutManyOptions { AllOrNothing = true, Metadata = metadata });
        foreach (PutResult put in puts)
        {
            StoredEntry entry = store.Metadata.Get(put.Cid)!;
            Assert.Equal("monday", entry.Tags["day"]);
            Assert.True(entry.IsPinned);
        }

        var named = new PutManyOptions { AllOrNothing = true, Metadata = new PutOptions { Name = "n" } };
        Assert.Throws<ArgumentException>(() => store.PutMany(batches, named));
        PutResult one = store.PutMany(batches[..1], named).Single();
        Assert.Equal(one.Cid, store.Names.Resolve("n"));
        Assert.Single(store.Names.GetHistory("n"));
    }

    [Fact]
    public void PutRawMany_together_stores_blocks_and_batches()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        EncodedBlock batch = CanonicalBlock.Encode(RandomBatch.Make(1).Batch);
        PutResult[] puts = store.PutRawMany([new byte[] { 1 }, batch.Bytes, new byte[] { 2 }], s_together);
        Assert.All(puts, put => Assert.True(put.IsNew));
        Assert.Equal(batch.Address, puts[1].Address);
        Assert.Equal(batch.Cid, Assert.Single(store.List()).Cid);
    }

    [Fact]
    public void Transaction_with_a_name_stores_nothing_when_the_name_has_another_target()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, Large);
        RecordBatch[] batches = [.. Enumerable.Range(1, 2).Select(seed => RandomBatch.Make(seed).Batch)];
        _ = store.Names.Set("n", store.Put(batches[0]).Cid);
        long bytes = store.Diagnostics.GetSummary().BytesCommitted;
        bool isCommitted = false;
        var refused = Assert.Throws<ArrowCidException>(() => store.Names.SetWith("n", CanonicalBlock.CidOf(batches[1]),
            new NameExpectation(IsAny: false, null), _ => isCommitted = true));
        Assert.Equal(ErrorCode.NameExists, refused.Code);
        Assert.False(isCommitted);
        // Appending batches of another schema to it is refused as well.
        using var transaction = new StoreTransaction(store, isSpooled: true);
        _ = transaction.Add(batches[1], null, isOfDataset: true);
        refused = Assert.Throws<ArrowCidException>(() => transaction.CommitDataset(new PutOptions { Name = "n" },
            new Dictionary<string, string>(), [], isAppended: true));
        Assert.Equal(ErrorCode.SchemaMismatch, refused.Code);
        Assert.Equal(bytes, store.Diagnostics.GetSummary().BytesCommitted);
        Assert.False(store.Contains(CanonicalBlock.CidOf(batches[1])));
    }

    [Fact]
    public void Damaged_known_block_is_repaired_by_a_transaction_that_has_its_bytes()
    {
        using var directory = new TemporaryStore();
        byte[] bytes = StoreCalls.Numbered(1, 5000);
        Cid cid;
        using (var store = CidStore.Open(directory.Directory, Large)) cid = store.PutRaw(bytes).Cid;
        using (FileStream file = File.Open(directory.PathOf("seg-0000-00000001"), FileMode.Open))
        {
            file.Position = 4096 + 128 + 2000;
            int at = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(at ^ 1));
        }

        using (var store = CidStore.Open(directory.Directory, Large))
        {
            PutResult[] puts = store.PutRawMany([bytes, new byte[] { 2 }], s_together);
            Assert.Equal((false, true), (puts[0].IsNew, puts[0].IsRepaired));
            Assert.True(puts[1].IsNew);
            Assert.Equal(bytes, store.Reading.ReadBlock(cid));
        }
    }
}
