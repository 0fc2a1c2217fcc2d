using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>Columns of batches that are elsewhere: only their bytes are read, and nothing unproved is given.</summary>
public sealed class ColumnReaderTests : IDisposable
{
    private const int Columns = 40, Rows = 20_000;

    private static readonly string[] s_two = ["c7", "c31"];

    private readonly TemporaryStore _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Columns_of_a_dropped_dataset_cost_their_bytes_and_are_the_batches_own()
    {
        using var place = new MeteredBackend();
        using CidStore store = OpenStore(place);
        RecordBatch[] batches = [Batch(1), Batch(2), Batch(3)];
        Cid[] cids = [.. batches.Select(batch => store.Put(batch).Cid)];
        Cid dataset = store.Datasets.Put(cids).Cid;
        Assert.Equal(5, store.Places.Copy([dataset], "cold").NewBlocks);
        _ = store.Places.Drop([dataset]);
        Assert.All(cids, cid => Assert.False(store.Contains(cid)));
        _ = place.TakeRead();
        RecordBatch[] read = [.. ReadThrough(store, dataset, s_two)];
        long wanted = 3 * 2 * Rows * sizeof(double), bytes = place.TakeRead();
        Assert.InRange(bytes, wanted, (long)(1.1 * wanted));
        Assert.Equal(3, read.Length);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batches[i], s_two)), CanonicalBlock.CidOf(read[i]));
            Apache.Arrow.RecordBatch apache = store.Places.ReadColumns(cids[i], ["c31"]).Single();
            Assert.Equal((1, Rows), (apache.ColumnCount, apache.Length));
        }

        // Who has no store but the CID of the manifests reads as little.
        Cid set = store.Places.FindManifest(dataset)!.Value;
        _ = place.TakeRead();
        RecordBatch[] elsewhere = [.. BatchColumn.ReadViews(place, set, s_two)];
        Assert.Equal(read.Select(CanonicalBlock.CidOf), elsewhere.Select(CanonicalBlock.CidOf));
        Assert.InRange(place.TakeRead(), wanted, (long)(1.1 * wanted));
        // Another handle, as another process, knows the manifests too.
        using CidStore again = OpenStore(place);
        _ = place.TakeRead();
        Assert.Equal(3, ReadThrough(again, dataset, s_two).Count());
        Assert.InRange(place.TakeRead(), wanted, (long)(1.1 * wanted));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => ReadThrough(again, dataset, ["c7", "none"]).Count());
        Assert.Equal(ErrorCode.SchemaMismatch, error.Code);
    }

    [Fact]
    public void Columns_of_a_dataset_that_was_written_back_cost_their_bytes()
    {
        using var place = new MeteredBackend();
        using CidStore store = OpenStore(place);
        store.Places.Add(store.Places.Find("cold")! with { Write = PlaceWrite.Back });
        Cid[] cids = [store.Put(Batch(1)).Cid, store.Put(Batch(2)).Cid];
        Cid dataset = store.Datasets.Put(cids).Cid;
        Cid odd = store.PutRaw(DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("arrowcid/none")))), Multicodec.DagCbor).Cid;
        _ = store.Places.CopyBacklog("cold");
        Assert.True(store.Places.Prove(odd, "cold"));
        Assert.Equal(0, store.Places.GetUsage("cold").BacklogBlocks);
        Assert.All(cids, cid => Assert.NotNull(store.Places.FindManifest(cid)));
        Cid set = store.Places.FindManifest(dataset)!.Value;
        Assert.Equal(2, store.Places.Drop([dataset]).Removed.Count);
        _ = place.TakeRead();
        long wanted = 2 * 2 * Rows * sizeof(double);
        RecordBatch[] read = [.. ReadThrough(store, dataset, s_two)];
        Assert.InRange(place.TakeRead(), wanted, (long)(1.1 * wanted));
        Assert.Equal([CanonicalBlock.CidOf(ColumnChoice.Of(Batch(1), s_two)), CanonicalBlock.CidOf(ColumnChoice.Of(Batch(2), s_two))],
            read.Select(CanonicalBlock.CidOf));
        Assert.Equal(2, BatchColumn.ReadViews(place, set, s_two).Count());
    }

    [Fact]
    public void Batch_without_a_known_manifest_is_read_and_proved_whole()
    {
        using var place = new MeteredBackend();
        RecordBatch batch = Batch(1);
        EncodedBlock block = CanonicalBlock.Encode(batch);
        using var source = BlockBackend.InMemory();
        source.Put(block.Cid, block.Bytes);
        _ = place.CopyFrom(source, [block.Cid]);
        Assert.Equal(2, place.Blocks.Count);
        RecordBatch read = BatchColumn.ReadViews(place, block.Cid, s_two).Single();
        Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batch, s_two)), CanonicalBlock.CidOf(read));
        _ = place.TakeRead();
        // Who names the manifest gets the columns alone.
        Cid manifest = place.Blocks.Keys.Single(cid => cid.Codec == Multicodec.DagCbor);
        read = BatchColumn.ReadViews(place, manifest, s_two).Single();
        Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batch, s_two)), CanonicalBlock.CidOf(read));
        Assert.InRange(place.TakeRead(), 2 * Rows * sizeof(double), 2.2 * Rows * sizeof(double));
        place.Blocks[block.Cid][block.Bytes.Length / 2] ^= 1;
        Assert.Equal(ErrorCode.BlockCorrupt,
            Assert.Throws<ArrowCidException>(() => BatchColumn.ReadViews(place, block.Cid, s_two).Count()).Code);
    }

    [Fact]
    public void Changed_bytes_anywhere_in_what_is_read_are_refused()
    {
        using var place = new MeteredBackend();
        (Cid block, Cid manifest, ColumnManifest decoded) = PutWithManifest(place, Batch(5));
        byte[] bytes = place.Blocks[block];
        int head = decoded.Head.Sum(piece => piece.Length), column = (int)decoded.Columns[7].ByteLength;
        int[] inside = [3, head - 1, head + (7 * column), head + (8 * column) - 1, head + (31 * column) + 999];
        foreach (int at in inside)
        {
            bytes[at] ^= 1;
            ArrowCidException error = Assert.Throws<ArrowCidException>(() => BatchColumn.ReadViews(place, manifest, s_two).Count());
            Assert.True(error.Code == ErrorCode.BlockCorrupt, $"byte {at}: {error}");
            bytes[at] ^= 1;
        }

        // The bytes of another column are not read.
        bytes[head + (20 * column)] ^= 1;
        _ = Assert.Single(BatchColumn.ReadViews(place, manifest, s_two));
        place.Blocks[block] = bytes[..(head + (10 * column))];
        Assert.Equal(ErrorCode.BlockCorrupt,
            Assert.Throws<ArrowCidException>(() => BatchColumn.ReadViews(place, manifest, s_two).Count()).Code);
        place.Blocks[manifest][^1] ^= 1;
        Assert.Equal(ErrorCode.BlockCorrupt,
            Assert.Throws<ArrowCidException>(() => BatchColumn.ReadViews(place, manifest, s_two).Count()).Code);
    }

    [Fact]
    public void Manifests_that_lie_are_errors_and_give_no_rows()
    {
        using var place = new MeteredBackend();
        (Cid block, Cid manifest, ColumnManifest honest) = PutWithManifest(place, Batch(5));
        (Cid other, Cid otherManifest, ColumnManifest second) = PutWithManifest(place, Batch(6));
        ColumnPiece first = honest.Columns[0].Pieces[0];
        ColumnPieces Named(int i, params ColumnPiece[] pieces) => honest.Columns[i] with { Pieces = [.. pieces] };
        ColumnManifest Swapped(ColumnPieces column, int at) => honest with { Columns = honest.Columns.SetItem(at, column) };
        foreach (ColumnManifest lie in (ColumnManifest[])
        [
            // Sizes: one more here is one less there, so that the sum is right and the piece between is elsewhere.
            honest with
            {
                Columns = honest.Columns.SetItem(6, Named(6, honest.Columns[6].Pieces[0] with { Length = first.Length + 64 }))
                    .SetItem(8, Named(8, honest.Columns[8].Pieces[0] with { Length = first.Length - 64 })),
            },
            // Overlaps: a piece twice, which moves all that follow.
            Sized(Swapped(Named(1, first, honest.Columns[1].Pieces[0]), 1)),
            // The columns in another order, under their names.
            Sized(honest with { Columns = honest.Columns.SetItem(7, honest.Columns[8]).SetItem(8, honest.Columns[7]) }),
            // Another head, and a number of rows that the head does not have.
            Sized(honest with { Head = [.. honest.Head.Skip(1)] }),
            honest with { Rows = Rows - 1 },
            honest with { Schema = Cid.Sha256(Multicodec.Raw, "other"u8) },
            // The block that it is said to be of is not there, and its pieces are not blocks.
            honest with { Cid = Cid.Sha256(Multicodec.Raw, "absent"u8) },
        ])
        {
            byte[] node = lie.Encode();
            Cid cid = Cid.Sha256(Multicodec.DagCbor, node);
            place.Blocks[cid] = node;
            _ = Assert.ThrowsAny<ArrowCidException>(() => BatchColumn.ReadViews(place, cid, s_two).Count());
            // Not through the store's own knowledge either.
            var reader = new ColumnReader(place, s_two, _ => cid);
            _ = Assert.ThrowsAny<ArrowCidException>(() => reader.Read(block, CancellationToken.None));
        }

        // An honest manifest of another block is not believed of this one.
        var wrong = new ColumnReader(place, s_two, _ => otherManifest);
        Assert.Contains("not of", Assert.Throws<InvalidIpldException>(() => wrong.Read(block, CancellationToken.None)).Message, StringComparison.Ordinal);
        _ = new ColumnReader(place, s_two, _ => manifest).Read(block, CancellationToken.None);
        Assert.NotEqual(block, other);
        Assert.Equal(honest.ByteLength, second.ByteLength);

        static ColumnManifest Sized(ColumnManifest made) =>
            made with { ByteLength = made.Pieces.Sum(piece => (long)piece.Length) };
    }

    [Fact]
    public void Pieces_that_were_kept_are_read_again_without_their_place()
    {
        using var place = new MeteredBackend();
        (Cid block, Cid manifest, _) = PutWithManifest(place, Batch(5));
        using var near = BlockBackend.InMemory();
        var reader = new ColumnReader(place, s_two, _ => manifest, near);
        Cid wanted = CanonicalBlock.CidOf(reader.Read(block, CancellationToken.None));
        _ = place.TakeRead();
        var again = new ColumnReader(BlockBackend.InMemory(), s_two, _ => manifest, near);
        Assert.Equal(wanted, CanonicalBlock.CidOf(again.Read(block, CancellationToken.None)));
        // One more column costs that column.
        var more = new ColumnReader(place, ["c7", "c31", "c0"], _ => manifest, near);
        _ = more.Read(block, CancellationToken.None);
        Assert.InRange(place.TakeRead(), Rows * sizeof(double), 1.1 * Rows * sizeof(double));
    }

    [Fact]
    public void Table_of_manifests_outlives_torn_and_damaged_entries_and_several_writers()
    {
        string directory = Directory.CreateDirectory(_folder.PathOf("table")).FullName, file = Path.Combine(directory, ColumnTable.FileName);
        ColumnTable one = new(directory), two = new(directory);
        Assert.Null(one.Find(CidOf(1)));
        one.Add([(CidOf(1), NodeOf(1)), (CidOf(2), NodeOf(2))]);
        two.Add([(CidOf(3), NodeOf(3)), (CidOf(1), NodeOf(1))]);
        Assert.Equal(3 * 72, new FileInfo(file).Length);
        Assert.Equal([NodeOf(1), NodeOf(2), NodeOf(3)], Enumerable.Range(1, 3).Select(i => one.Find(CidOf(i))!.Value));
        // A writer that was killed left a part of an entry.
        using (FileStream torn = File.OpenWrite(file))
        {
            torn.Position = torn.Length;
            torn.Write(new byte[30]);
        }

        two.Add([(CidOf(4), NodeOf(4))]);
        Assert.Equal(4 * 72, new FileInfo(file).Length);
        Assert.Equal(NodeOf(4), one.Find(CidOf(4)));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[72 + 40] ^= 1;
        File.WriteAllBytes(file, bytes);
        var fresh = new ColumnTable(directory);
        Assert.Null(fresh.Find(CidOf(2)));
        Assert.Equal(NodeOf(4), fresh.Find(CidOf(4)));
        File.WriteAllBytes(file, []);
        Assert.Null(fresh.Find(CidOf(4)));
        Parallel.For(0, 8, writer =>
        {
            var own = new ColumnTable(directory);
            for (int i = 0; i < 20; i++) own.Add([(CidOf((writer * 20) + i), NodeOf(i))]);
        });
        Assert.Equal(160, Enumerable.Range(0, 160).Count(i => fresh.Find(CidOf(i)) == NodeOf(i % 20)));

        static Cid CidOf(int i) => Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i));
        static Cid NodeOf(int i) => Cid.Sha256(Multicodec.DagCbor, BitConverter.GetBytes(i));
    }

    [Fact]
    public void Path_leads_into_the_columns_of_a_batch_of_a_dataset()
    {
        using CidStore store = OpenStore(BlockBackend.InMemory());
        RecordBatch batch = Batch(3);
        Cid large = store.Put(batch).Cid;
        RecordBatch small = RecordBatch.Of(("px", ArrowArray.From<double>((double[])[1.5])), ("px/last", ArrowArray.From<double>((double[])[2.5])));
        Cid dataset = store.Datasets.Put([large]).Cid, other = store.Datasets.Put([store.Put(small).Cid]).Cid;
        using BlockBackend backend = store.Transfer.AsBackend();
        var blocks = new DerivedBlocks(cid => backend.TryGet(cid));
        using BlockLease lease = backend.Get(large);
        (Cid manifest, byte[] node) = ManifestCopies.Make(lease)!.Value;
        DagPlace column = Resolve(dataset, "batches/0/columns/c7");
        Assert.Equal(manifest, column.Cid);
        Assert.Equal(DagCbor.Decode(node)["columns"]!.Items[7], column.Node);
        Assert.Equal(Columns, Resolve(large, "columns").Node!.Count);
        Assert.Equal("c7", Resolve(manifest, "columns/7/name", node).Node!.AsText());
        DagPlace piece = Resolve(dataset, "/batches/0/columns/c7/pieces/0/0");
        Assert.Null(piece.Node);
        Assert.Equal(piece.Cid, Cid.Sha256(Multicodec.Raw, piece.Bytes.Span));
        Assert.Equal("px/last", Resolve(other, "batches/0/columns/px/last").Node!["name"]!.AsText());
        Assert.Equal("px", Resolve(other, "batches/0/cid/columns/px/name").Node!.AsText());
        foreach (string nothing in (string[])["batches/0/columns/none", "batches/1/columns", "batches/0/columns/c7/x", "columns"])
            Assert.Equal(ErrorCode.BlockNotFound, Assert.Throws<ArrowCidException>(() => Resolve(dataset, nothing)).Code);

        DagPlace Resolve(Cid root, string path, byte[]? known = null) => DagPath.Resolve(root, path,
            cid => known is not null && cid == root ? known : blocks.Read(cid), blocks.Manifest);
    }

    private static RecordBatch Batch(int seed)
    {
        var random = new Random(seed);
        return RecordBatch.Of([.. Enumerable.Range(0, Columns).Select(i =>
            ($"c{i}", (ArrowArray)ArrowArray.From<double>(Enumerable.Range(0, Rows).Select(_ => random.NextDouble()).ToArray())))]);
    }

    private static (Cid Block, Cid Manifest, ColumnManifest Decoded) PutWithManifest(MeteredBackend place, RecordBatch batch)
    {
        EncodedBlock block = CanonicalBlock.Encode(batch);
        var manifest = ColumnManifest.Of(block.Bytes, block.Cid, block.SchemaCid);
        byte[] node = manifest.Encode();
        Cid cid = Cid.Sha256(Multicodec.DagCbor, node);
        place.Put(block.Cid, block.Bytes);
        place.Put(cid, node);
        return (block.Cid, cid, manifest);
    }

    private static IEnumerable<RecordBatch> ReadThrough(CidStore store, Cid cid, string[] columns)
    {
        using BlockBackend own = store.Transfer.AsBackend(), places = store.Places.AsBackend();
        foreach (RecordBatch batch in store.Places.Columns.Read(cid, columns, BlockBackend.Several([own, places]))) yield return batch;
    }

    private CidStore OpenStore(BlockBackend place)
    {
        CidStore store = CidStore.Open(_folder.PathOf("store"), new CidStoreOptions
        {
            Capacity = 128 << 20,
            SegmentSize = 16 << 20,
            OpenPlace = (_, _) => new Undisposed(place),
        });
        store.Places.Add(new BlockPlace { Name = "cold", Location = "mem:" });
        return store;
    }

    /// <summary>A place that outlives its uses.</summary>
    private sealed class Undisposed(BlockBackend place) : BlockBackend(place.Name)
    {
        public override bool CanPut => true;

        protected override bool CanReadRanges => true;

        protected override bool Has(Cid cid, CancellationToken cancellationToken) => place.Contains(cid, cancellationToken);

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            place.Put(cid, bytes, cancellationToken);

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            using BlockLease? block = place.TryGet(cid, cancellationToken);
            bytes = block?.Bytes.ToArray();
            return block is not null;
        }

        private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices, CancellationToken cancellationToken) =>
            place.TryGetRanges(cid, slices, cancellationToken)?.ToArray();
    }
}
