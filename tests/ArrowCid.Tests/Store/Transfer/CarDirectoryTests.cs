using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Tests.Ipld.Car;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Store;

/// <summary>A dataset as a UnixFS directory in a CAR.</summary>
public sealed class CarDirectoryTests
{
    [Fact]
    public void Directory_has_a_file_per_batch_and_the_schema_and_the_manifest()
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        Cid[] cids = [.. new[] { 10, 200_000, 0 }.Select(rows => store.Put(CarTests.Numbers(rows, rows)).Cid)];
        Cid dataset = store.Datasets.Put(cids).Cid;
        byte[] car = Export(store, dataset, out CarExport made);
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = BlocksOf(car);
        var reader = new UnixFsReader(cid => blocks.TryGetValue(cid, out ReadOnlyMemory<byte> found) ? found : null);
        DagPbLink[] entries = [.. reader.Entries(Assert.Single(made.Roots))];
        Assert.Equal(["00000.arrows", "00001.arrows", "00002.arrows", "manifest.cbor", "schema.arrows"], entries.Select(entry => entry.Name));
        for (int i = 0; i < cids.Length; i++)
        {
            byte[] content = ContentOf(reader, entries[i]);
            Assert.Equal(cids[i], Cid.Sha256(Multicodec.Raw, content));
        }

        Assert.Equal(dataset, Cid.Sha256(Multicodec.DagCbor, ContentOf(reader, entries[3])));
        Assert.Equal(store.Metadata.TryFind(cids[0])!.Value.Address.SchemaCid, entries[4].Hash);
        // Tsize is the bytes of all blocks below, as go-merkledag counts them.
        Assert.All(entries, entry => Assert.Equal(SizeOf(entry.Hash), entry.TotalSize));

