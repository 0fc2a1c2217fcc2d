using ArrowCid.Columnar;

namespace ArrowCid.Tests.Transfer;

/// <summary><c>INFERENCE.md</c>, version 1. A row that changes here is a new version there.</summary>
public class InferenceTests
{
    [Theory]
    [InlineData("null", "")]
    [InlineData("bool", "true", "", "False", "TRUE")]
    [InlineData("utf8", "true", "1")]
    [InlineData("utf8", "yes")]
    [InlineData("int64", "0", "-9223372036854775808", "9223372036854775807")]
    [InlineData("uint64", "0", "18446744073709551615")]
    [InlineData("utf8", "-1", "18446744073709551615")]
    [InlineData("utf8", "18446744073709551616")]
    [InlineData("float64", "1", "2.5")]
    [InlineData("float64", "-0")]
    [InlineData("float64", "1E+300", "NaN", "-Infinity")]
    [InlineData("float64", "9007199254740992", "0.5")]
    [InlineData("utf8", "9007199254740993", "0.5")]
    [InlineData("utf8", "1e999")]
    [InlineData("utf8", "007")]
    [InlineData("utf8", "+1")]
    [InlineData("utf8", " 1")]
    [InlineData("utf8", "1.")]
    [InlineData("utf8", ".5")]
    [InlineData("utf8", "nan")]
    [InlineData("date32", "2024-02-29", "0000-01-01")]
    [InlineData("utf8", "2023-02-29")]
    [InlineData("utf8", "2024-02-29", "2024-02-29T00:00:00")]
    [InlineData("time32[s]", "23:59:59")]
    [InlineData("time32[ms]", "00:00:00", "00:00:00.1")]
    [InlineData("time64[us]", "00:00:00.0001")]
    [InlineData("time64[ns]", "00:00:00.1234567")]
    [InlineData("utf8", "24:00:00")]
    [InlineData("utf8", "00:00:60")]
    [InlineData("utf8", "00:00")]
    [InlineData("timestamp[s]", "2024-01-01 00:00:00")]
    [InlineData("timestamp[us]", "2024-01-01T00:00:00.000001", "2024-01-01T00:00:00")]
    [InlineData("timestamp[ms, UTC]", "2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00+02:00")]
    [InlineData("utf8", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00")]
    [InlineData("timestamp[ns]", "2024-01-01T00:00:00.123456789")]
    [InlineData("utf8", "2024-01-01T00:00:00.123456789", "2300-01-01T00:00:00")]
    [InlineData("utf8", "x")]
    public void A_column_of_csv_has_the_type_of_the_table_in_any_order(string type, params string[] texts)
    {
        foreach (IEnumerable<string> order in new[] { texts, Enumerable.Reverse(texts) })
        {
            RecordBatch batch = Rows.Csv($"k,v\n{string.Concat(order.Select(text => $"0,{text}\n"))}")[0];
            Assert.Equal($"k=int64, v={type}", Rows.Types(batch));
        }
    }

    [Theory]
    [InlineData("null", "null")]
    [InlineData("bool", "true", "null")]
    [InlineData("int64", "1", "-2")]
    [InlineData("uint64", "18446744073709551615", "1")]
    [InlineData("float64", "1", "2e0")]
    [InlineData("utf8", "\"1\"")]
    [InlineData("utf8", "\"true\"")]
    [InlineData("utf8", "\"\"")]
    [InlineData("date32", "\"2024-02-29\"")]
    [InlineData("utf8", "\"2024-02-29\"", "\"x\"")]
    [InlineData("timestamp[s, UTC]", "\"2024-02-29T00:00:00Z\"")]
    [InlineData("list<item: null>", "[]")]
    [InlineData("list<item: float64>", "[]", "[1,null]", "[2.5]")]
    [InlineData("struct<a: int64, b: list<item: struct<c: bool>>>", "{\"a\":1}", "{\"b\":[{\"c\":true},{}],\"a\":2}")]
    [InlineData("struct<>", "{}")]
    public void A_value_of_json_has_the_type_of_the_table(string type, params string[] values)
    {
        RecordBatch batch = Rows.Json(string.Concat(values.Select(value => $"{{\"v\":{value}}}\n")))[0];
        Assert.Equal($"v={type}", Rows.Types(batch));
        Assert.Equal(values.Length, batch.Length);
    }

    [Fact]
    public void Cids_do_not_depend_on_what_the_inference_saw_first()
    {
        const string Row = "1,2024-01-01,x\n";
        string late = "a,b,c\n" + string.Concat(Enumerable.Repeat(Row, 3)) + "2.5,2024-01-02,y\n";
        string early = "a,b,c\n2.5,2024-01-02,y\n" + string.Concat(Enumerable.Repeat(Row, 3));
        Assert.Equal(Rows.Types(Rows.Csv(late)[0]), Rows.Types(Rows.Csv(early)[0]));
        Assert.Equal("a=float64, b=date32, c=utf8", Rows.Types(Rows.Csv(late)[0]));
    }

    [Fact]
    public void These_files_have_these_cids()
    {
        Assert.Equal("bafkreidialajwax5ljes4ugv2i3pl6sxcl3gidalp6vxnjjynvsggqu2va",
            Rows.Cids(Rows.Csv("id,at,px\n1,2024-02-29T12:30:00.5Z,1.5\n2,,\n"))[0].ToString());
        Assert.Equal("bafkreie4d6erk2uvl22wjam3lqubenref6zrp4bl6hdyf7pj637sizstdu",
            Rows.Cids(Rows.Json("{\"id\":1,\"tags\":[\"a\"],\"p\":{\"x\":1.5}}\n{\"id\":2}\n"))[0].ToString());
    }
}
