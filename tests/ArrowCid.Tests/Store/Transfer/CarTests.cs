using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Registry;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Ipld.Car;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Store;

/// <summary>Out to CARs, and back under the same CIDs.</summary>
public sealed class CarTests
{
    public static TheoryData<CarLayout, int> Forms => new()
    {
        { CarLayout.UnixFs, 1 }, { CarLayout.UnixFs, 2 }, { CarLayout.Flat, 1 }, { CarLayout.Flat, 2 },
        { CarLayout.Columns, 1 }, { CarLayout.Columns, 2 }, { CarLayout.Directory, 1 }, { CarLayout.Directory, 2 },
    };

    [Theory, MemberData(nameof(Forms))]
    public void Batches_come_back_under_their_CIDs(CarLayout layout, int version)
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        List<Cid> cids = [.. Batches().Select(batch => store.Put(batch).Cid)];
        byte[] car = Export(store, cids, layout, version, out CarExport made);
        Assert.Equal(car, Export(store, cids, layout, version, out _));
        Assert.Equal(car.Length, made.ByteLength);
        if (layout != CarLayout.Flat) Assert.InRange(made.LargestBlock, 1, 1 << 20);
        CarReport report = CarFixtureTests.Verify(car);
        Assert.True(report is { IsWhole: true, OrphanCount: 0, Duplicates: 0, IndexFault: null });
        Assert.Equal((made.Blocks, version == 2, version), (report.Sizes.Count, report.HasIndex, report.Version));
        Assert.Equal(made.Roots, report.Roots);

        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        // A column manifest comes beside its batch.
        ImportedBlock[] batches = [.. import.Blocks.Where(block => block.Kind == BlockKind.Batch)];
        Assert.Equal(layout == CarLayout.Columns ? 2 * cids.Count : cids.Count, import.Blocks.Count);
        Assert.Equal(cids.Order(), batches.Select(block => block.Cid).Order());
        Assert.All(import.Blocks, block => Assert.True(block.IsNew));
        Assert.Equal((0, 0), (import.Missing, import.Skipped));
        Assert.Equal(made.Roots.Order(), import.Blocks.Select(block => block.From).Distinct().Order());
        AssertSame(store, copy, cids);
        Assert.All(copy.Transfer.ImportCar(new MemoryStream(car)).Blocks, block => Assert.False(block.IsNew));
    }

    [Theory, MemberData(nameof(Forms))]
    public void A_dataset_comes_back_with_its_batches(CarLayout layout, int version)
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        List<Cid> cids = [store.Put(Numbers(10, 0)).Cid, store.Put(Numbers(300_000, 1)).Cid, store.Put(Numbers(200_000, 2)).Cid];
        var meta = new Dictionary<string, string> { ["what"] = "numbers" };
        PutResult dataset = store.Datasets.Put(cids, meta);
        Assert.Equal((dataset.Cid, 500_010L), (store.Datasets.Put(cids, meta).Cid, dataset.Rows));
        Assert.NotEqual(dataset.Cid, store.Datasets.Put(cids, meta, [dataset.Cid]).Cid);
        Assert.Equal(cids, store.Datasets.TryGet(dataset.Cid));
        byte[] car = Export(store, [dataset.Cid], layout, version, out CarExport made);
        if (layout != CarLayout.Directory) Assert.Equal(dataset.Cid, made.Roots[0]);
        CarReport report = CarFixtureTests.Verify(car);
        Assert.True(report is { IsWhole: true, OrphanCount: 0, Duplicates: 0, IndexFault: null, MalformedCount: 0 });

        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        // The dataset is last: who sees it sees what it needs.
        Assert.Equal(dataset.Cid, layout == CarLayout.Columns ? import.Blocks.Single(block => block.Kind == BlockKind.Dataset).Cid : import.Blocks[^1].Cid);
        Assert.Equal(cids, copy.Datasets.TryGet(dataset.Cid));
        AssertSame(store, copy, cids);
        _ = copy.Names.Set("numbers", dataset.Cid);
        RemoveResult kept = copy.Retention.Remove(cids);
        Assert.Empty(kept.Removed);
        Assert.Equal(cids.Order(), kept.Kept.Select(block => block.Cid).Order());
    }

    [Fact]
    public void Random_batches_come_back_in_every_layout()
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        foreach (RandomBatch batch in Enumerable.Range(1, 60).Select(RandomBatch.Make))
        {
            Cid cid = store.Put(batch.Batch).Cid;
            foreach (CarLayout layout in Enum.GetValues<CarLayout>())
            {
                CarImport import = copy.Transfer.ImportCar(new MemoryStream(Export(store, [cid], layout, 1, out _)));
                ImportedBlock block = import.Blocks[0];
                Assert.Equal(layout == CarLayout.Columns ? 2 : 1, import.Blocks.Count);
                Assert.True((block.Cid, block.Kind) == (cid, BlockKind.Batch), $"{layout} of {batch}");
            }
        }
    }

    // Goal: what does not fit in memory is put together where it will stand. Method: a block over that limit, in parts.
    [Fact]
    public void A_large_batch_comes_back_in_every_layout()
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory, new CidStoreOptions { Capacity = 256 << 20 });
        Cid cid = store.Put(Numbers(1_500_000, 5)).Cid;
        foreach (CarLayout layout in Enum.GetValues<CarLayout>())
        {
            using var to = new TemporaryStore();
            using CidStore copy = CidStore.Open(to.Directory, new CidStoreOptions { Capacity = 256 << 20 });
            IReadOnlyList<ImportedBlock> blocks = copy.Transfer.ImportCar(new MemoryStream(Export(store, [cid], layout, 1, out _))).Blocks;
            ImportedBlock block = blocks[0];
            Assert.Equal(layout == CarLayout.Columns ? [BlockKind.Manifest] : [], blocks.Skip(1).Select(other => other.Kind));
            Assert.Equal((cid, BlockKind.Batch, true), (block.Cid, block.Kind, block.IsNew));
            AssertSame(store, copy, [cid]);
        }
    }

    [Fact]
    public void Blocks_of_others_come_in_as_they_are_and_go_out_again()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        foreach (string name in new[] { "simple-unixfs.car", "dag-cbor-traversal.car", "subdir-with-mixed-block-files.car" })
        {
            byte[] car = CarBytes.Fixture(name);
            CarReport report = CarFixtureTests.Verify(car);
            CarImport import = store.Transfer.ImportCar(new MemoryStream(car));
            Assert.Equal(report.Sizes.Count, import.Blocks.Count);
            byte[] again = Export(store, [report.Roots[0].ToV1()], CarLayout.UnixFs, 1, out CarExport made);
            Assert.True(CarFixtureTests.Verify(again).IsWhole);
            Assert.Equal(report.Sizes.Count, made.Blocks);
        }
    }

    [Fact]
    public void What_is_not_whole_is_refused_or_taken_in_part()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        byte[] wikipedia = CarBytes.Fixture("wikipedia-cryptographic-hash-function.car");
        Refused(store, wikipedia, "680 blocks are missing");
        CarImport import = store.Transfer.ImportCar(new MemoryStream(wikipedia), new CarImportOptions { Partial = true });
        Assert.Equal((5, 680, 0), (import.Blocks.Count, import.Missing, import.Skipped));
        byte[] filecoin = CarBytes.Fixture("sample-v1.car");
        using var second = new TemporaryStore();
        using CidStore other = Open(second);
        Refused(other, filecoin, "blake2b-256 cannot be proved");
        // Six blocks have identity CIDs, which hold their bytes themselves.
        import = other.Transfer.ImportCar(new MemoryStream(filecoin), new CarImportOptions { Partial = true });
        Assert.Equal((0, 1043), (import.Blocks.Count, import.Skipped));
    }

    // The pieces are proved, but they are not the block that the manifest names.
    [Fact]
    public void A_manifest_that_lies_brings_nothing()
    {
        EncodedBlock block = CanonicalBlock.Encode(Numbers(10, 0)), other = CanonicalBlock.Encode(Numbers(10, 1));
        ColumnManifest manifest = ColumnManifest.Of(block.Bytes, other.Cid, block.SchemaCid);
        byte[] node = manifest.Encode();
        var root = Cid.Sha256(Multicodec.DagCbor, node);
        byte[] car = [.. CarBytes.Header(root), .. CarBytes.Section(root, node), .. Pieces(block, manifest)];
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        Refused(store, car, $"the parts that are said to be {other.Cid} hash to {block.Cid}");
    }

    [Fact]
    public void A_dataset_that_lies_is_not_put()
    {
        EncodedBlock block = CanonicalBlock.Encode(Numbers(10, 0)), large = CanonicalBlock.Encode(Numbers(200_000, 0));
        var dag = Cid.Sha256(Multicodec.DagPb, [1]);
        foreach (DatasetBatch batch in new[]
        {
            new DatasetBatch(block.Cid, 11, block.Bytes.Length, default), new DatasetBatch(block.Cid, 10, block.Bytes.Length + 64, default),
            new DatasetBatch(large.Cid, 200_000, large.Bytes.Length, dag),
        })
        {
            (Cid cid, byte[] node) = new Dataset(block.SchemaCid, [batch], [],
                System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty).Encode()[0];
            byte[] schema = CanonicalSchema.Of(Numbers(1, 0).Schema).Message.ToArray();
            byte[] car = [.. CarBytes.Header(cid), .. CarBytes.Section(cid, node), .. CarBytes.Raw(schema),
                .. CarBytes.Raw(batch.Cid == block.Cid ? block.Bytes.Span : large.Bytes.Span)];
            using var directory = new TemporaryStore();
            using CidStore store = Open(directory);
            ArrowCidException e = Assert.Throws<ArrowCidException>(() => store.Transfer.ImportCar(new MemoryStream(car)));
            Assert.Contains("wrongly; the dataset was not put", e.Message, StringComparison.Ordinal);
            Assert.False(store.Contains(cid));
        }
    }

    [Theory]
    [InlineData(CarLayout.Columns, 1)]
    [InlineData(CarLayout.Columns, 2)]
    [InlineData(CarLayout.Flat, 1)]
    public void Any_byte_cut_or_changed_gives_an_error_and_puts_nothing_or_gives_the_same_blocks(CarLayout layout, int version)
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        byte[] car = Export(store, [store.Put(Numbers(40, 3)).Cid], layout, version, out _);
        Cid only = Assert.Single(store.List()).Cid;
        using var to = new TemporaryStore();
        using CidStore copy = Open(to);
        int imported = 0;
        for (int at = 0; at < car.Length; at++)
        {
            Try(car[..at], $"cut at {at}");
            byte[] changed = [.. car];
            changed[at] ^= (byte)(at % 3 == 0 ? 0xff : 1 << (at % 8));
            Try(changed, $"byte {at} changed");
        }

        // Only what stands in an index, or says that there is one, does not matter.
        Assert.True(version == 2 ? imported > 0 : imported == 0, $"{imported} imports");

        void Try(byte[] bytes, string what)
        {
            try
            {
                CarImport import = copy.Transfer.ImportCar(new MemoryStream(bytes));
                Assert.True(import.Blocks[0].Cid == only && import.Blocks.Skip(1).All(block => block.Kind != BlockKind.Batch), $"{what}: {import}");
                _ = copy.Retention.Remove([.. import.Blocks.Select(block => block.Cid)]);
                imported++;
            }
            catch (ArrowCidException e)
            {
                Assert.True(e.Code is ErrorCode.InvalidData or ErrorCode.TooLarge, $"{what}: {e}");
            }

            Assert.True(!copy.List().Any() && !copy.Query().Any(entry => entry.IsPresent && entry.Kind != BlockKind.Schema), what);
        }
    }

    [Fact]
    public void A_stream_that_cannot_seek_is_read_too_and_no_version_2_goes_into_one()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        Cid cid = store.Put(Numbers(10, 0)).Cid;
        byte[] car = Export(store, [cid], CarLayout.UnixFs, 1, out _);
        Assert.Equal(cid, Assert.Single(store.Transfer.ImportCar(new ThrottledStream(new MemoryStream(car))).Blocks).Cid);
        using var output = new ThrottledStream(new MemoryStream());
        _ = store.Transfer.ExportCar([cid], output);
        Assert.Equal(ErrorCode.Unsupported,
            Assert.Throws<ArrowCidException>(() => store.Transfer.ExportCar([cid], output, new CarExportOptions { Version = 2 })).Code);
    }

    [Fact]
    public void What_is_not_here_is_not_exported()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        byte[] node = DagCbor.Encode(IpldNode.List(IpldNode.Link(Cid.Sha256(Multicodec.Raw, [1]))));
        Cid cid = store.PutRaw(node, Multicodec.DagCbor).Cid;
        Assert.Equal(Cid.Sha256(Multicodec.DagCbor, node), cid);
        foreach (Cid each in new[] { cid, Cid.Sha256(Multicodec.Raw, [1]) })
        {
            Assert.Equal(ErrorCode.BlockNotFound,
                Assert.Throws<ArrowCidException>(() => store.Transfer.ExportCar([each], new MemoryStream())).Code);
        }
    }

    [Fact]
    public void Blocks_of_other_codecs_are_found_under_them()
    {
        using var directory = new TemporaryStore();
        using CidStore store = Open(directory);
        byte[] node = DagCbor.Encode(IpldNode.Map(("a", IpldNode.Integer(1))));
        PutResult put = store.PutRaw(node, Multicodec.DagCbor);
        Assert.True(put is { IsNew: true, Cid.Codec: Multicodec.DagCbor });
        Assert.True(store.Contains(put.Cid));
        Assert.Equal((put.Cid, (long)node.Length), (store.Metadata.TryFind(put.Cid)!.Value.Cid, store.Metadata.TryFind(put.Cid)!.Value.ByteLength));
        Assert.True(store.Diagnostics.Verify(put.Cid)!.Value.IsIntact);
        using var copy = new MemoryStream();
        Assert.True(store.Transfer.TryCopyTo(put.Cid, copy));
        Assert.Equal(node, copy.ToArray());
        var found = new bool[2];
        store.ContainsMany([put.Cid, put.Cid.WithCodec(Multicodec.Raw)], found);
        Assert.Equal([true, true], found);
        // The same bytes put raw first are found under their codec too.
        Cid raw = store.PutRaw(new byte[] { 0xa0 }).Cid;
        Cid empty = store.PutRaw(new byte[] { 0xa0 }, Multicodec.DagCbor).Cid;
        Assert.Equal(raw.Hash, empty.Hash);
        Assert.True(store.Contains(empty));
    }

    [Theory]
    [InlineData(CarLayout.UnixFs)]
    [InlineData(CarLayout.Flat)]
    [InlineData(CarLayout.Columns)]
    public void Groups_of_blocks_are_put_in_the_order_of_the_archive(CarLayout layout)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory, Roomy);
        // Small ones between large ones, and some longer than what is hashed in a group.
        Cid[] cids = [.. Enumerable.Range(0, 70).Select(i =>
            store.Put(Numbers(i % 23 == 5 ? 600_000 : i % 3 == 0 ? 10 + i : 30_000 + i, i)).Cid)];
        byte[] car = Export(store, cids, layout, 1, out CarExport made);
        // A CAR of whole blocks has them in the order of the roots; cut ones stand before those that they make.
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory, Roomy);
        CarImport import = copy.Transfer.ImportCar(new MemoryStream(car));
        IEnumerable<ImportedBlock> batches = import.Blocks.Where(block => block.Kind == BlockKind.Batch);
        Assert.Equal(cids, batches.Select(block => block.Cid));
        Assert.Equal(made.Roots, batches.Select(block => block.From));
        Assert.Equal(cids, copy.List().Select(block => block.Cid));
        AssertSame(store, copy, cids);
    }

    [Theory]
    [InlineData(CarLayout.Flat)]
    [InlineData(CarLayout.Columns)]
    public void A_file_that_changes_once_it_was_proved_puts_nothing_under_a_CID_that_is_not_its_own(CarLayout layout)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory, Roomy);
        Cid[] cids = [.. Enumerable.Range(0, 40).Select(i => store.Put(Numbers(60_000, i)).Cid)];
        byte[] car = Export(store, cids, layout, 1, out _);
        foreach (int part in new[] { 3, 10, 19 })
        {
            using var to = new TemporaryStore();
            using CidStore copy = CidStore.Open(to.Directory, Roomy);
            long at = car.Length / 20 * part;
            var changing = new ChangingStream([.. car], at);
            ArrowCidException e = Assert.Throws<ArrowCidException>(() =>
                copy.Transfer.ImportCar(changing, progress: new Reports(report =>
                    changing.Passed(report.Completed, car.Length))));
            Assert.Equal(ErrorCode.InvalidData, e.Code);
            Assert.True(changing.HasChanged);
            Cid[] there = [.. copy.List().Select(block => block.Cid)];
            Assert.InRange(there.Length, 0, cids.Length - 1);
            Assert.Equal(cids.Intersect(there).Count(), there.Length);
            Assert.All(copy.Diagnostics.VerifyAll(), block => Assert.True(block.IsIntact));
            Assert.Equal(cids.Order(), copy.Transfer.ImportCar(new MemoryStream(car)).Blocks
                .Where(block => block.Kind == BlockKind.Batch).Select(block => block.Cid).Order());
        }
    }

    [Theory]
    [InlineData(CarLayout.Flat)]
    [InlineData(CarLayout.Columns)]
    public void A_store_that_fills_up_says_so_and_keeps_what_came_before_in_order(CarLayout layout)
    {
        using var from = new TemporaryStore();
        using CidStore store = CidStore.Open(from.Directory, Roomy);
        Cid[] cids = [.. Enumerable.Range(0, 60).Select(i => store.Put(Numbers(60_000, i)).Cid)];
        byte[] car = Export(store, cids, layout, 1, out _);
        using var to = new TemporaryStore();
        using CidStore copy = CidStore.Open(to.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 4 << 20,
            Timeout = TimeSpan.FromMilliseconds(50),
        });
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => copy.Transfer.ImportCar(new MemoryStream(car)));
        Assert.Equal(ErrorCode.StoreFull, e.Code);
        Cid[] there = [.. copy.List().Select(block => block.Cid)];
        Assert.Equal(cids[..there.Length], there);
        Assert.NotEmpty(there);
        Assert.All(copy.Diagnostics.VerifyAll(), block => Assert.True(block.IsIntact));
    }

    [Fact]
    public void An_archive_of_blocks_that_are_damaged_far_apart_names_them_in_order()
    {
        byte[][] blocks = [.. Enumerable.Range(0, 50).Select(i =>
        {
            byte[] block = new byte[i % 7 == 0 ? 9 << 20 : 1 << 19];
            new Random(i).NextBytes(block);
            return block;
        })];
        using var car = new MemoryStream();
        car.Write(CarBytes.Header(Cid.Sha256(Multicodec.Raw, blocks[0])));
        var damaged = new List<long>();
        for (int i = 0; i < blocks.Length; i++)
        {
            var cid = Cid.Sha256(Multicodec.Raw, blocks[i]);
            if (i is 0 or 7 or 11 or 30 or 49) blocks[i][^1] ^= 1;
            byte[] section = CarBytes.Section(cid, blocks[i]);
            if (i is 0 or 7 or 11 or 30 or 49) damaged.Add(car.Position + section.Length - blocks[i].Length);
            car.Write(section);
        }

        CarReport report = CarContents.Read(car).Report;
        Assert.Equal(damaged, report.Faults.Select(fault => fault.Offset));
    }

    private static CidStoreOptions Roomy => new() { Capacity = 256 << 20, SegmentSize = 16 << 20 };

    private static byte[] Pieces(EncodedBlock block, ColumnManifest manifest)
    {
        var sections = new List<byte>();
        int at = 0;
        foreach (ColumnPiece piece in manifest.Pieces)
        {
            sections.AddRange(CarBytes.Section(piece.Cid, block.Bytes.Span.Slice(at, piece.Length)));
            at += piece.Length;
        }

        return [.. sections];
    }

    private static void Refused(CidStore store, byte[] car, string why)
    {
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => store.Transfer.ImportCar(new MemoryStream(car)));
        Assert.Equal(ErrorCode.InvalidData, e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Empty(store.Query());
    }

    private static void AssertSame(CidStore store, CidStore copy, IEnumerable<Cid> cids)
    {
        foreach (Cid cid in cids)
        {
            Assert.True(copy.Diagnostics.Verify(cid)!.Value.IsIntact);
            Assert.Equal(store.Metadata.TryFind(cid)!.Value.Address, copy.Metadata.TryFind(cid)!.Value.Address);
            using BatchLease lease = copy.TryGet(cid)!;
            Assert.Equal(cid, CanonicalBlock.CidOf(lease.View));
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void Dataset_comes_back_when_it_is_exported_together_with_its_batches(CarLayout layout, int version)
    {
        using var from = new TemporaryStore();
        using CidStore store = Open(from);
        List<Cid> cids = [store.Put(Numbers(10, 0)).Cid, store.Put(Numbers(11, 1)).Cid, store.Put(Numbers(131_000, 2)).Cid];
        Cid dataset = store.Datasets.Put(cids).Cid;
        foreach (List<Cid> all in new List<Cid>[] { [dataset, .. cids], [.. cids, dataset] })
        {
            byte[] car = Export(store, all, layout, version, out _);
            CarReport report = CarFixtureTests.Verify(car);
            Assert.True(report is { IsWhole: true, OrphanCount: 0, Duplicates: 0, IndexFault: null, MalformedCount: 0 });
            using var to = new TemporaryStore();
            using CidStore copy = Open(to);
            Assert.Equal(0, copy.Transfer.ImportCar(new MemoryStream(car)).Missing);
            Assert.Equal(cids, copy.Datasets.TryGet(dataset));
            AssertSame(store, copy, cids);
        }
    }

    private static byte[] Export(CidStore store, IReadOnlyList<Cid> cids, CarLayout layout, int version, out CarExport made)
    {
        using var stream = new MemoryStream();
        made = store.Transfer.ExportCar(cids, stream, new CarExportOptions { Layout = layout, Version = version });
        return stream.ToArray();
    }

    private static IEnumerable<RecordBatch> Batches() =>
        [Numbers(0, 0), Numbers(10, 1), Numbers(131_000, 2), Numbers(300_000, 3), Numbers(300_000, 4)];

    internal static RecordBatch Numbers(int rows, int seed)
    {
        var random = new Random(seed);
        return RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i).ToArray())),
            ("x", ArrowArray.From<double>(Enumerable.Range(0, rows).Select(_ => random.NextDouble()).ToArray())));
    }

    private static CidStore Open(TemporaryStore directory) =>
        CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 1 << 20 });

    /// <summary>A file in which a byte changes once all was proved and the first block is read again.</summary>
    private sealed class ChangingStream(byte[] bytes, long at) : MemoryStream(bytes)
    {
        public bool HasChanged { get; private set; }

        /// <summary>What was proved is read again to be put.</summary>
        public void Passed(long done, long length)
        {
            if (HasChanged || done <= length) return;
            Position = at;
            WriteByte((byte)~ToArray()[at]);
            HasChanged = true;
        }
    }
}
