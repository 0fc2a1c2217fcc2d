using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

public class DagPbTests
{
    private const string Hash = "0a05" + Hex.Cid;

    private static readonly Cid s_cid = Cid.FromBytes(Hex.Bytes(Hex.Cid));

    [Theory]
    [InlineData("1200", "a link has no Hash", 2)]
    [InlineData("12000a050001020304", "a link has no Hash", 2)]
    [InlineData("12021200", "a link has no Hash", 2)]
    [InlineData("120b1209736f6d65206e616d65", "a link has no Hash", 2)]
    [InlineData("120318f207", "a link has no Hash", 2)]
    [InlineData("12020a00", "a link's Hash is no CID: the bytes end before the value is whole", 2)]
    [InlineData("12080a06" + Hex.Cid + "00", "a link's Hash is no CID: bytes follow the end of the value", 2)]
    [InlineData("1207" + Hash + "0a00 1207" + Hash, "Data stands between links", 11)]
    [InlineData("0a00 1207" + Hash, "Data stands before links", 2)]
    [InlineData("0a00 0a00", "Data occurs twice", 2)]
    [InlineData("1a00", "a node has no field 3", 0)]
    [InlineData("0a00 2a00", "a node has no field 5", 2)]
    [InlineData("0800", "field 1 of a node has wire type 0, not 2", 0)]
    [InlineData("1000", "field 2 of a node has wire type 0, not 2", 0)]
    [InlineData("0d00000000", "field 1 of a node has wire type 5, not 2", 0)]
    [InlineData("0200", "a field's number is not from 1 to 2^29 − 1", 0)]
    [InlineData("8a00 00", "a varint is not in its shortest form", 0)]
    [InlineData("0a 8000", "a varint is not in its shortest form", 1)]
    [InlineData("0a", "the bytes end inside a varint", 1)]
    [InlineData("0a 80", "the bytes end inside a varint", 1)]
    [InlineData("0a 02 00", "a field of 2 bytes where 1 are left", 1)]
    [InlineData("0a ffffffffffffffffff01", "a field of 18446744073709551615 bytes where 0 are left", 1)]
    [InlineData("0a ffffffffffffffffff02", "a varint is over 64 bits", 1)]
    [InlineData("0a 8080808080808080808080", "a varint is over 64 bits", 1)]
    [InlineData("1209 1200" + Hash, "a link's fields are not in the order Hash, Name, Tsize", 4)]
    [InlineData("120b" + Hash + "1800 1200", "a link's fields are not in the order Hash, Name, Tsize", 11)]
    [InlineData("120e" + Hash + Hash, "a link's field 1 occurs twice", 9)]
    [InlineData("120b" + Hash + "1200 1200", "a link's field 2 occurs twice", 11)]
    [InlineData("120b" + Hash + "1800 1800", "a link's field 3 occurs twice", 11)]
    [InlineData("1209" + Hash + "2000", "a link has no field 4", 9)]
    [InlineData("1209" + Hash + "1000", "field 2 of a link has wire type 0, not 2", 9)]
    [InlineData("1209" + Hash + "1a00", "field 3 of a link has wire type 2, not 0", 9)]
    [InlineData("120a" + Hash + "1201ff", "a link's Name is not UTF-8", 11)]
    [InlineData("120b" + Hash + "120261ff", "a link's Name is not UTF-8", 12)]
    [InlineData("120a" + Hash + "188000", "a varint is not in its shortest form", 10)]
    [InlineData("1208" + Hash + "12", "the bytes end inside a varint", 10)]
    [InlineData("120a" + Hash + "120162 120a" + Hash + "120161", "links are not sorted by their names' bytes", 12)]
    [InlineData("120b" + Hash + "12026161 120a" + Hash + "120161", "links are not sorted by their names' bytes", 13)]
    [InlineData("120a" + Hash + "120161 1207" + Hash, "links are not sorted by their names' bytes", 12)]
    public void A_refusal_names_rule_and_byte(string hex, string rule, int offset)
    {
        var error = Assert.Throws<InvalidIpldException>(() => DagPb.Decode(Hex.Bytes(hex)));
        Assert.Equal((rule, offset, ErrorCode.InvalidData), (error.Rule, error.Offset, error.Code));
        Assert.Equal($"Not dag-pb: {rule}; byte {offset}.", error.Message);
    }

