using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

public class CsvReaderTests
{
    [Fact]
    public void Fields_are_those_of_rfc_4180()
    {
        RecordBatch batch = Assert.Single(Rows.Csv("a,\"b \"\"x\"\"\",c\r\n1,\"two\r\nlines, \"\"quoted\"\"\",\"\"\r\n2,,z\n"));
        Assert.Equal("a=int64, b \"x\"=utf8, c=utf8", Rows.Types(batch));
        Assert.Equal("""{"a":1,"b \"x\"":"two\r\nlines, \"quoted\"","c":""}{"a":2,"b \"x\"":null,"c":"z"}""", Rows.Text(batch));
    }

    [Fact]
    public void A_last_line_needs_no_end_and_a_byte_order_mark_is_skipped()
    {
        byte[] bytes = [0xEF, 0xBB, 0xBF, .. "é,b\n1,"u8];
        Assert.Equal("""{"é":1,"b":null}""", Rows.Text(Assert.Single(Rows.Csv(bytes))));
    }

    [Fact]
    public void Empty_lines_are_skipped_and_are_nulls_where_there_is_one_column()
    {
        Assert.Equal("""{"a":1,"b":2}{"a":3,"b":4}""", Rows.Text(Rows.Csv("\r\na,b\n\n1,2\r\n\r\n3,4\n\n")[0]));
        Assert.Equal("""{"a":1}{"a":null}{"a":3}""", Rows.Text(Rows.Csv("a\n1\n\n3\n")[0]));
    }

    [Fact]
    public void Without_a_header_columns_are_numbered_and_another_delimiter_is_taken()
    {
        RecordBatch batch = Rows.Csv("1;x\n2;y,z\n", new RowReadOptions { HasHeader = false, Delimiter = ';' })[0];
        Assert.Equal("""{"f0":1,"f1":"x"}{"f0":2,"f1":"y,z"}""", Rows.Text(batch));
    }

    [Theory]
    [InlineData("a,b\n1,2,3\n", "2:5: the row has 3 fields where 2 are due")]
    [InlineData("a,b\n1,2\n1\n", "3:2: the row has 1 fields where 2 are due")]
    [InlineData("a,b\n\"x\ny\",é\"\n", "3:5: a quote inside a field that is not quoted; quote the field and double the quote")]
    [InlineData("a\n\"x\"y\n", "2:4: text behind a closing quote; double a quote that is part of the field")]
    [InlineData("a,b\n1,\"x\n\n", "2:3: the quote that opens here is not closed")]
    [InlineData("a\n1\r2\n", "2:2: a carriage return without a line feed; quote the field that holds it")]
    [InlineData("", "1:1: the input is empty, and a row of names is to come first")]
    public void What_is_no_csv_is_refused_with_its_place(string text, string fault) =>
        Assert.Equal(fault, Rows.Fault(() => Rows.Csv(text)));

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_in_any_column()
    {
        Assert.Equal("2:3: 'b' is not UTF-8 here; convert the file", Rows.Fault(() => Rows.Csv([.. "a,b\n1,\xFF"u8[..6], 0xFF])));
        Assert.Equal("1:1: this is UTF-16; convert it to UTF-8", Rows.Fault(() => Rows.Csv(Encoding.Unicode.GetPreamble())));
    }

    [Theory]
    [InlineData("int8", "128")]
    [InlineData("int64", "9223372036854775808")]
    [InlineData("int64", "-0")]
    [InlineData("int64", "+1")]
    [InlineData("int64", " 1")]
    [InlineData("int64", "01")]
    [InlineData("uint8", "-1")]
    [InlineData("float64", "1e999")]
    [InlineData("float64", ".5")]
    [InlineData("float64", "1,5")]
    [InlineData("decimal128(5, 2)", "1234.00")]
    [InlineData("decimal128(5, 2)", "1.001")]
    [InlineData("bool", "yes")]
    [InlineData("date32", "2023-02-29")]
    [InlineData("time32[s]", "12:30:00.5")]
    [InlineData("timestamp[us]", "2024-01-01T00:00:00Z")]
    [InlineData("timestamp[us, UTC]", "2024-01-01T00:00:00")]
    [InlineData("timestamp[ns]", "2300-01-01T00:00:00")]
    [InlineData("binary", "AA=A")]
    [InlineData("fixed_size_binary[2]", "AAAA")]
    [InlineData("null", "x")]
    public void A_text_that_is_no_value_of_the_given_type_is_refused(string type, string text)
    {
        string fault = Rows.Fault(() => Rows.Csv($"a,b\n1,\"{text}\"\n", Rows.Typed($"b={type}")));
        Assert.Equal($"2:3: 'b' is {TypeTextReader.Type(type)}, and '{text}' is no such value", fault);
    }

