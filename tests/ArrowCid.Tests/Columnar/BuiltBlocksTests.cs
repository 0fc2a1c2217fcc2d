using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Columnar;

/// <summary>What the builders make is Arrow: it encodes, reads back, and has the CIDs of the format's text.</summary>
public class BuiltBlocksTests
{
    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void What_is_built_reads_the_same_from_its_block(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        RecordBatch batch = RecordBatch.Of(("v", array));
        EncodedBlock block = CanonicalBlock.Encode(batch);
        RecordBatch read = CanonicalBlock.DecodeView(block.Bytes);
        Assert.Equal(batch.Schema, read.Schema);
        Assert.Equal(json, EveryTypeTests.Json(read.Column("v")));
        Assert.Equal(block.Cid, CanonicalBlock.CidOf(read));
        Assert.Equal(json[1..], EveryTypeTests.Json(CanonicalBlock.DecodeView(
            CanonicalBlock.Encode(batch.Slice(1, json.Length - 1)).Bytes).Column("v")));
    }

    // Vectors 2, 5 to 10 and 12 of canonical-block.md, made by a producer's means.
    [Fact]
    public void The_vectors_of_the_format_come_out_of_the_builders()
    {
        Assert.Equal("bafkreia6lceyn6jcim4jljgnga4cleqphs4xerrx7cztbwpkpwzk2ydvjy", Cid(
            ("id", EveryType.Fixed<int>(ArrowType.Int32, 1, 2, null, 4)),
            ("name", Texts(ArrowType.Utf8, "a", "bb", null, "dddd")),
            ("ok", EveryType.Fixed<bool>(ArrowType.Boolean, true, null, false, true)),
            ("x", EveryType.Fixed<double>(ArrowType.Float64, 1.5, null, -0.25, 2))));
        var words = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Utf8));
        ((BytesBuilder)words.Values).AppendRange("x", "u", "y");
        foreach (string? word in new[] { "y", "x", null, "y" }) words.Append(word);
        Assert.Equal("bafkreibudrldyu7ucuvi4xs3vnzfmquurbcfcuas3a7nwvflwcdn77rnrq", Cid(("d", words.Build())));
        Assert.Equal("bafkreib5mice5xctxkduwchnkf6gxieavrviltof5e4ppvda3aqtzxw3ia",
            Cid(("f", EveryType.Fixed<double>(ArrowType.Float64, double.NaN, -0.0, null))));
        Assert.Equal("bafkreieoe57ounklo55jwvtxxfq26xvknnc4fwlwi5jyz37dznmahkbocm", Cid(("s", Structs())));
        Assert.Equal("bafkreifu3vzfihkl3s3sddcqpl2cxf3b4gszs4p6wnt7roez4cyugzfp7u",
            Cid(("w", Texts(ArrowType.Utf8View, "a", null, "thirteen chars"))));
        Assert.Equal("bafkreidz6lvgugxzzyyt7kvtmh7f6hqwvyxuizojj4aetqjsoc2vm5ix6y", Cid(("r", Runs())));
        Assert.Equal("bafkreih2pusdisz6632nz256exoaijgqpjk7ca3vymahwnkc3u746ihzyi", Cid(("l", Lists())));
        var price = new FixedBuilder<decimal>(new DecimalType(128, 5, 2));
        price.Append(1.25m);
        Assert.Equal("bafkreiadexz7zgrpxxlsvbnz77ddohjuua3enmvuvccybxj2wlcudmje2a", Cid(
            ("t", EveryType.Fixed<long>(new TimestampType(TimeUnit.Microsecond, "UTC"), 0)), ("p", price.Build())));
    }

    private static string Cid(params (string Name, ArrowArray Values)[] columns) =>
        CanonicalBlock.CidOf(RecordBatch.Of(columns)).ToString();

    private static ArrowArray Texts(ArrowType type, params string?[] values) =>
        EveryType.Built(type, (BytesBuilder builder) => builder.AppendRange(values));

    private static ArrowArray Structs()
    {
        var x = new FixedBuilder<int>();
        var builder = new StructBuilder(new StructType(new Field("x", ArrowType.Int32)), x);
        x.Append(1);
        builder.Append();
        builder.AppendNull();
        x.AppendNull();
        builder.Append();
        return builder.Build();
    }

    private static ArrowArray Runs()
    {
        var values = new BytesBuilder();
        var builder = new RunEndBuilder(new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8), values);
        values.Append("a");
        builder.Append(2);
        builder.AppendNull();
        values.Append("b");
        builder.Append(2);
        return builder.Build();
    }

    private static ArrowArray Lists()
    {
        var items = new FixedBuilder<long>();
        var builder = new ListBuilder(items);
        items.Append(1);
        builder.Append();
        builder.AppendNull();
        builder.Append();
        items.AppendRange([2, 3]);
        builder.Append();
        return builder.Build();
    }
}
