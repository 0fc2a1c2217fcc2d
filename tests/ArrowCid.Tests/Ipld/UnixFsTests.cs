using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>UnixFS messages, held against CIDs that Kubo and ipfs-unixfs-importer give.</summary>
public class UnixFsTests
{
    [Fact]
    public void An_empty_directory_and_an_empty_file_have_their_known_CIDs()
    {
        Assert.Equal("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354",
            CidOf(new UnixFsNode { Kind = UnixFsKind.Directory }).ToString());
        Assert.Equal("bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y",
            CidOf(new UnixFsNode { Kind = UnixFsKind.File, FileSize = 0 }).ToString());
    }

    // Profile unixfs-v1-2025: chunks of 1 MiB as raw leaves under one node.
    [Theory]
    [InlineData(1048577, "bafybeignt2ocbtaf4vzdhsjbgfr34rczj2jwn5rqguyimrgixajgffjrfa")]
    [InlineData(3145729, "bafybeidvncl4bh65hiw32yqqpsqlq5u4cbpfi6bmraoee3zz7odsnvs6re")]
    [InlineData(5000000, "bafybeif5liousp4o4wzh6fyv4uuhmkjdmxi5n6atmapckwfvwmuyo467f4")]
    public void A_file_of_several_parts_has_its_known_CID(int length, string cid)
    {
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++) content[i] = (byte)(i * 31 + (i >> 8) * 17 + (i >> 16) * 7);
        byte[][] parts = [.. content.Chunk(1 << 20)];
        var file = new UnixFsNode
        {
            Kind = UnixFsKind.File,
            FileSize = (ulong)length,
            BlockSizes = [.. parts.Select(part => (ulong)part.Length)],
        };
        DagPbLink[] links = [.. parts.Select(p => new DagPbLink
        {
            Hash = Cid.Sha256(Multicodec.Raw, p),
            Name = "",
            TotalSize = (ulong)p.Length,
        })];
        Assert.Equal(cid, Cid.Sha256(Multicodec.DagPb, DagPb.Encode(new DagPbNode([.. links], file.Encode()))).ToString());
    }

    [Fact]
    public void All_fields_are_kept_and_stand_in_the_order_of_their_numbers()
    {
        var node = new UnixFsNode
        {
            Kind = UnixFsKind.HamtShard,
            Data = new byte[] { 1, 2 },
            FileSize = 300,
            BlockSizes = [1, 300, ulong.MaxValue],
            HashFunction = 0x22,
            Fanout = 256,
            Mode = 0x1ff,
            Modified = (-1, 5),
        };
        const string Expected = "0805 12020102 18ac02 2001 20ac02 20ffffffffffffffffff01 2822 308002 38ff03 "
            + "4210 08ffffffffffffffffff01 1505000000";
        Assert.Equal(Expected.Replace(" ", "", StringComparison.Ordinal), Hex.Of(node.Encode()));
        UnixFsNode back = UnixFsNode.Decode(node.Encode());
        Assert.Equal(node.Encode(), back.Encode());
        Assert.Equal((UnixFsKind.HamtShard, 300UL, 0x22UL, 256UL, 0x1ffu, (-1L, 5u)), (back.Kind, back.FileSize,
            back.HashFunction, back.Fanout, back.Mode, (back.Modified!.Value.Seconds, back.Modified.Value.Nanoseconds!.Value)));
        Assert.Equal(node.BlockSizes.ToArray(), back.BlockSizes.ToArray());
        Assert.Equal([1, 2], back.Data!.Value.ToArray());
    }

    [Theory]
    [InlineData("1801 0802", "08021801")]
    [InlineData("0802 2204 01ac0202", "0802200120ac022002")]
    [InlineData("0802 9a0603616263 a50600000000 a1060000000000000000 900605 0801", "0801")]
    [InlineData("0802 4202 0807", "080242020807")]
    public void Other_writers_forms_are_read(string hex, string canonical) =>
        Assert.Equal(canonical, Hex.Of(UnixFsNode.Decode(Hex.Bytes(hex)).Encode()));

    [Theory]
    [InlineData("", "Type is missing", 0)]
    [InlineData("1801", "Type is missing", 0)]
    [InlineData("0806", "there is no type 6", 0)]
    [InlineData("0a00", "Type has wire type 2, not 0", 0)]
    [InlineData("0802 1000", "Data has wire type 0, not 2", 2)]
    [InlineData("0802 1205 00", "a field of 5 bytes where 1 are left", 3)]
    [InlineData("0802 2201 80", "the bytes end inside a varint", 4)]
    [InlineData("0802 388080808010", "mode is over 32 bits", 2)]
    [InlineData("0802 4200", "mtime has no Seconds", 4)]
    [InlineData("0802 4204 0801 1001", "FractionalNanoseconds has wire type 0, not 5", 6)]
    [InlineData("0802 4b", "a field of wire type 3", 2)]
    public void A_refusal_names_rule_and_byte(string hex, string rule, int offset)
    {
        var error = Assert.Throws<InvalidIpldException>(() => UnixFsNode.Decode(Hex.Bytes(hex)));
        Assert.Equal((rule, offset, $"Not unixfs: {rule}; byte {offset}."), (error.Rule, error.Offset, error.Message));
    }

    [Fact]
    public void Mutated_messages_end_in_a_node_or_a_refusal()
    {
        byte[] message = new UnixFsNode
        {
            Kind = UnixFsKind.File,
            Data = new byte[9],
            FileSize = 1 << 30,
            BlockSizes = [5, 1 << 20, 7],
            Mode = 420,
            Modified = (1, 2),
        }.Encode();
        int read = 0;
        for (int seed = 0; seed < 20_000; seed++)
        {
            byte[] mutated = Mutation.Of(message, new Random(seed));
            try
            {
                byte[] again = UnixFsNode.Decode(mutated).Encode();
                Assert.True(again.AsSpan().SequenceEqual(UnixFsNode.Decode(again).Encode()), $"seed {seed}");
                read++;
            }
            catch (InvalidIpldException e)
            {
                Assert.True(e.Offset >= 0 && e.Offset <= mutated.Length, $"seed {seed}: {e.Message}");
            }
        }

        Assert.InRange(read, 1_000, 19_000);
    }

    private static Cid CidOf(UnixFsNode node) => Cid.Sha256(Multicodec.DagPb, DagPb.Encode(new DagPbNode([], node.Encode())));
}
