using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Tests.Ipld;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Datasets, column manifests and other nodes are kinds of their own in entries, filters and
/// statistics.</summary>
public sealed class DatasetKindTests
{
    private static readonly byte[] s_node =
        DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("arrowcid/dataset")), ("v", IpldNode.Integer(1))));

    [Fact]
    public void Dataset_has_its_kind_rows_schema_and_batches_when_described()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (PutResult dataset, Cid[] batches) = Fill(store);
        StoredEntry entry = store.Metadata.Get(dataset.Cid)!;
        Assert.Equal((BlockKind.Dataset, 5L, 2L), (entry.Kind, entry.Rows, entry.BatchCount));
        Assert.Equal(store.Metadata.Get(batches[0])!.SchemaCid, entry.SchemaCid);
        Assert.Equal(batches.Sum(cid => store.Metadata.Get(cid)!.ByteLength), entry.DataByteLength);
        Assert.Equal("dataset", EntryJson.KindOf(entry));
        StoredEntry batch = store.Metadata.Get(batches[0])!;
        Assert.Equal((BlockKind.Batch, null, null), (batch.Kind, batch.BatchCount, batch.DataByteLength));
    }

    [Fact]
    public void Dataset_counts_the_batches_of_its_pages_when_it_has_pages()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid;
        PutResult dataset = store.Datasets.Put([.. Enumerable.Repeat(one, Dataset.MaxBatches + 3)]);
        Assert.Equal((BlockKind.Dataset, Dataset.MaxBatches + 3L, Dataset.MaxBatches + 3L),
            (store.Metadata.Get(dataset.Cid)!.Kind, store.Metadata.Get(dataset.Cid)!.Rows,
                store.Metadata.Get(dataset.Cid)!.BatchCount));
        Assert.Equal(2, store.Query(Filter.Parse("kind = node")).Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Filter_finds_datasets_by_kind_and_schema_when_they_are_in_the_log_or_the_index(bool isIndexed)
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (PutResult dataset, Cid[] batches) = Fill(store);
        Cid other = store.PutRaw(s_node, Multicodec.DagCbor).Cid,
            file = store.PutRaw("\n\0"u8.ToArray(), Multicodec.DagPb).Cid;
        Cid raw = store.PutRaw("other bytes"u8.ToArray()).Cid;
        if (isIndexed) Assert.True(store.Maintenance.Checkpoint());
        Cid schema = store.Metadata.Get(batches[0])!.SchemaCid!.Value;
        Assert.Equal([dataset.Cid], Found("kind = dataset"));
        Assert.Equal([dataset.Cid], Found("kind = \"dataset\" and rows = 5"));
        Assert.Equal([dataset.Cid], Found($"schema = {schema} and not kind = batch and not kind = schema"));
        Assert.Equal([dataset.Cid, .. batches, schema], Found($"schema = {schema}"), SameSet);
        Assert.Equal([dataset.Cid, .. batches, schema], Found("has schema"), SameSet);
        Assert.Equal([other, file], Found("kind in (node, manifest)"), SameSet);
        Assert.Equal([raw], Found("kind = raw"));
        Assert.Equal([dataset.Cid, other, file, raw, schema], Found("kind != batch"), SameSet);
        var datasets = new QueryOptions { Filter = Filter.Parse("kind = dataset"), Limit = 9 };
        Assert.Equal("schema", store.Metadata.QueryPage(datasets).Plan.Index);

        Cid[] Found(string filter) => [.. store.Query(Filter.Parse(filter)).Select(entry => entry.Cid)];
    }

    [Fact]
    public void Block_is_listed_as_a_node_when_its_bytes_were_first_put_without_a_codec()
    {
        using var folder = new TemporaryStore();
        byte[] node = DagCbor.Encode(IpldNode.Text("first raw"));
        Cid raw, cid;
        using (CidStore store = Stores.Open(folder))
        {
            raw = store.PutRaw(node).Cid;
            Assert.True(store.Maintenance.Checkpoint());
            PutResult put = store.PutRaw(node, Multicodec.DagCbor);
            cid = put.Cid;
            Assert.Equal((Multicodec.DagCbor, false, false), (cid.Codec, put.IsNew, put.IsRepaired));
            AssertNode(store);
            // Once is enough, and raw bytes take the codec from no block.
            ulong records = store.Blocks.Coordination.RecordsGiven();
            Assert.False(store.PutRaw(node, Multicodec.DagCbor).IsNew);
            Assert.False(store.PutRaw(node).IsNew);
            Assert.Equal(records + 2, store.Blocks.Coordination.RecordsGiven());
            AssertNode(store);
        }

        using (CidStore again = Stores.Open(folder)) AssertNode(again);
        _ = StoreMaintenance.Rebuild(folder.Directory);
        using CidStore rebuilt = Stores.Open(folder);
        AssertNode(rebuilt);

        void AssertNode(CidStore store)
        {
            StoredEntry entry = Assert.Single(store.Query(Filter.Parse("kind = node")));
            Assert.Equal((cid, BlockKind.Node), (entry.Cid, entry.Kind));
            Assert.Empty(store.Query(Filter.Parse("kind = raw")));
            Assert.Equal(BlockKind.Node, store.Metadata.Get(raw)!.Kind);
            Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        }
    }

    [Fact]
    public void Dataset_is_listed_when_a_transaction_puts_bytes_that_were_first_put_without_a_codec()
    {
        using var folder = new TemporaryStore();
        using var other = new TemporaryStore();
        byte[] node;
        Cid cid;
        using (CidStore source = Stores.Open(other))
        {
            cid = source.Datasets.Put([source.Put(Stores.Numbers(1)).Cid]).Cid;
            node = source.Reading.ReadBlock(cid)!;
        }

        using CidStore store = Stores.Open(folder);
        _ = store.PutRaw(node);
        using var transaction = new StoreTransaction(store, isSpooled: false);
        _ = transaction.Add(Stores.Numbers(1), null, isOfDataset: true);
        PutResult? put = transaction.CommitDataset(new PutOptions { Name = "d" }, new Dictionary<string, string>(), [],
            isAppended: false).Dataset;
        Assert.Equal((cid, false), (put!.Value.Cid, put.Value.IsNew));
        Assert.Equal(cid, Assert.Single(store.Query(Filter.Parse("kind = dataset"))).Cid);
        Assert.Empty(store.Query(Filter.Parse("kind = raw")));
        Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
    }

    [Fact]
    public void Dataset_has_its_tags_pin_and_name_when_it_is_put_with_options()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (PutResult plain, Cid[] batches) = Fill(store);
        var options = new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["day"] = "x" },
            Producer = "p",
            Pin = true,
            Name = "d",
        };
        PutResult put = store.Datasets.Put(batches, options);
        Assert.Equal((plain.Cid, false), (put.Cid, put.IsNew));
        StoredEntry entry = store.Metadata.Get(put.Cid)!;
        Assert.Equal(("x", "p", true, "d"),
            (entry.Tags["day"], entry.Producer, entry.IsPinned, Assert.Single(entry.Names)));
        ArrowCidException refused = Assert.Throws<ArrowCidException>(() =>
            store.Datasets.Put(batches, new PutOptions { Name = "" },
                new Dictionary<string, string> { ["new"] = "1" }));
        Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
        Assert.Single(store.Query(Filter.Parse("kind = dataset")));
    }

    [Fact]
    public void Statistics_and_catalog_name_datasets_when_there_are_some()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        (PutResult dataset, _) = Fill(store);
        StoreShare share = store.Diagnostics.GetStatistics().Kinds.Single(kind => kind.Key == "dataset");
        Assert.Equal((1L, 5L), (share.Blocks, share.Rows));
        Assert.Equal(dataset.Cid.ToString(),
            store.Diagnostics.GetUsage(UsageBy.Dataset).First(usage => usage.Key is not null).Key);
        Assert.Equal(1, Assert.Single(store.Metadata.ReadCatalogViews(Filter.Parse("kind = dataset"))).Length);
    }

    [Fact]
    public void Head_of_a_node_is_read_without_a_fault_when_its_bytes_are_anything()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        byte[] block = store.Reading.ReadBlock(Fill(store).Dataset.Cid)!;
        Assert.Equal(BlockKind.Dataset, NodeHead.Read(Multicodec.DagCbor, block).Kind);
        Assert.Equal(BlockKind.Node, NodeHead.Read(Multicodec.DagPb, block).Kind);
        Assert.Equal(BlockKind.Node, NodeHead.Read(Multicodec.DagCbor, s_node).Kind);
        Assert.All(Enumerable.Range(0, block.Length),
            length => NodeHead.Read(Multicodec.DagCbor, block.AsSpan(0, length)));
        Assert.All(Enumerable.Range(0, 2000), seed =>
        {
            byte[] changed = Mutation.Of(block, new Random(seed));
            Assert.Contains(NodeHead.Read(Multicodec.DagCbor, changed).Kind,
                new[] { BlockKind.Dataset, BlockKind.Manifest, BlockKind.Node });
            _ = NodeHead.BatchesOfPage(changed);
        });
    }

    private static bool SameSet(Cid[] one, Cid[] other) =>
        one.ToHashSet().SetEquals(other) && one.Length == other.Length;

    private static (PutResult Dataset, Cid[] Batches) Fill(CidStore store)
    {
        Cid[] batches = [store.Put(Stores.Numbers(1, 2, 3)).Cid, store.Put(Stores.Numbers(4, 5)).Cid];
        return (store.Datasets.Put(batches), batches);
    }
}
