using System.Globalization;
using ArrowCid.Columnar;
using static ArrowCid.Tests.Canonical.Arrays;

namespace ArrowCid.Tests.Canonical;

/// <summary>Section 7: the first vector byte by byte, and its eleven companions, laid by hand.</summary>
public class FirstVectorsTests
{
    public static TheoryData<string, int, string> Table => new()
    {
        { "V1", 520, "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy" },
        { "V2", 1288, "bafkreia6lceyn6jcim4jljgnga4cleqphs4xerrx7cztbwpkpwzk2ydvjy" },
        { "V3", 264, "bafkreibnnwulat2opulpahv2hoskhxkfo2orsrpta4inueiexqfrmqum2m" },
        { "V4", 456, "bafkreidhmcibp37roav25p5ifjmqeuyyzen7crqee3j7kkgnh7iyvxvdbu" },
        { "V5", 968, "bafkreibudrldyu7ucuvi4xs3vnzfmquurbcfcuas3a7nwvflwcdn77rnrq" },
        { "V6", 520, "bafkreib5mice5xctxkduwchnkf6gxieavrviltof5e4ppvda3aqtzxw3ia" },
        { "V7", 648, "bafkreieoe57ounklo55jwvtxxfq26xvknnc4fwlwi5jyz37dznmahkbocm" },
        { "V8", 584, "bafkreifu3vzfihkl3s3sddcqpl2cxf3b4gszs4p6wnt7roez4cyugzfp7u" },
        { "V9", 840, "bafkreidz6lvgugxzzyyt7kvtmh7f6hqwvyxuizojj4aetqjsoc2vm5ix6y" },
        { "V10", 712, "bafkreih2pusdisz6632nz256exoaijgqpjk7ca3vymahwnkc3u746ihzyi" },
        { "V11", 584, "bafkreiawlm6fnsnwjlwgddvcvhcc6zt5nrnwynabvyldv5eblfxtqsyv3e" },
        { "V12", 648, "bafkreiadexz7zgrpxxlsvbnz77ddohjuua3enmvuvccybxj2wlcudmje2a" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Oracle_gives_the_listed_cid(string vector, int size, string cid)
    {
        byte[] block = SlowEncoder.Encode(Make(vector));
        Assert.Equal(size, block.Length);
        Assert.Equal(cid, SlowEncoder.Cid(block));
    }

    [Fact]
    public void Oracle_writes_the_first_vector_byte_by_byte() =>
        Assert.Equal(Dump(), SlowEncoder.Encode(Make("V1")));

    [Fact]
    public void Oracle_gives_the_first_schemas_cid() => Assert.Equal(
        "bafkreib67cdwh3lwofezx6ogo3xchkcsl3daouyzwrmaf5k2xmf56tdupy",
        SlowEncoder.Cid(SlowEncoder.SchemaMessage(Make("V1").Schema)));

    internal static RecordBatch Make(string vector) => vector switch
    {
        "V1" => Batch("v", Int32(1, null, 3)),
        "V2" => Mixed(),
        "V3" => new RecordBatch(new Schema(), 0),
        "V4" => Batch("u", Strings(), nullable: false),
        "V5" => Batch("d", new ArrowArray(new DictionaryType(ArrowType.Int8, ArrowType.Utf8), 4,
            [Bits(1, 1, 0, 1), Raw(2, 0, 1, 2)], dictionary: Strings("x", "u", "y"))),
        "V6" => Batch("f", new ArrowArray(ArrowType.Float64, 3,
            [Bits(1, 1, 0), Longs(0x7FF0_0000_0000_0001, BitConverter.DoubleToInt64Bits(-0.0), 7)])),
        "V7" => Batch("s", new ArrowArray(new StructType(new Field("x", ArrowType.Int32)), 3, [Bits(1, 0, 1)],
            [Int32(1, 5, null)])),
        "V8" => Batch("w", new ArrowArray(ArrowType.Utf8View, 3,
            [Bits(1, 0, 1), View("a"), Utf8("thirteen chars")])),
        "V9" => Batch("r", new ArrowArray(new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8), 5, [],
            [Int32(2, 3, 5), Strings("a", null, "b")])),
        "V10" => Batch("l", new ArrowArray(new ListType(new Field("item", ArrowType.Int64)), 4,
            [Bits(1, 0, 1, 1), Ints(0, 1, 1, 1, 3)], [Int64(1, 2, 3)])),
        "V11" => new RecordBatch(
            new Schema([new Field("c", ArrowType.Int64, metadata: [new("z", "1")])], [new("b", "2"), new("a", "1")]),
            1,
            Int64(1)),
        _ => new RecordBatch(
            new Schema(new Field("t", new TimestampType(TimeUnit.Microsecond, "UTC")),
                new Field("p", new DecimalType(128, 5, 2))),
            1,
            new ArrowArray(new TimestampType(TimeUnit.Microsecond, "UTC"), 1, [None, Longs(0)]),
            new ArrowArray(new DecimalType(128, 5, 2), 1, [None, Longs(125, 0)])),
    };

    /// <summary>The rows of section 7's dump; the rows between are zero.</summary>
    internal static byte[] Dump()
    {
        var block = new byte[520];
        foreach (string line in Rows.Split('\n'))
        {
            string[] words = line.Trim().Split(' ');
            int at = int.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Convert.FromHexString(string.Concat(words[1..])).CopyTo(block, at);
        }

        return block;
    }

    private static ReadOnlyMemory<byte> View(string first) => new byte[48]
    {
        (byte)first.Length, 0, 0, 0, (byte)first[0], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        14, 0, 0, 0, (byte)'t', (byte)'h', (byte)'i', (byte)'r', 0, 0, 0, 0, 0, 0, 0, 0,
    };

    private static RecordBatch Mixed() => new(
        new Schema(
            new Field("id", ArrowType.Int32), new Field("name", ArrowType.Utf8), new Field("ok", ArrowType.Boolean),
            new Field("x", ArrowType.Float64)),
        4,
        Int32(1, 2, null, 4), Strings("a", "bb", null, "dddd"),
        new ArrowArray(ArrowType.Boolean, 4, [Bits(1, 0, 1, 1), Bits(1, 1, 0, 1)]),
        new ArrowArray(ArrowType.Float64, 4, [Bits(1, 0, 1, 1), Doubles(1.5, 99, -0.25, 2)]));

    private const string Rows = """
        0000 ff ff ff ff b8 00 00 00 10 00 00 00 0c 00 18 00
        0010 04 00 06 00 08 00 10 00 0c 00 00 00 04 00 01 00
        0020 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        0030 08 00 0c 00 04 00 08 00 08 00 00 00 00 00 00 00
        0040 04 00 00 00 01 00 00 00 18 00 00 00 00 00 00 00
        0050 10 00 14 00 04 00 08 00 09 00 0c 00 00 00 10 00
        0060 10 00 00 00 10 00 00 00 01 02 00 00 1c 00 00 00
        0070 24 00 00 00 01 00 00 00 76 00 00 00 00 00 00 00
        0080 08 00 09 00 04 00 08 00 08 00 00 00 20 00 00 00
        0090 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        00c0 ff ff ff ff b8 00 00 00 10 00 00 00 0c 00 18 00
        00d0 04 00 06 00 08 00 10 00 0c 00 00 00 04 00 03 00
        00e0 20 00 00 00 00 00 00 00 80 00 00 00 00 00 00 00
        00f0 00 00 00 00 00 00 0a 00 18 00 08 00 10 00 14 00
        0100 0a 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00
        0110 0c 00 00 00 20 00 00 00 00 00 00 00 01 00 00 00
        0120 03 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
        0130 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00
        0140 01 00 00 00 00 00 00 00 40 00 00 00 00 00 00 00
        0150 0c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        0180 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
        01c0 01 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00
        0200 ff ff ff ff 00 00 00 00
        """;
}