    [Theory]
    [InlineData("8a0000", IpldReadOptions.AllowLongForms, "0a00")]
    [InlineData("1208" + "0a8500" + Hex.Cid, IpldReadOptions.AllowLongForms, "1207" + Hash)]
    [InlineData("120a" + Hash + "188000", IpldReadOptions.AllowLongForms, "1209" + Hash + "1800")]
    [InlineData("0a00 1207" + Hash, IpldReadOptions.AllowUnsorted, "1207" + Hash + "0a00")]
    [InlineData("120a" + Hash + "120162 120a" + Hash + "120161", IpldReadOptions.AllowUnsorted,
        "120a" + Hash + "120161 120a" + Hash + "120162")]
    [InlineData("120a" + Hash + "1201ff", IpldReadOptions.AllowIllFormedText, "120c" + Hash + "1203efbfbd")]
    public void A_lenient_reader_lets_one_rule_pass_and_the_node_is_written_canonically(
        string hex, IpldReadOptions option, string canonical)
    {
        byte[] block = Hex.Bytes(hex);
        DagPbNode node = DagPb.Decode(block, option);
        Assert.Equal(canonical.Replace(" ", "", StringComparison.Ordinal), Hex.Of(DagPb.Encode(node)));
        Assert.Equal(node, DagPb.Decode(block, IpldReadOptions.Lenient));
        Assert.Throws<InvalidIpldException>(() => DagPb.Decode(block, IpldReadOptions.Lenient & ~option));
    }

    [Theory]
    [InlineData("1a00")]
    [InlineData("0a000a00")]
    [InlineData("1200")]
    [InlineData("1209" + "1200" + Hash)]
    [InlineData("1207" + Hash + "0a001207" + Hash)]
    public void Some_rules_hold_for_lenient_readers_too(string hex) =>
        Assert.Throws<InvalidIpldException>(() => DagPb.Decode(Hex.Bytes(hex), IpldReadOptions.Lenient));

    [Fact]
    public void An_empty_name_and_no_name_and_empty_data_and_no_data_are_told_apart()
    {
        Assert.Equal("1207" + Hash, Hex.Of(DagPb.Encode(new DagPbNode([new DagPbLink { Hash = s_cid }]))));
        Assert.Equal("1209" + Hash + "1200", Hex.Of(DagPb.Encode(new DagPbNode([new DagPbLink
        {
            Hash = s_cid,
            Name = "",
        }]))));
        Assert.Equal("120b" + Hash + "1200" + "1800", Hex.Of(DagPb.Encode(new DagPbNode([new DagPbLink
        {
            Hash = s_cid,
            Name = "",
            TotalSize = 0,
        }]))));
        Assert.Equal("", Hex.Of(DagPb.Encode(new DagPbNode([]))));
        Assert.Equal("0a00", Hex.Of(DagPb.Encode(new DagPbNode([], Array.Empty<byte>()))));
        Assert.NotEqual(new DagPbNode([]), new DagPbNode([], Array.Empty<byte>()));
        Assert.NotEqual(new DagPbNode([new DagPbLink { Hash = s_cid }]), new DagPbNode([new DagPbLink
        {
            Hash = s_cid,
            Name = "",
        }]));
        Assert.False(DagPb.Decode([]).Data.HasValue);
        Assert.True(DagPb.Decode(Hex.Bytes("0a00")).Data.HasValue);
    }

    [Fact]
    public void Links_are_written_by_the_bytes_of_their_names_and_equal_names_stay_in_order()
    {
        // U+10000 sorts behind U+FFFF in UTF-8, and before it in UTF-16.
        string?[] names = [null, "", "a", "aa", "b", "b", "\uffff", "\ud800\udc00"];
        DagPbLink[] links = [.. names.Select((name, i) => new DagPbLink
        {
            Hash = s_cid,
            Name = name,
            TotalSize = (ulong)i,
        })];
        var mixed = new DagPbNode([links[7], links[4], links[0], links[6], links[3], links[1], links[5], links[2]]);
        DagPbNode sorted = DagPb.Decode(DagPb.Encode(mixed));
        Assert.Equal(links, sorted.Links);
        Assert.NotEqual(mixed, sorted);
        Assert.Throws<InvalidIpldException>(() => DagPbNode.FromIpld(mixed.ToIpld()));
    }

    [Fact]
    public void The_greatest_sizes_are_kept()
    {
        var node = new DagPbNode([new DagPbLink
        {
            Hash = s_cid,
            Name = null,
            TotalSize = ulong.MaxValue,
        }, new DagPbLink
        {
            Hash = s_cid,
            Name = null,
            TotalSize = 1UL << 63,
        }]);
        Assert.Equal(node, DagPb.Decode(DagPb.Encode(node)));
        Assert.Equal(node, DagPbNode.FromIpld(node.ToIpld()));
    }

    [Fact]
    public void Paths_go_through_the_form_in_the_data_model()
    {
        IpldNode node = new DagPbNode([new DagPbLink { Hash = s_cid, Name = "a", TotalSize = 3 }], new byte[] { 1 }).ToIpld();
        Assert.Equal("{\"Data\": h'01', \"Links\": [{\"Hash\": link(" + s_cid + "), \"Name\": \"a\", \"Tsize\": 3}]}",
            node.ToString());
        Assert.Equal(s_cid, node.TryGet("Links/0/Hash/more", out ReadOnlySpan<char> rest)!.AsLink());
        Assert.Equal("more", rest.ToString());
    }