        ulong SizeOf(Cid cid) => (ulong)blocks[cid].Length + (cid.Codec != Multicodec.DagPb ? 0
            : DagPb.Decode(blocks[cid].Span).Links.Aggregate(0UL, (sum, link) => sum + SizeOf(link.Hash)));
    }

    // Goal: more batches than one node of a dataset lists. Method: few blocks, each a member many times.
    [Fact]
    public void Dataset_with_pages_comes_back_from_directories_of_its_pages()
    {
        const int Count = Dataset.MaxBatches + 5;
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        Cid[] few = [.. Enumerable.Range(0, 3).Select(seed => store.Put(CarTests.Numbers(1, seed)).Cid)];
        Cid[] cids = [.. Enumerable.Range(0, Count).Select(i => few[i % few.Length])];
        Cid dataset = store.Datasets.Put(cids).Cid;
        byte[] car = Export(store, dataset, out CarExport made);
        Assert.InRange(made.LargestBlock, 1, 256 << 10);
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = BlocksOf(car);
        var reader = new UnixFsReader(cid => blocks.TryGetValue(cid, out ReadOnlyMemory<byte> found) ? found : null);
        DagPbLink[] entries = [.. reader.Entries(made.Roots[0])];
        Assert.Equal(["manifest.cbor", "page-00000", "page-00001", "schema.arrows"], entries.Select(entry => entry.Name));
        Assert.Equal(["04096.arrows", "04097.arrows", "04098.arrows", "04099.arrows", "04100.arrows", "page.cbor"],
            reader.Entries(entries[2].Hash).Select(entry => entry.Name));
        Assert.Equal(cids, Import(car, dataset));
    }

    [Fact]
    public void Import_reports_the_dataset_under_the_root_and_keeps_no_block_of_the_directory()
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        Cid[] cids = [store.Put(CarTests.Numbers(10, 1)).Cid, store.Put(CarTests.Numbers(150_000, 2)).Cid];
        Cid dataset = store.Datasets.Put(cids).Cid;
        byte[] car = Export(store, dataset, out CarExport made);
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        ImportedBlock found = Assert.Single(import.Blocks, block => block.From == made.Roots[0]);
        Assert.Equal((dataset, BlockKind.Dataset), (found.Cid, found.Kind));
        Assert.Equal((0L, 0L), (import.Missing, import.Skipped));
        Assert.False(copy.Contains(made.Roots[0]));
        Assert.Equal(4, import.Blocks.Count);
        Assert.Equal(car, Export(copy, dataset, out _));
    }

    // A directory that says something else than its manifest is one like any other.
    [Fact]
    public void Directory_that_differs_from_its_manifest_is_imported_as_plain_blocks()
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        Cid[] cids = [store.Put(CarTests.Numbers(10, 1)).Cid, store.Put(CarTests.Numbers(20, 2)).Cid];
        Cid dataset = store.Datasets.Put(cids).Cid;
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = BlocksOf(Export(store, dataset, out CarExport made));
        DagPbNode right = DagPb.Decode(blocks[made.Roots[0]].Span);
        byte[] changed = DagPb.Encode(new DagPbNode([.. right.Links.Select(link => link.Name == "00001.arrows"
            ? link with { Name = "zzzzz.arrows" } : link)], right.Data!.Value.ToArray()));
        var root = Cid.Sha256(Multicodec.DagPb, changed);
        byte[] car = [.. CarBytes.Header(root), .. CarBytes.Section(root, changed),
            .. blocks.Where(block => block.Key != made.Roots[0]).SelectMany(block => CarBytes.Section(block.Key, block.Value.ToArray()))];
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        Assert.DoesNotContain(import.Blocks, block => block.Kind == BlockKind.Dataset);
        Assert.True(copy.Contains(root));
        Assert.Equal(blocks.Count, import.Blocks.Count);
    }

    [Fact]
    public void Directory_whose_manifest_lies_of_its_batches_puts_no_dataset()
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        Cid cid = store.Put(CarTests.Numbers(10, 1)).Cid;
        BlockAddress address = store.Metadata.TryFind(cid)!.Value.Address;
        var lie = new Dataset(address.SchemaCid, [new DatasetBatch(cid, 11, address.ByteLength, default)], [],
            System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty);
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = BlocksOf(Export(store, store.Datasets.Put([cid]).Cid, out _));
        var directory = DatasetDirectory.Of(lie, blocks[address.SchemaCid].Length);
        byte[] car = [.. CarBytes.Header(directory.Root),
            .. directory.Blocks.SelectMany(block => CarBytes.Section(block.Cid, block.Block)),
            .. CarBytes.Section(address.SchemaCid, blocks[address.SchemaCid].ToArray()), .. CarBytes.Section(cid, blocks[cid].ToArray())];
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => copy.Transfer.ImportCar(new MemoryStream(car)));
        Assert.Contains("wrongly; the dataset was not put", e.Message, StringComparison.Ordinal);
        Assert.False(copy.Contains(directory.Manifest));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(5_000_000)]
    public void Total_size_of_a_file_follows_from_its_length(int length)
    {
        var dag = UnixFsDag.Of(new byte[length], UnixFsProfile.V1Of2025);
        // Leaves of zeros are one block, and links to it count each time.
        long nodes = dag.Parts().Sum(part => (long)(part.Node?.Length ?? 0));
        Assert.Equal((ulong)(nodes + length), UnixFsDag.TotalSizeOf(length, UnixFsProfile.V1Of2025));
    }

    private static byte[] ContentOf(UnixFsReader reader, DagPbLink file)
    {
        var content = new MemoryStream();
        _ = reader.Copy(file.Hash, content);
        return content.ToArray();
    }

    private static IReadOnlyList<Cid>? Import(byte[] car, Cid dataset)
    {
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        Assert.Equal(dataset, import.Blocks[^1].Cid);
        return copy.Datasets.TryGet(dataset);
    }

    private static Dictionary<Cid, ReadOnlyMemory<byte>> BlocksOf(byte[] car)
    {
        var contents = CarContents.Read(new MemoryStream(car));
        Assert.True(contents.Report is { IsWhole: true, Duplicates: 0 });
        return Enumerable.Range(0, contents.Blocks.Count)
            .ToDictionary(i => contents.Blocks[i].Cid, i => (ReadOnlyMemory<byte>)contents.ReadBlock(i));
    }

    private static byte[] Export(CidStore store, Cid dataset, out CarExport made)
    {
        var car = new MemoryStream();
        made = store.Transfer.ExportCar([dataset], car, new CarExportOptions { Layout = CarLayout.Directory });
        return car.ToArray();
    }

    private static CidStore Open(TemporaryStore directory) =>
        CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 1 << 20 });
}
