using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

public class IpldNodeTests
{
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, "hello world"u8);

    private static readonly IpldNode s_node = IpldNode.Map(
        ("batches", IpldNode.List(
            IpldNode.Map(("rows", IpldNode.Integer(5)), ("cid", IpldNode.Link(s_cid))),
            IpldNode.Map(("rows", IpldNode.Integer(7))))),
        ("7", IpldNode.Text("seven")),
        ("\u00e9", IpldNode.Null),
        ("a", IpldNode.Float(1)));

    [Theory]
    [InlineData("", "batches")]
    [InlineData("/", "batches")]
    [InlineData("7", "\"seven\"")]
    [InlineData("\u00e9", "null")]
    [InlineData("batches/0/rows", "5")]
    [InlineData("/batches//1/rows/", "7")]
    [InlineData("batches/0/cid", "link(bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e)")]
    public void A_path_leads_to_a_node(string path, string text) =>
        Assert.Contains(text, s_node.TryGet(path)!.ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("batches/2")]
    [InlineData("batches/00")]
    [InlineData("batches/01")]
    [InlineData("batches/-1")]
    [InlineData("batches/+1")]
    [InlineData("batches/ 1")]
    [InlineData("batches/99999999999999999999")]
    [InlineData("batches/rows")]
    [InlineData("a/b")]
    [InlineData("aa")]
    [InlineData("\ud800")]
    [InlineData("batches/0/cid/more")]
    public void A_path_that_leads_nowhere_in_the_block_is_null(string path) => Assert.Null(s_node.TryGet(path));

    [Fact]
    public void A_path_stops_at_a_link_and_gives_the_rest()
    {
        IpldNode? link = s_node.TryGet("batches/0/cid/x//y/", out ReadOnlySpan<char> rest);
        Assert.Equal((s_cid, "x//y"), (link!.AsLink(), rest.ToString()));
        Assert.NotNull(s_node.TryGet("batches/0/cid", out rest));
        Assert.True(rest.IsEmpty);
        Assert.Null(s_node.TryGet("batches/9/cid/x", out rest));
        Assert.True(rest.IsEmpty);
    }

    [Fact]
    public void Keys_sort_by_length_and_then_by_their_UTF_8_bytes()
    {
        // U+10000 has surrogates below U+FFFF in UTF-16, and sorts behind it in UTF-8.
        string[] keys = ["", "B", "a", "z", "aa", "\u00e9", "aaa", "\uffff", "\ud800\udc00", "\ud800\udc01", "\U0010ffff", "aaaaa"];
        var random = new Random(3);
        IpldNode map = IpldNode.Map([.. keys.OrderBy(_ => random.Next()).Select(k => (k, IpldNode.Text(k)))]);
        Assert.Equal(keys, map.Entries.Select(e => e.Key));
        Assert.All(keys, key => Assert.Equal(key, map[key]!.AsText()));
        Assert.Null(map["b"]);
        Assert.Equal(map, DagCbor.Decode(DagCbor.Encode(map)));
    }

    [Fact]
    public void Equality_is_that_of_the_bytes()
    {
        IpldNode[] all =
        [
            IpldNode.Null, IpldNode.True, IpldNode.False, IpldNode.Integer(0), IpldNode.Integer(1), IpldNode.Integer(-1),
            IpldNode.Integer(-2), IpldNode.Integer(24), IpldNode.Integer(-25), IpldNode.Integer(IpldNode.MaxInteger),
            IpldNode.Integer(IpldNode.MinInteger), IpldNode.Float(0), IpldNode.Float(-0.0), IpldNode.Float(1),
            IpldNode.Bytes([]), IpldNode.Bytes("a"u8), IpldNode.Text(""), IpldNode.Text("a"), IpldNode.List(),
            IpldNode.List(IpldNode.Null), IpldNode.List(IpldNode.Text("a")), IpldNode.Map(), IpldNode.Map(("a", IpldNode.Null)),
            IpldNode.Map(("a", IpldNode.True)), IpldNode.Map(("b", IpldNode.True)), IpldNode.Link(s_cid), s_node,
        ];
        for (int i = 0; i < all.Length; i++)
        {
            for (int j = 0; j < all.Length; j++)
            {
                IpldNode copy = DagCbor.Decode(DagCbor.Encode(all[j]));
                Assert.True(i == j == all[i].Equals(copy), $"{all[i]} and {copy}");
                Assert.True(i != j || all[i].GetHashCode() == copy.GetHashCode(), $"{copy}");
            }
        }
    }

    [Fact]
    public void Integers_have_65_bits()
    {
        foreach (Int128 value in new Int128[] { 0, 1, -1, 23, 24, -24, -25, long.MaxValue, long.MinValue, ulong.MaxValue,
            -1 - (Int128)ulong.MaxValue, (Int128)long.MinValue - 1, (Int128)long.MaxValue + 1 })
        {
            IpldNode node = DagCbor.Decode(DagCbor.Encode(IpldNode.Integer(value)));
            Assert.Equal(value, node.AsInteger());
            bool fits = value >= long.MinValue && value <= long.MaxValue;
            Assert.Equal((fits, fits ? (long)value : 0), (node.TryGetInt64(out long small), small));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => IpldNode.Integer(IpldNode.MaxInteger + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => IpldNode.Integer(IpldNode.MinInteger - 1));
    }

    [Fact]
    public void What_has_no_dag_cbor_form_is_not_made()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => IpldNode.Float(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => IpldNode.Float(double.NegativeInfinity));
        Assert.Throws<ArgumentException>(() => IpldNode.Text("a\ud800"));
        Assert.Throws<ArgumentException>(() => IpldNode.Text("\udc00\ud800"));
        Assert.Throws<ArgumentException>(() => IpldNode.Map(("\udfff", IpldNode.Null)));
        Assert.Throws<ArgumentException>(() => IpldNode.Map(("a", IpldNode.Null), ("b", IpldNode.Null), ("a", IpldNode.True)));
        Assert.Throws<ArgumentException>(() => IpldNode.Link(default));
        Assert.Throws<ArgumentNullException>(() => IpldNode.List(IpldNode.Null, null!));
        Assert.Throws<ArgumentNullException>(() => IpldNode.Map(("a", null!)));
        IpldNode node = IpldNode.Null;
        for (int i = 0; i < DagCbor.MaxDepth; i++) node = i % 2 == 0 ? IpldNode.List(node) : IpldNode.Map(("", node));
        Assert.Equal(node, DagCbor.Decode(DagCbor.Encode(node)));
        Assert.Throws<ArgumentException>(() => IpldNode.List(node));
        Assert.Throws<ArgumentException>(() => IpldNode.Map(("", node)));
    }

    [Fact]
    public void Another_kind_is_not_read()
    {
        Assert.Throws<InvalidOperationException>(() => IpldNode.Null.AsText());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Text("").AsLink());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Float(1).AsInteger());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Integer(1).AsFloat());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Integer(1).AsBool());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Text("").AsBytes());
        Assert.Throws<InvalidOperationException>(() => IpldNode.Map().Items);
        Assert.Throws<InvalidOperationException>(() => IpldNode.List().Entries);
        Assert.Null(IpldNode.List()["a"]);
        Assert.Equal((0, 4, 2), (IpldNode.True.Count, s_node.Count, s_node["batches"]!.Items.Length));
    }

    [Fact]
    public void A_node_is_not_changed_by_what_it_was_made_of()
    {
        byte[] bytes = [1, 2];
        IpldNode[] items = [IpldNode.Null];
        (IpldNode node, IpldNode list) = (IpldNode.Bytes(bytes), IpldNode.List(items));
        (bytes[0], items[0]) = (9, IpldNode.True);
        Assert.Equal("[h'0102', [null]]", IpldNode.List(node, list).ToString());
    }

    [Fact]
    public void The_text_for_people_tells_kinds_apart_and_ends()
    {
        IpldNode node = IpldNode.List(IpldNode.Float(1), IpldNode.Float(1e300), IpldNode.Text("a\"\n"), IpldNode.False,
            IpldNode.Bytes(new byte[40]), IpldNode.Map(("k", IpldNode.Integer(-1))), IpldNode.Text(new string('x', 300)));
        Assert.Equal("[1.0, 1E+300, \"a\\\"\\u000a\", false, h'" + new string('0', 64) + "'… (40 bytes), {\"k\": -1}, \""
            + new string('x', 200) + "\"… (300 characters)]", node.ToString());
        IpldNode wide = IpldNode.List([.. Enumerable.Repeat(node, 1000)]);
        Assert.InRange(wide.ToString().Length, 1000, 1500);
        Assert.EndsWith("…]", wide.ToString(), StringComparison.Ordinal);
    }
}
