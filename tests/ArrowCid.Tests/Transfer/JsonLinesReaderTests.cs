using System.Globalization;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Transfer;

public class JsonLinesReaderTests
{
    [Fact]
    public void Keys_that_are_missing_are_null_and_columns_stand_as_they_came()
    {
        RecordBatch batch = Assert.Single(Rows.Json("{\"b\":1}\r\n\n  {\"a\":[{\"x\":\"é\\n\\u00e9\"}],\"b\":null}  \n{}"));
        Assert.Equal("b=int64, a=list<item: struct<x: utf8>>", Rows.Types(batch));
        Assert.Equal("""{"b":1,"a":null}{"b":null,"a":[{"x":"é\né"}]}{"b":null,"a":null}""", Rows.Text(batch));
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}", "1:8: the key a comes twice in one object")]
    [InlineData("{\"a\":{\"x\":1,\"b\":{},\"x\":2}}", "1:20: the key a.x comes twice in one object")]
    [InlineData("{\"a\":[1]}\n\n{\"a\":[\"x\"]}", "3:7: a[] is a string here and a number in line 1; a column has one type")]
    [InlineData("{\"a\":{\"b\":1}}\n{\"a\":{\"b\":{}}}", "2:11: a.b is an object here and a number in line 1; a column has one type")]
    [InlineData("{\"a\":1}\n{\"a\":1.5}\n{\"a\":9007199254740993}",
        "3:1: the numbers at a have no type that holds them all; give it one, such as float64 or decimal128(38, 0)")]
    [InlineData("[1]", "1:1: a line of JSON lines is one object; write each row as {…} in a line of its own")]
    [InlineData("{\"a\":\"\\ud800\"}", "1:6: a string with half of a surrogate pair, or bytes that are not UTF-8")]
    [InlineData("", "1:1: there is no row to infer columns from; give a schema")]
    public void What_is_no_json_lines_is_refused_with_its_place(string text, string fault) =>
        Assert.Equal(fault, Rows.Fault(() => Rows.Json(text)));

    [Theory]
    [InlineData("{\"é\":1,}", 1, 8)]
    [InlineData("{}\n{\"a\":01}", 2, 7)]
    [InlineData("{\"a\":1} x", 1, 9)]
    [InlineData("{\"a\":NaN}", 1, 6)]
    [InlineData("{\"a\":1", 1, 7)]
    public void What_is_no_json_is_refused_with_its_place(string text, int line, int column)
    {
        InvalidTextException e = Assert.Throws<InvalidTextException>(() => Rows.Json(text));
        Assert.Equal((line, column), (e.Line, e.Column));
        Assert.StartsWith("no JSON: ", e.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_and_keys_have_bounds()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 31)) + "1" + new string('}', 31);
        Assert.Equal(1, Rows.Json(deep)[0].Length);
        Assert.StartsWith("1:", Rows.Fault(() => Rows.Json($"{{\"a\":[{deep}]}}")), StringComparison.Ordinal);
        string wide = string.Join('\n', Enumerable.Range(0, 10_001).Select(i => $"{{\"k{i}\":1}}"));
        Assert.StartsWith("10001:2: more than 10000 keys", Rows.Fault(() => Rows.Json(wide)), StringComparison.Ordinal);
        string sparse = string.Join('\n', Enumerable.Range(0, 9000).Select(i => $"{{\"k{i}\":1}}"));
        InvalidTextException e = Assert.Throws<InvalidTextException>(() => Rows.Json(sparse));
        Assert.Equal(ErrorCode.TooLarge, e.Code);
    }

    [Theory]
    [InlineData("int8", "128")]
    [InlineData("int64", "1.0")]
    [InlineData("int64", "\"1\"")]
    [InlineData("float64", "\"1\"")]
    [InlineData("utf8", "1")]
    [InlineData("bool", "\"true\"")]
    [InlineData("struct<x: int8>", "[]")]
    [InlineData("list<int8>", "{}")]
    public void A_value_that_is_none_of_the_given_type_is_refused(string type, string value)
    {
        string fault = Rows.Fault(() => Rows.Json($"{{\"v\":{value}}}", Rows.Typed($"v={type}")));
        Assert.StartsWith($"1:6: v is {TypeTextReader.Type(type)}, and ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_types_come_first_and_the_others_are_inferred()
    {
        RecordBatch batch = Rows.Json("{\"b\":1,\"a\":\"1.50\",\"m\":[[\"k\",null]]}\n{\"a\":2}\n",
            Rows.Typed("a=decimal128(9, 2),z=date32,m=map<key: utf8 not null, value: int8>"))[0];
        Assert.Equal("a=decimal128(9, 2), z=date32, m=map<key: utf8 not null, value: int8>, b=int64", Rows.Types(batch));
        Assert.Equal("""{"a":"1.50","z":null,"m":[["k",null]],"b":1}{"a":"2.00","z":null,"m":null,"b":null}""", Rows.Text(batch));
    }

    [Fact]
    public void A_schema_is_held_to()
    {
        var schema = new Schema(new Field("a", ArrowType.Int32, nullable: false), new Field("l",
            new FixedSizeListType(new Field("item", ArrowType.Float32), 2)));
        RowReadOptions options = new() { SchemaView = schema };
        Assert.Equal("""{"a":1,"l":[0.5,"NaN"]}""", Rows.Text(Rows.Json("{\"l\":[0.5,\"NaN\"],\"a\":1}", options)[0]));
        Assert.Equal(0, Assert.Single(Rows.Json("", options)).Length);
        Assert.Equal("1:11: a is missing, and it may not be null", Rows.Fault(() => Rows.Json("{\"l\":[1,2]}", options).ToString()));
        Assert.Equal("1:14: l has 1 elements where 2 are due", Rows.Fault(() => Rows.Json("{\"a\":1,\"l\":[1]}", options)));
        Assert.StartsWith("1:8: the key x is no column of the schema", Rows.Fault(() => Rows.Json("{\"a\":1,\"x\":1}", options)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_may_come_in_any_pieces()
    {
        string text = string.Concat(Enumerable.Range(0, 5000).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"{{\"i\":{i},\"t\":\"{new string('x', i % 300)}\"}}\n")));
        using var reader = RowReader.OpenJsonLines(new ThrottledStream(Encoding.UTF8.GetBytes(text), 777), new RowReadOptions { RowsPerBatch = 2000 });
        var read = new List<RecordBatch>();
        while (reader.ReadView() is { } batch) read.Add(batch);
        Assert.Equal(Rows.Cids(Rows.Json(text, new RowReadOptions { RowsPerBatch = 2000 })), Rows.Cids(read));
        Assert.Equal(3, read.Count);
    }
}
