using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>The blocks of ipld/codec-fixtures read strictly and are written again to the same CID.</summary>
public class CodecFixturesTests
{
    public static TheoryData<string> DagCborFiles() => [.. DagData.Names(isDagPb: false)];

    public static TheoryData<string> DagPbFiles() => [.. DagData.Names(isDagPb: true)];

    [Fact]
    public void All_fixtures_are_here()
    {
        Assert.Equal(51, DagData.All.Select(d => d.Folder).Distinct().Count());
        Assert.Equal((43, 17), (DagCborFiles().Count, DagPbFiles().Count));
    }

    [Theory]
    [MemberData(nameof(DagCborFiles))]
    public void A_dag_cbor_block_keeps_its_CID(string name)
    {
        var data = new DagData(name);
        IpldNode node = DagCbor.Decode(data.Bytes);
        Assert.Equal(data.Bytes, DagCbor.Encode(node));
        Assert.Equal(data.Cid, Cid.Sha256(Multicodec.DagCbor, DagCbor.Encode(node)));
        Assert.Equal(node, DagCbor.Decode(data.Bytes, IpldReadOptions.Lenient));
        var reader = new DagCborReader(data.Bytes);
        reader.Skip();
        reader.End();
    }

    [Theory]
    [MemberData(nameof(DagPbFiles))]
    public void A_dag_pb_block_keeps_its_CID(string name)
    {
        var data = new DagData(name);
        DagPbNode node = DagPb.Decode(data.Bytes);
        Assert.Equal(data.Bytes, DagPb.Encode(node));
        Assert.Equal(data.Cid, Cid.Sha256(Multicodec.DagPb, DagPb.Encode(node)));
        Assert.Equal(node, DagPb.Decode(data.Bytes, IpldReadOptions.Lenient));
        Assert.Equal(node, DagPbNode.FromIpld(node.ToIpld()));
    }

    [Fact]
    public void The_dag_pb_and_the_dag_cbor_block_of_one_value_are_made_of_each_other()
    {
        int twins = 0;
        foreach (DagData pb in DagData.All.Where(d => d.IsDagPb))
        {
            if (DagData.All.FirstOrDefault(d => d.Folder == pb.Folder && !d.IsDagPb) is not { } cbor) continue;
            Assert.Equal(cbor.Bytes, DagCbor.Encode(DagPb.Decode(pb.Bytes).ToIpld()));
            Assert.Equal(pb.Bytes, DagPb.Encode(DagPbNode.FromIpld(DagCbor.Decode(cbor.Bytes))));
            twins++;
        }

        Assert.Equal(9, twins);
    }

    [Theory]
    [InlineData("int-9223372036854775807", "9223372036854775807")]
    [InlineData("int-11959030306112471731", "11959030306112471731")]
    [InlineData("int--11959030306112471732", "-11959030306112471732")]
    [InlineData("int--9007199254740993", "-9007199254740993")]
    [InlineData("array-255", "[255]")]
    [InlineData("bytes-empty", "h''")]
    [InlineData("string-empty", "\"\"")]
    [InlineData("null", "null")]
    [InlineData("true", "true")]
    [InlineData("map-empty", "{}")]
    [InlineData("cid-bafkqabiaaebagba", "link(bafkqabiaaebagba)")]
    [InlineData("cid-QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY", "link(QmQg1v4o9xdT3Q14wh4S7dxZkDjyZ9ssFzFzyep1YrVJBY)")]
    public void A_fixture_has_the_value_that_its_folder_names(string folder, string text) =>
        Assert.Equal(text, DagCbor.Decode(DagData.All.Single(d => d.Folder == folder).Bytes).ToString());

    // The values of ipfs-unixfs-importer, @ipld/dag-cbor and kubo, as other projects publish them.
    [Fact]
    public void Known_values_have_their_known_CIDs()
    {
        IpldNode map = IpldNode.Map(("bb", IpldNode.Integer(1)), ("a", IpldNode.Integer(2)),
            ("aaa", IpldNode.Integer(3)), ("b", IpldNode.Integer(4)));
        Assert.Equal("a4616102616204626262016361616103", Convert.ToHexStringLower(DagCbor.Encode(map)));
        Assert.Equal("bafyreidodyl6odjpsu3jlxrnc3sksbw7j3i3asnqc23f4qgbtimshdhhve",
            Cid.Sha256(Multicodec.DagCbor, DagCbor.Encode(map)).ToString());
        Assert.Equal("fb3ff8000000000000", Convert.ToHexStringLower(DagCbor.Encode(IpldNode.Float(1.5))));
        IpldNode hello = IpldNode.Link(Cid.Sha256(Multicodec.Raw, "hello world"u8));
        Assert.Equal("d82a58250001551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
            Convert.ToHexStringLower(DagCbor.Encode(hello)));
        Assert.Equal("bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua",
            Cid.Sha256(Multicodec.DagCbor, DagCbor.Encode(IpldNode.Map())).ToString());
    }
}
