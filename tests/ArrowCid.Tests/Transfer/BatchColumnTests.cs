using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Tests.Generators;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

/// <summary>One column of a batch is had through the batch's column manifest, and the others need not be there.</summary>
public sealed class BatchColumnTests
{
    [Fact]
    public void Each_column_of_random_batches_is_the_batchs_own_and_only_its_pieces_are_asked_for() => Seeds.Run((made, _) =>
    {
        RecordBatch batch = made.Batch;
        var pieces = new Pieces(batch);
        for (int i = 0; i < batch.Columns.Count; i++)
        {
            pieces.Asked.Clear();
            RecordBatch column = BatchColumn.ReadView(pieces.Root, i, pieces.Find);
            Assert.Equal(CanonicalBlock.CidOf(Alone(batch, i)), CanonicalBlock.CidOf(column));
            Assert.Equal(
                pieces.Manifest.Head.Concat(pieces.Manifest.Columns[i].Pieces).Select(piece => piece.Cid).Prepend(pieces.Root),
                pieces.Asked);
        }
    });

    [Fact]
    public void A_column_of_several_pieces_is_read_by_name_where_the_others_are_absent()
    {
        var pieces = new Pieces(Long());
        foreach (ColumnPiece other in pieces.Manifest.Columns[0].Pieces) pieces.Blocks.Remove(other.Cid);
        foreach (ColumnPiece tail in pieces.Manifest.Tail) pieces.Blocks.Remove(tail.Cid);
        RecordBatch read = BatchColumn.ReadView(pieces.Root, "b", pieces.Find);
        Assert.Equal(3, pieces.Manifest.Columns[1].Pieces.Length);
        Assert.True(read.Column<long>("b").Values.SequenceEqual(Long().Column<long>("b").Values));
        Assert.Equal(pieces.Manifest.Columns[0].Pieces[0].Cid, Missing(() => BatchColumn.ReadView(pieces.Root, "a", pieces.Find)));
    }