    [Fact]
    public void Floats_are_the_nearest_to_their_text()
    {
        string[] texts = ["0.1", "5e-324", "1.7976931348623157e308", "9007199254740993", "0.30000000000000004", "-0", "2.2250738585072011e-308"];
        RecordBatch batch = Rows.Csv($"a\n{string.Join('\n', texts)}\n", Rows.Typed("a=float64"))[0];
        Assert.Equal([0.1, double.Epsilon, double.MaxValue, 9007199254740992, 0.1 + 0.2, -0.0, 2.2250738585072011e-308],
            batch.Column<double>("a").Values.ToArray());
        Assert.True(double.IsNegative(batch.Column<double>("a").Values[5]));
    }

    [Fact]
    public void Offsets_are_taken_away_and_decimals_brought_to_scale()
    {
        RecordBatch batch = Rows.Csv("t,d\n2024-03-01T00:30:00+01:00,12e-1\n2024-02-29 23:30:00Z,-0.50\n",
            Rows.Typed("t=timestamp[ms, Europe/Berlin],d=decimal256(40, 2)"))[0];
        Assert.Equal("""{"t":"2024-02-29T23:30:00.000Z","d":"1.20"}{"t":"2024-02-29T23:30:00.000Z","d":"-0.50"}""", Rows.Text(batch));
    }

    [Fact]
    public void Blocks_are_cut_by_rows_whatever_the_stream_gives_at_once()
    {
        string text = "n,t\n" + string.Concat(Enumerable.Range(0, 70_000).Select(i => $"{i},\"r\"\"{i}\"\n"));
        RecordBatch[] batches = Rows.Csv(text);
        Assert.Equal([65_536, 70_000 - 65_536], batches.Select(batch => batch.Length));
        Assert.Equal([30_000, 30_000, 10_000], Rows.Csv(text, new RowReadOptions { RowsPerBatch = 30_000 }).Select(b => b.Length));
        using var trickle = RowReader.OpenCsv(new ThrottledStream(Encoding.UTF8.GetBytes(text), 4099));
        var read = new List<RecordBatch>();
        while (trickle.ReadView() is { } batch) read.Add(batch);
        Assert.Equal(Rows.Cids(batches), Rows.Cids(read));
    }

    [Fact]
    public void No_row_is_one_empty_batch()
    {
        RecordBatch batch = Assert.Single(Rows.Csv("a,b\n", Rows.Typed("b=int8")));
        Assert.Equal((0, "a=null, b=int8"), (batch.Length, Rows.Types(batch)));
        Assert.Equal([2], Rows.Csv("a\n1\n2\n", new RowReadOptions { RowsPerBatch = 2 }).Select(b => b.Length));
    }

    [Fact]
    public void A_schema_is_held_to_and_read_from_a_stream_as_it_comes()
    {
        var schema = new Schema(new Field("a", ArrowType.Int32, nullable: false), new Field("b", ArrowType.Utf8View));
        using var reader = RowReader.OpenCsv(new ThrottledStream("a,b\n1,x\n,y\n"u8.ToArray(), 1), new RowReadOptions { SchemaView = schema, RowsPerBatch = 1 });
        Assert.Same(schema, reader.SchemaView);
        Assert.Equal(1, reader.ReadView()!.Length);
        string fault = Rows.Fault(() => reader.ReadView());
        Assert.Equal("3:1: 'a' is empty, and it may not be null", fault);
        Assert.Equal(fault, Rows.Fault(() => reader.ReadView()));
        Assert.Equal("1:3: the column is 'c' where the schema has 'b'",
            Rows.Fault(() => Rows.Csv("a,c\n1,2\n", new RowReadOptions { SchemaView = schema })));
    }

    [Fact]
    public void A_checked_file_gives_no_batch_before_its_last_fault()
    {
        byte[] bytes = "a\n1\n2\nx\n"u8.ToArray();
        RowReadOptions options = new() { TypeViews = TypeTextReader.Types("a=int64"), RowsPerBatch = 1, CheckFirst = true };
        Assert.Equal("4:1: 'a' is int64, and 'x' is no such value",
            Rows.Fault(() => RowReader.OpenCsv(new MemoryStream(bytes), options)));
    }

    [Fact]
    public void A_type_for_a_column_that_is_not_there_is_refused()
    {
        ArrowCidException e = Assert.Throws<ArrowCidException>(() => Rows.Csv("a,b\n1,2\n", Rows.Typed("c=int64")));
        Assert.Equal(ErrorCode.InvalidArgument, e.Code);
        Assert.Contains("'c'", e.Message, StringComparison.Ordinal);
    }
}
