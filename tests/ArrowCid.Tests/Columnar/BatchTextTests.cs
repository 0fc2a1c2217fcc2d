using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar;

public class BatchTextTests
{
    private static RecordBatch Quotes()
    {
        var symbol = new BytesBuilder();
        symbol.AppendRange("ACME", null, "a, \"b\"\nc", "", "a name that goes on and on");
        var px = new FixedBuilder<double>();
        px.AppendRange([1.5, -10.25, 1e300, double.NaN]);
        px.AppendNull();
        var tags = new ListBuilder(new BytesBuilder());
        for (int i = 0; i < 5; i++)
        {
            for (int j = 0; j < i; j++) ((BytesBuilder)tags.Items).Append($"t{j}");
            tags.Append();
        }

        return RecordBatch.Of(("symbol", symbol.Build()), ("px", px.Build()), ("tags", tags.Build()));
    }

    [Fact]
    public void A_table_lines_up_names_types_and_values()
    {
        Assert.Equal("""
            symbol          px  tags
            utf8       float64  list<item: u…
            ---------  -------  -------------
            ACME           1.5  []
            null        -10.25  ["t0"]
            a, "b"\nc   1E+300  ["t0","t1"]
                           NaN  ["t0","t1","…
            … 1 more rows

            """.ReplaceLineEndings("\n"), Table(Quotes(), 4, 13));
    }

    [Fact]
    public void A_table_of_no_rows_has_its_head()
    {
        Assert.Equal(
            "symbol       px  tags\nutf8    float64  list<item: utf8>\n------  -------  ----------------\n… 5 rows\n",
            Table(Quotes(), 0, 40));
        Assert.Equal("symbol       px  tags\nutf8    float64  list<item: utf8>\n------  -------  ----------------\n",
            Table(Quotes().Slice(2, 0), 9, 40));
        Assert.Equal("s…  px  t…\nu…  f…  l…\n--  --  --\nA…  1…  []\n", Table(Quotes().Slice(0, 1), 9, 2));
    }

    [Fact]
    public void A_table_shows_controls_and_direction_marks_as_escapes_and_cuts_no_surrogate_pair()
    {
        var text = new BytesBuilder();
        text.AppendRange("\u001b[31mred\u009b\u202e", "ab🙂cd", "tab\there");
        Assert.Equal(
            "\\u001b\nutf8\n-------------\n\\u001b[31mre…\nab🙂cd\ntab\\there\n",
                Table(RecordBatch.Of(("\u001b", text.Build())), 9, 13));
        text.AppendRange("ab🙂cd", "abc");
        Assert.Equal("n\nutf8\n----\nab…\nabc\n", Table(RecordBatch.Of(("n", text.Build())), 9, 4));
    }

    [Fact]
    public void Csv_follows_rfc_4180()
    {
        var writer = new StringWriter();
        BatchText.WriteCsv(Quotes(), writer);
        Assert.Equal(
            "symbol,px,tags\r\n"
            + "ACME,1.5,\"[]\"\r\n"
            + ",-10.25,\"[\"\"t0\"\"]\"\r\n"
            + "\"a, \"\"b\"\"\nc\",1E+300,\"[\"\"t0\"\",\"\"t1\"\"]\"\r\n"
            + "\"\",NaN,\"[\"\"t0\"\",\"\"t1\"\",\"\"t2\"\"]\"\r\n"
            + "a name that goes on and on,,\"[\"\"t0\"\",\"\"t1\"\",\"\"t2\"\",\"\"t3\"\"]\"\r\n", writer.ToString());
        var bare = new StringWriter();
        BatchText.WriteCsv(
            RecordBatch.Of(("a,b", EveryType.Unions(ArrowTypeId.DenseUnion))).Slice(0, 3), bare, header: false);
        Assert.Equal("1\r\nx\r\n\r\n", bare.ToString());
        var named = new StringWriter();
        BatchText.WriteCsv(RecordBatch.Of(("a,\"b", ArrowArray.From<int>(Array.Empty<int>()))), named);
        Assert.Equal("\"a,\"\"b\"\r\n", named.ToString());
    }

    [Fact]
    public void Json_lines_are_one_object_a_row()
    {
        var writer = new StringWriter();
        BatchText.WriteJsonLines(Quotes(), writer);
        Assert.Equal("""
            {"symbol":"ACME","px":1.5,"tags":[]}
            {"symbol":null,"px":-10.25,"tags":["t0"]}
            {"symbol":"a, \"b\"\nc","px":1E+300,"tags":["t0","t1"]}
            {"symbol":"","px":"NaN","tags":["t0","t1","t2"]}
            {"symbol":"a name that goes on and on","px":null,"tags":["t0","t1","t2","t3"]}

            """.ReplaceLineEndings("\n"), writer.ToString());
    }