    [Fact]
    public void A_missing_or_damaged_piece_is_named()
    {
        var pieces = new Pieces(Long());
        ColumnPiece second = pieces.Manifest.Columns[1].Pieces[1];
        byte[] bytes = pieces.Blocks[second.Cid];
        pieces.Blocks.Remove(second.Cid);
        var e = Assert.Throws<ArrowCidException>(() => BatchColumn.ReadView(pieces.Root, "b", pieces.Find));
        Assert.Equal((ErrorCode.BlockNotFound, $"piece 1 of column 'b', {second.Cid}, is not here; import or fetch it first"),
            (e.Code, e.Message));
        foreach (byte[] other in (byte[][])[[.. bytes[..^1], (byte)(bytes[^1] ^ 1)], bytes[1..], [.. bytes, 0]])
        {
            pieces.Blocks[second.Cid] = other;
            e = Assert.Throws<ArrowCidException>(() => BatchColumn.ReadView(pieces.Root, "b", pieces.Find));
            Assert.Equal(ErrorCode.BlockCorrupt, e.Code);
            Assert.Contains($"piece 1 of column 'b' are not those of {second.Cid}", e.Message, StringComparison.Ordinal);
        }

        pieces.Blocks.Remove(pieces.Manifest.Head[0].Cid);
        Assert.Equal(pieces.Manifest.Head[0].Cid, Missing(() => BatchColumn.ReadView(pieces.Root, "a", pieces.Find)));
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => BatchColumn.ReadView(pieces.Root, "c", pieces.Find)).Code);
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => BatchColumn.ReadView(pieces.Root, 2, pieces.Find)).Code);
        Assert.Throws<InvalidIpldException>(() => BatchColumn.ReadView(second.Cid, 0, pieces.Find));
    }

    [Fact]
    public void Manifests_that_lie_are_refused()
    {
        var one = new Pieces(Long());
        var other = new Pieces(RecordBatch.Of(("a", ArrowArray.From<double>((double[])[1.5])), ("b", ArrowArray.From<long>((long[])[1]))));
        foreach ((Cid cid, byte[] block) in other.Blocks) one.Blocks.TryAdd(cid, block);
        ColumnManifest honest = one.Manifest;
        foreach (ColumnManifest lie in (ColumnManifest[])
        [
            Sized(honest with { Head = other.Manifest.Head }),
            Sized(honest with { Head = other.Manifest.Head, Schema = other.Manifest.Schema }),
            Sized(honest with { Columns = [honest.Columns[0], other.Manifest.Columns[1]] }),
            Sized(honest with { Columns = [honest.Columns[0]] }),
            Sized(honest with { Columns = [honest.Columns[0], honest.Columns[1] with { Name = "a" }] }),
            honest with { Columns = [honest.Columns[1] with { Name = "a" }, honest.Columns[0] with { Name = "b" }], Head = [] },
        ])
        {
            byte[] node = lie.Encode();
            Cid cid = Cid.Sha256(Multicodec.DagCbor, node);
            one.Blocks[cid] = node;
            Assert.ThrowsAny<ArrowCidException>(() => BatchColumn.ReadView(cid, 1, one.Find));
        }

        static ColumnManifest Sized(ColumnManifest manifest) =>
            manifest with { ByteLength = manifest.Pieces.Sum(piece => (long)piece.Length) };
    }

    [Fact]
    public void A_store_with_the_manifest_and_one_columns_pieces_gives_that_column()
    {
        string directory = Directory.CreateTempSubdirectory("arrowcid-column-").FullName;
        try
        {
            var pieces = new Pieces(Long());
            using var store = CidStore.Open(Path.Combine(directory, "store"));
            Assert.Null(store.Datasets.TryGetColumnView(pieces.Root, "b"));
            _ = store.PutRaw(pieces.Blocks[pieces.Root], Multicodec.DagCbor);
            foreach (ColumnPiece piece in pieces.Manifest.Head.Concat(pieces.Manifest.Columns[1].Pieces))
                _ = store.PutRaw(pieces.Blocks[piece.Cid]);
            Assert.Equal(CanonicalBlock.CidOf(Alone(Long(), 1)), CanonicalBlock.CidOf(store.Datasets.TryGetColumnView(pieces.Root, "b")!));
            Assert.Equal(pieces.Manifest.Columns[0].Pieces[0].Cid, Missing(() => store.Datasets.TryGetColumnView(pieces.Root, "a")!));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static RecordBatch Long()
    {
        long[] a = [.. Enumerable.Range(0, 300_000)];
        return RecordBatch.Of(("a", ArrowArray.From<long>(a)), ("b", ArrowArray.From<long>(a.Select(i => i * i).ToArray())));
    }

    private static RecordBatch Alone(RecordBatch batch, int column) =>
        new(new Schema([batch.Schema.Fields[column]], batch.Schema.Metadata), batch.Length, batch.Columns[column]);

    /// <summary>The CID that a message names.</summary>
    private static Cid Missing(Func<RecordBatch> read)
    {
        var e = Assert.Throws<ArrowCidException>(read);
        Assert.Equal(ErrorCode.BlockNotFound, e.Code);
        return Cid.Parse(e.Message.Split(", ")[1]);
    }

    /// <summary>A batch's manifest and pieces.</summary>
    private sealed class Pieces
    {
        public Pieces(RecordBatch batch)
        {
            EncodedBlock block = CanonicalBlock.Encode(batch);
            Manifest = ColumnManifest.Of(block.Bytes, block.Cid, block.SchemaCid);
            byte[] node = Manifest.Encode();
            Root = Cid.Sha256(Multicodec.DagCbor, node);
            Blocks[Root] = node;
            int at = 0;
            foreach (ColumnPiece piece in Manifest.Pieces)
            {
                Blocks[piece.Cid] = block.Bytes.Slice(at, piece.Length).ToArray();
                at += piece.Length;
            }
        }

        public ColumnManifest Manifest { get; }

        public Cid Root { get; }

        public Dictionary<Cid, byte[]> Blocks { get; } = [];

        public List<Cid> Asked { get; } = [];

        public byte[]? Find(Cid cid)
        {
            Asked.Add(cid);
            return Blocks.GetValueOrDefault(cid);
        }
    }
}
