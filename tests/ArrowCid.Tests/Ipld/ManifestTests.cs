using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Peers;

namespace ArrowCid.Tests.Ipld;

/// <summary>Datasets and column manifests are what their text says.</summary>
public sealed class ManifestTests
{
    private static readonly byte[] s_v1 = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Data", "vectors", "v1.arrows"));
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, s_v1);
    private static readonly Cid s_schema = Cid.Parse("bafkreib67cdwh3lwofezx6ogo3xchkcsl3daouyzwrmaf5k2xmf56tdupy");

    [Fact]
    public void The_vectors_of_the_text_come_out()
    {
        Dataset dataset = Dataset1();
        (Cid cid, byte[] block) = Assert.Single(dataset.Encode());
        ColumnManifest columns = ColumnManifest.Of(s_v1, s_cid, s_schema);
        byte[] node = columns.Encode();
        Assert.Equal("bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4", cid.ToString());
        Assert.Equal("bafyreieqjrxuetiwojkdpp4w7fd5klb4en7iprg74vgjvbvmca2o67vasq", Cid.Sha256(Multicodec.DagCbor, node).ToString());
        (_, byte[] set) = new ColumnSet(cid, [Cid.Sha256(Multicodec.DagCbor, node), s_cid]).Encode();
        Assert.Equal([Hex.Of(block), Hex.Of(node), Hex.Of(set)], Vectors());
        Assert.Equal([192, 192, 128, 8], columns.Pieces.Select(piece => piece.Length));
        Assert.Equal(s_schema, columns.Head[0].Cid);
    }

    [Fact]
    public void A_dataset_reads_as_it_was_written()
    {
        Dataset small = Dataset1();
        Same(small, Read(small));
        var dag = Cid.Sha256(Multicodec.DagPb, [1]);
        Dataset large = small with
        {
            Batches = [small.Batches[0], new DatasetBatch(Cid.Sha256(Multicodec.Raw, [2]), 7, Dataset.MaxLinked + 1, dag)],
            Parents = [Cid.Sha256(Multicodec.DagCbor, [3]), Cid.Sha256(Multicodec.DagCbor, [1])],
            Meta = ImmutableSortedDictionary<string, string>.Empty.Add("b", "").Add("aa", "1"),
        };
        Same(large, Read(large));
        var links = new List<IpldLink>();
        IpldLinks.Collect(Multicodec.DagCbor, large.Encode()[^1].Block, links);
        Assert.Equal([new IpldLink(s_schema), new IpldLink(s_cid), new IpldLink(dag, large.Batches[1].Cid)], links);
    }

    [Theory]
    [InlineData(4096, 1)]
    [InlineData(4097, 3)]
    [InlineData(9000, 4)]
    public void Many_batches_stand_in_pages_of_at_most_1_MiB(int count, int blocks)
    {
        Dataset dataset = Dataset1() with
        {
            Batches = [.. Enumerable.Range(0, count).Select(i => new DatasetBatch(Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i)), i,
                Dataset.MaxLinked + 1L + i, Cid.Sha256(Multicodec.DagPb, BitConverter.GetBytes(i))))],
        };
        IReadOnlyList<(Cid Cid, byte[] Block)> made = dataset.Encode();
        Assert.Equal(blocks, made.Count);
        Assert.All(made, block => Assert.InRange(block.Block.Length, 1, 1 << 20));
        Same(dataset, Read(dataset));
    }

    [Fact]
    public void What_breaks_a_rule_of_a_dataset_is_refused()
    {
        IpldNode node = DagCbor.Decode(Dataset1().Encode()[0].Block);
        Refused(node, "v", IpldNode.Integer(2), "version 2 is not known");
        Refused(node, "kind", IpldNode.Text("arrowcid/columns"), "kind is not 'arrowcid/dataset'");
        Refused(node, "rows", IpldNode.Integer(4), "'rows' is not the sum");
        Refused(node, "bytes", IpldNode.Integer(-1), "'bytes' is not from 0 to 2^53 - 1");
        Refused(node, "schema", IpldNode.Link(Cid.Sha256(Multicodec.DagPb, [1])), "'schema' is no CID of codec raw");
        Refused(node, "schema", null, "'schema' is missing");
        Refused(node, "created", IpldNode.Integer(1), "the key 'created' is not known");
        Refused(node, "pages", IpldNode.List(), "either 'batches' or 'pages'");
        Refused(node, "parents", IpldNode.List(IpldNode.Link(s_cid)), "a parent is not the CID of a dataset");
        Refused(node, "meta", IpldNode.Map(("a", IpldNode.Integer(1))), "the metadata 'a' is not text");
        IpldNode batch = node["batches"]!.Items[0];
        Refused(node, "batches", IpldNode.List(With(batch, "bytes", IpldNode.Integer(2 << 20))), "is not named by bytes");
        Refused(node, "batches", IpldNode.List(With(batch, "cid", IpldNode.Bytes(s_cid.ToBytes()))), "is not linked");
        Refused(node, "batches", IpldNode.List(With(batch, "dag", IpldNode.Link(s_cid))), "is not linked");
        Assert.All(Enumerable.Range(0, 2000), seed =>
        {
            byte[] changed = Mutation.Of(Dataset1().Encode()[0].Block, new Random(seed));
            try
            {
                _ = Dataset.Decode(DagCbor.Decode(changed), _ => null);
            }
            catch (ArrowCidException e)
            {
                Assert.Contains(e.Code, new[] { ErrorCode.InvalidData, ErrorCode.BlockNotFound });
            }
        });
    }

    [Fact]
    public void A_manifest_cut_or_changed_at_any_byte_is_refused_or_says_something_else()
    {
        long[] numbers = [.. Enumerable.Range(0, 500).Select(i => (long)i)];
        byte[] columns = Columns([.. Enumerable.Range(0, 32).Select(i => ($"column {i}", numbers))]).Encode();
        byte[] dataset = new Dataset(s_schema,
            [.. Enumerable.Range(1, 40).Select(i => new DatasetBatch(s_cid, i, 1000 + i, default))], [],
            ImmutableSortedDictionary<string, string>.Empty).Encode()[0].Block;
        Try(columns, bytes => ColumnManifest.Decode(DagCbor.Decode(bytes)).Encode());
        Try(dataset, bytes => Dataset.Decode(DagCbor.Decode(bytes), _ => null).Encode()[0].Block);

        static void Try(byte[] whole, Func<byte[], byte[]> read)
        {
            Assert.True(whole.Length > 2000);
            for (int at = 0; at < whole.Length; at++)
            {
                int length = at;
                Assert.Throws<InvalidIpldException>(() => read(whole[..length]));
                byte[] changed = [.. whole];
                changed[at] ^= (byte)(at % 3 == 0 ? 0xff : 1 << (at % 8));
                try
                {
                    // What is still a manifest is another one, all of whose bytes were read.
                    Assert.Equal(changed, read(changed));
                }
                catch (InvalidIpldException)
                {
                    // Refused.
                }
            }
        }
    }

    [Fact]
    public void Every_block_is_its_pieces_put_together()
    {
        foreach (VectorBatch vector in VectorBatch.All) CheckColumns(Canonical.VectorTests.Read(vector));
        Seeds.Run((batch, _) => CheckColumns(batch.Batch));
    }

    [Fact]
    public void Long_columns_are_cut_at_1_MiB_and_equal_columns_share_their_pieces()
    {
        long[] a = [.. Enumerable.Range(0, 300_000).Select(i => (long)i)], b = [.. a.Select(i => i * i)];
        ColumnManifest first = Columns(("a", a), ("b", b));
        Assert.Equal([1 << 20, 1 << 20, (2_400_000 + 63) / 64 * 64 - (2 << 20)], first.Columns[0].Pieces.Select(piece => piece.Length));
        b[299_999]++;
        ColumnManifest changed = Columns(("a", a), ("b", b), ("c", a));
        Assert.Equal(first.Columns[0].Pieces.ToArray(), changed.Columns[0].Pieces.ToArray());
        Assert.Equal(first.Columns[0].Pieces.ToArray(), changed.Columns[2].Pieces.ToArray());
        Assert.Equal(first.Columns[1].Pieces[..2].ToArray(), changed.Columns[1].Pieces[..2].ToArray());
        Assert.NotEqual(first.Columns[1].Pieces[2], changed.Columns[1].Pieces[2]);
        Assert.Equal(["a", "b", "c"], changed.Columns.Select(column => column.Name));
    }

    private static ColumnManifest Columns(params (string Name, long[] Values)[] columns)
    {
        EncodedBlock block = CanonicalBlock.Encode(RecordBatch.Of([.. columns.Select(c => (c.Name, ArrowArray.From<long>(c.Values)))]));
        return ColumnManifest.Of(block.Bytes, block.Cid, block.SchemaCid);
    }

    private static void CheckColumns(RecordBatch batch)
    {
        EncodedBlock block = CanonicalBlock.Encode(batch);
        ColumnManifest made = ColumnManifest.Of(block.Bytes, block.Cid, block.SchemaCid);
        ColumnManifest read = ColumnManifest.Decode(DagCbor.Decode(made.Encode()));
        Assert.Equal(made.Encode(), read.Encode());
        Assert.Equal((block.Cid, block.SchemaCid, block.Rows, (long)block.Bytes.Length), (read.Cid, read.Schema, read.Rows, read.ByteLength));
        Assert.Equal(batch.Schema.Fields.Select(field => field.Name), read.Columns.Select(column => column.Name));
        Assert.Equal(8, Assert.Single(read.Tail).Length);
        int at = 0;
        foreach (ColumnPiece piece in read.Pieces)
        {
            Assert.Equal(piece.Cid, Cid.Sha256(Multicodec.Raw, block.Bytes.Span.Slice(at, piece.Length)));
            at += piece.Length;
        }

        Assert.Equal(block.Bytes.Length, at);
        // Two batches of one row count whose first columns are equal share them, whatever the others are.
        if (batch.Schema.Fields.Count < 2) return;
        RecordBatch alone = new(new Schema([batch.Schema.Fields[0]], batch.Schema.Metadata), batch.Length, [batch.Columns[0]]);
        EncodedBlock one = CanonicalBlock.Encode(alone);
        Assert.Equal(read.Columns[0].Pieces.ToArray(), ColumnManifest.Of(one.Bytes, one.Cid, one.SchemaCid).Columns[0].Pieces.ToArray());
    }

    private static Dataset Dataset1() => new(s_schema, [new DatasetBatch(s_cid, 3, 520, default)], [],
        ImmutableSortedDictionary<string, string>.Empty.Add("note", "first"));

    private static Dataset Read(Dataset dataset)
    {
        Dictionary<Cid, byte[]> blocks = dataset.Encode().ToDictionary(block => block.Cid, block => block.Block);
        return Dataset.Decode(DagCbor.Decode(blocks[dataset.Encode()[^1].Cid]), cid => DagCbor.Decode(blocks[cid]));
    }

    private static void Same(Dataset expected, Dataset actual)
    {
        Assert.Equal((expected.Schema, expected.Rows, expected.ByteLength), (actual.Schema, actual.Rows, actual.ByteLength));
        Assert.Equal(expected.Batches.ToArray(), actual.Batches.ToArray());
        Assert.Equal(expected.Parents.ToArray(), actual.Parents.ToArray());
        Assert.Equal(expected.Meta, actual.Meta);
    }

    private static void Refused(IpldNode node, string key, IpldNode? value, string rule) => Assert.Contains(rule,
        Assert.Throws<InvalidIpldException>(() => Dataset.Decode(With(node, key, value), _ => null)).Message, StringComparison.Ordinal);

    private static IpldNode With(IpldNode map, string key, IpldNode? value)
    {
        List<(string, IpldNode)> entries = [.. map.Entries.Where(entry => entry.Key != key).Select(entry => (entry.Key, entry.Value))];
        if (value is not null) entries.Add((key, value));
        return IpldNode.Map([.. entries]);
    }

    /// <summary>The runs of lines that begin with «hex».</summary>
    private static List<string> Vectors()
    {
        const string Begin = "    hex ";
        List<string> vectors = [];
        bool isInside = false;
        foreach (string line in File.ReadLines(Repository.PathOf("src/ArrowCid/Ipld/MANIFESTS.md")))
        {
            bool isHex = line.StartsWith(Begin, StringComparison.Ordinal);
            if (isHex && !isInside) vectors.Add("");
            if (isHex) vectors[^1] += line[Begin.Length..].Replace(" ", "", StringComparison.Ordinal);
            isInside = isHex;
        }

        return vectors;
    }

    [Fact]
    public void Column_manifests_of_a_dataset_have_golden_bytes_and_break_no_rule()
    {
        Cid batch = Cid.Parse("bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy");
        Cid manifest = Cid.Parse("bafyreieqjrxuetiwojkdpp4w7fd5klb4en7iprg74vgjvbvmca2o67vasq");
        Cid dataset = Cid.Parse("bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4");
        (Cid cid, byte[] block) = new ColumnSet(dataset, [manifest, batch]).Encode();
        Assert.Equal("bafyreiahsr4jcqa3nzis2e67scm6wvilygg6dcgvemmure4ssmy34gexze", cid.ToString());
        Assert.Equal("a4617601646b696e6478186172726f776369642f646174617365742d636f6c756d6e7365706172747382d82a582500017112" +
            "20904c6f424d16725437bf96f947d52c3c237e87c4dfe54c9a86ac1034ef7ea094d82a58250001551220702937a3cd3dfe4f" +
            "dbe4cc2116e8f329d0d3dcdcf376c3d490ec5e60585607be6764617461736574582401711220cd73b22e74fa046bb4c7ea74" +
            "c40fcfd259a510d75356645f300e481139319127", Convert.ToHexStringLower(block));
        ColumnSet read = ColumnSet.Decode(DagCbor.Decode(block));
        Assert.Equal((dataset, 2), (read.Dataset, read.Parts.Length));
        Assert.Equal([manifest, batch], read.Parts.ToArray());
        IpldNode good = DagCbor.Decode(block);
        foreach (IpldNode bad in (IpldNode[])
        [
            Node(2, [manifest]), Node(1, []), Node(1, [Cid.Sha256(Multicodec.DagPb, block)]),
            IpldNode.Map(("v", IpldNode.Integer(1)), ("kind", IpldNode.Text(ColumnSet.Kind)), ("parts", good["parts"]!)),
            IpldNode.Map(("v", IpldNode.Integer(1)), ("kind", IpldNode.Text(ColumnSet.Kind)), ("parts", IpldNode.List(IpldNode.Integer(1))),
                ("dataset", good["dataset"]!)),
        ])
            _ = Assert.Throws<InvalidIpldException>(() => ColumnSet.Decode(bad));

        IpldNode Node(int version, Cid[] parts) => IpldNode.Map(("v", IpldNode.Integer(version)), ("kind", IpldNode.Text(ColumnSet.Kind)),
            ("parts", IpldNode.List([.. parts.Select(IpldNode.Link)])), ("dataset", good["dataset"]!));
    }
}