    [Fact]
    public void Long_text_and_binary_come_whole_in_json_and_cut_in_a_table()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => i % 7 == 0 ? "🙂" : "ä"));
        byte[] bytes = new byte[5000];
        new Random(5).NextBytes(bytes);
        var texts = new BytesBuilder();
        texts.Append(text);
        var binaries = new BytesBuilder(ArrowType.BinaryView);
        binaries.Append(bytes);
        RecordBatch batch = RecordBatch.Of(("t", texts.Build()), ("b", binaries.Build()));
        Assert.Equal([$"\"{text}\""], EveryTypeTests.Json(batch.Column("t")));
        Assert.Equal([$"\"{Convert.ToBase64String(bytes)}\""], EveryTypeTests.Json(batch.Column("b")));
        string row = Table(batch, 1, 10).Split('\n')[3];
        Assert.Equal($"🙂ääääää…  {Convert.ToBase64String(bytes)[..9]}…", row);
    }

    [Fact]
    public void Text_that_is_not_utf8_prints_with_replacement_characters()
    {
        var broken = new ArrowArray(
            ArrowType.Utf8, 1,
                [default, MemoryMarshal.AsBytes<int>([0, 3]).ToArray(), new byte[] { 0x61, 0xFF, 0x62 }]);
        Assert.Equal(["\"a\uFFFDb\""], EveryTypeTests.Json(broken));
    }

    [Fact]
    public void A_decimal_whose_scale_is_out_of_sight_prints_with_an_exponent()
    {
        Assert.Equal(
            ["\"-7E-2147483647\""],
                EveryTypeTests.Json(EveryType.Fixed<int>(new DecimalType(32, 9, int.MaxValue), -7)));
        Assert.Equal(
            ["\"7E2147483648\""], EveryTypeTests.Json(EveryType.Fixed<int>(new DecimalType(32, 9, int.MinValue), 7)));
    }

    [Fact]
    public void Hostile_values_name_the_column_and_the_row()
    {
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        var hostile = new ArrowArray(
            type, 2, [default, new byte[] { 0, 9 }], dictionary: EveryType.Texts(ArrowType.Utf8));
        foreach (Action<RecordBatch> print in new Action<RecordBatch>[]
        {
            batch => BatchText.WriteCsv(batch, new StringWriter()),
            batch => BatchText.WriteTable(batch, new StringWriter()),
            batch => BatchText.WriteJsonLines(batch, new StringWriter()),
        })
        {
            InvalidArrowException error = Assert.Throws<InvalidArrowException>(
                () => print(RecordBatch.Of(("c", hostile))));
            Assert.Equal(("c", 1), (error.FieldPath, error.Row));
        }
    }

    // Thirty levels of list views that all show the whole child twice: 2^30 values in some hundred bytes.
    [Fact]
    public void A_table_of_values_that_multiply_stops_at_its_width()
    {
        ArrowArray array = ArrowArray.From<int>(new[] { 1, 2 });
        for (int level = 0; level < 30; level++)
        {
            array = new ArrowArray(new ListType(new Field("item", array.Type), ArrowTypeId.ListView), 2,
                [default, new byte[8], MemoryMarshal.AsBytes<int>([2, 2]).ToArray()], [array]);
        }

        Assert.StartsWith(
            "[[[[[[[[[…\n", Table(RecordBatch.Of(("v", array)), 1, 10).Split('\n', 4)[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Values_too_deep_to_print_are_refused()
    {
        ArrowArray array = ArrowArray.From<int>(new[] { 1 });
        for (int level = 0; level < 200; level++)
            array = new ArrowArray(new StructType(new Field("f", array.Type)), 1, [default], [array]);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<InvalidArrowException>(() => EveryTypeTests.Json(array)).Code);
    }

    [Fact]
    public void The_culture_does_not_matter()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NegativeSign = "minus";
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            Assert.Equal("minus1,5", (-1.5).ToString(CultureInfo.CurrentCulture));
            ArrowArray numbers = EveryType.Fixed<double>(ArrowType.Float64, -1.5);
            Assert.Equal(["-1.5"], EveryTypeTests.Json(numbers));
            Assert.EndsWith("-1.5\n", Table(RecordBatch.Of(("n", numbers)), 1, 9), StringComparison.Ordinal);
            ArrowArray amounts = EveryType.Fixed<long>(new DecimalType(64, 9, 1), -15);
            Assert.Equal(["\"-1.5\""], EveryTypeTests.Json(amounts));
            ArrowArray days = EveryType.Fixed<int>(ArrowType.Date32, -719529);
            Assert.Equal(["\"-0001-12-31\""], EveryTypeTests.Json(days));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string Table(RecordBatch batch, int rows, int width)
    {
        var writer = new StringWriter();
        BatchText.WriteTable(batch, writer, rows, width);
        string table = writer.ToString();
        Assert.DoesNotContain(table.Split('\n'), line => line.EndsWith(' '));
        return table;
    }
}
