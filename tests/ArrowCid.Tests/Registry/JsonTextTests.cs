using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Registry;

public class JsonTextTests
{
    [Theory]
    [InlineData("null", "null")]
    [InlineData(" { \"b\" : [ 1 , 2.5, true ], \"a\" : \"x\\u00e9\\n\" } ", "{\"a\":\"xé\\n\",\"b\":[1,2.5,true]}")]
    [InlineData("{\"aa\":1,\"b\":{}}", "{\"b\":{},\"aa\":1}")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("-18446744073709551616", "-18446744073709551616")]
    [InlineData("18446744073709551616", "1.8446744073709552E+19")]
    [InlineData("1.0", "1.0")]
    [InlineData("1e2", "100.0")]
    [InlineData("-0.0", "-0.0")]
    public void Json_has_one_form(string text, string form)
    {
        string once = JsonText.Format(JsonText.Parse(text));
        Assert.Equal(form, once);
        Assert.Equal(form, JsonText.Format(JsonText.Parse(once)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("nul")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("1e999")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("[1,]")]
    [InlineData("// no\n1")]
    public void What_is_no_json_is_refused(string text)
    {
        var e = Assert.Throws<ArrowCidException>(() => JsonText.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, e.Code);
        Assert.StartsWith("the JSON ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_bounded_in_depth_and_length()
    {
        string Deep(int depth) => new string('[', depth) + new string(']', depth);
        Assert.Equal(Deep(FactLimits.MaxJsonDepth), JsonText.Format(JsonText.Parse(Deep(FactLimits.MaxJsonDepth))));
        Assert.Throws<ArrowCidException>(() => JsonText.Parse(Deep(FactLimits.MaxJsonDepth + 1)));
        Assert.Throws<ArrowCidException>(() => JsonText.Parse("\"" + new string('x', 200_000) + "\""));
    }

    [Fact]
    public void What_json_has_no_form_for_is_written_as_dag_json_writes_it()
    {
        Cid cid = Cid.Sha256(Multicodec.Raw, "x"u8);
        IpldNode node = IpldNode.List(IpldNode.Link(cid), IpldNode.Bytes([1, 2, 3, 4]));
        Assert.Equal($"[{{\"/\":\"{cid}\"}},{{\"/\":{{\"bytes\":\"AQIDBA\"}}}}]", JsonText.Format(node));
    }
}