    [Fact]
    public void Another_form_of_the_data_model_is_no_node()
    {
        IpldNode link = IpldNode.Link(s_cid), hash = IpldNode.Map(("Hash", link)), none = IpldNode.Null;
        Refuse("the node is not a map", IpldNode.List());
        Refuse("Links is not a list", IpldNode.Map());
        Refuse("Links is not a list", IpldNode.Map(("Links", none)));
        Refuse("Data is not bytes", IpldNode.Map(("Links", IpldNode.List()), ("Data", none)));
        Refuse("the node has other keys than Data and Links", IpldNode.Map(("Links", IpldNode.List()), ("More", none)));
        RefuseLink("a link is not a map", link);
        RefuseLink("a link's Hash is no CID", IpldNode.Map());
        RefuseLink("a link's Hash is no CID", IpldNode.Map(("Hash", IpldNode.Text(s_cid.ToString()))));
        RefuseLink("a link's Name is not text", IpldNode.Map(("Hash", link), ("Name", none)));
        RefuseLink("a link's Tsize is no integer from 0", IpldNode.Map(("Hash", link), ("Tsize", IpldNode.Integer(-1))));
        RefuseLink("a link's Tsize is no integer from 0", IpldNode.Map(("Hash", link), ("Tsize", IpldNode.Float(1))));
        RefuseLink("a link has other keys than Hash, Name and Tsize", IpldNode.Map(("Hash", link), ("Other", none)));
        Assert.Single(DagPbNode.FromIpld(IpldNode.Map(("Links", IpldNode.List(hash)))).Links);

        static void RefuseLink(string rule, IpldNode link) => Refuse(rule, IpldNode.Map(("Links", IpldNode.List(link))));

        static void Refuse(string rule, IpldNode node)
        {
            var error = Assert.Throws<InvalidIpldException>(() => DagPbNode.FromIpld(node));
            Assert.Equal((rule, -1L, $"Not dag-pb: {rule}."), (error.Rule, error.Offset, error.Message));
        }
    }

    [Fact]
    public void What_has_no_dag_pb_form_is_not_made()
    {
        Assert.Throws<ArgumentException>(() => new DagPbNode([default]));
        Assert.Throws<ArgumentException>(() => new DagPbNode([new DagPbLink { Hash = s_cid, Name = "\ud800" }]));
        Assert.Empty(new DagPbNode(default).Links);
    }

    [Fact]
    public void Random_nodes_come_back_sorted()
    {
        for (int seed = 0; seed < 1_000; seed++)
        {
            DagPbNode node = new RandomNodes(seed).DagPbNode();
            byte[] block = DagPb.Encode(node);
            DagPbNode back = DagPb.Decode(block);
            Assert.True(block.AsSpan().SequenceEqual(DagPb.Encode(back)), $"seed {seed}");
            Assert.True(back.Equals(DagPbNode.FromIpld(back.ToIpld())), $"seed {seed}");
            Assert.True(node.Links.ToHashSet().SetEquals(back.Links) && node.Links.Length == back.Links.Length, $"seed {seed}");
        }
    }

    [Fact]
    public void Mutated_blocks_end_in_a_node_or_a_refusal()
    {
        int rounds = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 1_000_000 : 20_000, read = 0;
        byte[][] seeds = [.. DagData.All.Where(d => d.IsDagPb).Select(d => d.Bytes),
            .. Enumerable.Range(0, 20).Select(seed => DagPb.Encode(new RandomNodes(seed).DagPbNode()))];
        for (int seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            byte[] block = Mutation.Of(seeds[random.Next(seeds.Length)], random);
            string name = $"seed {seed}: {Hex.Of(block)}";
            long before = GC.GetAllocatedBytesForCurrentThread();
            DagPbNode? strict = Decode(block, IpldReadOptions.None, name), loose = Decode(block, IpldReadOptions.Lenient, name);
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken <= 200 * block.Length + 40_000, $"{name} took {taken} bytes");
            if (strict is not null) Assert.True(block.AsSpan().SequenceEqual(DagPb.Encode(strict)), name);
            if (loose is null) continue;
            byte[] canonical = DagPb.Encode(loose);
            Assert.True(canonical.AsSpan().SequenceEqual(DagPb.Encode(DagPb.Decode(canonical))), name);
            read++;
        }

        Assert.True(read > rounds / 20 && read < rounds * 9 / 10, $"{read} of {rounds}");
    }

    private static DagPbNode? Decode(byte[] block, IpldReadOptions options, string name)
    {
        try
        {
            return DagPb.Decode(block, options);
        }
        catch (InvalidIpldException e)
        {
            Assert.True(e.Offset >= 0 && e.Offset <= block.Length, $"{name}: {e.Message}");
            return null;
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}: {e}");
            throw;
        }
    }
}
