using System.Globalization;
using System.Text.Json;
using ArrowCid.Ipld;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Store;

/// <summary>Keys of calls: the vectors that every language computes, and what is refused.</summary>
public sealed class CallKeyTests
{
    private static readonly Cid s_cid = Cid.Parse("bafkreigks6arfsq3xxfpvqrrwonchxcnu6do76auprhhfomao6c273sixm");

    [Fact]
    public void Vectors_give_their_keys()
    {
        using JsonDocument vectors =
            JsonDocument.Parse(File.ReadAllText(Repository.PathOf("interop/vectors/calls.json")));
        int count = 0;
        foreach (JsonElement vector in vectors.RootElement.GetProperty("calls").EnumerateArray())
        {
            var arguments = new Dictionary<string, object?>();
            foreach (JsonProperty each in vector.GetProperty("params").EnumerateObject())
                arguments.Add(each.Name, ValueOf(each.Value));
            foreach (JsonProperty each in vector.GetProperty("inputs").EnumerateObject())
                arguments.Add(each.Name, Cid.Parse(each.Value.GetString()!));
            CallKey key = CallKey.Create(TextOf(vector, "fn"), TextOf(vector, "version"), arguments,
                vector.GetProperty("env").EnumerateObject()
                    .Select(each => KeyValuePair.Create(each.Name, each.Value.GetString())));
            string name = TextOf(vector, "name");
            Assert.True(TextOf(vector, "block") == Convert.ToHexStringLower(key.Block.Span), name);
            Assert.True(TextOf(vector, "cid") == key.Cid.ToString(), name);
            Assert.True(key.Equals(CallKey.Decode(key.Block.Span)), name);
            count++;
        }

        Assert.Equal(60, count);
    }

    [Fact]
    public void Key_does_not_depend_on_the_order_of_arguments_or_the_kind_of_a_whole_number()
    {
        CallKey one = CallKey.Create("f", "1", new { day = "2026-11-20", n = 5, trades = s_cid });
        CallKey other = CallKey.Create("f", "1", new { trades = s_cid, n = 5.0, day = new DateOnly(2026, 11, 20) });
        Assert.Equal(one, other);
        Assert.Equal(one.Cid, other.Cid);
        Assert.Equal(one, CallKey.Create("f", "1", new Dictionary<string, object?> { ["n"] = 5, ["day"] = "2026-11-20", ["trades"] = s_cid }));
        Assert.NotEqual(one, CallKey.Create("f", "2", new { day = "2026-11-20", n = 5, trades = s_cid }));
        Assert.NotEqual(one, CallKey.Create("f", "1", new { day = "2026-11-20", n = 6, trades = s_cid }));
        Assert.NotEqual(one, CallKey.Create("f", "1", new { day = "2026-11-20", n = 5, quotes = s_cid }));
    }

    public static TheoryData<object> NoData => new()
    {
        new Action(() => { }), new MemoryStream(), double.NaN, double.PositiveInfinity, "half \ud800",
        new Dictionary<int, string> { [1] = "x" }, new[] { s_cid }, new object(), IpldNode.Link(s_cid), Int128.MaxValue,
    };

    [Theory]
    [MemberData(nameof(NoData))]
    public void Argument_that_is_no_data_is_refused_by_name(object value)
    {
        var error = Assert.Throws<ArrowCidException>(() =>
            CallKey.Create("f", "", [KeyValuePair.Create("fine", (object?)1), KeyValuePair.Create("wrong one", (object?)value)]));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("'wrong one'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_allowed_are_refused()
    {
        string tooLong = new('x', CallKey.MaxNameBytes + 1);
        foreach (string name in new[] { "", tooLong, "\udc00" })
        {
            Assert.Equal(ErrorCode.InvalidArgument, Code(() => CallKey.Create(name, "", [])));
            Assert.Equal(ErrorCode.InvalidArgument, Code(() => CallKey.Create("f", "", [KeyValuePair.Create(name, (object?)1)])));
        }

        Assert.Equal(ErrorCode.InvalidArgument, Code(() => CallKey.Create("f", tooLong, [])));
        Assert.Equal(ErrorCode.InvalidArgument, Code(() =>
            CallKey.Create("f", "", [KeyValuePair.Create("a", (object?)1), KeyValuePair.Create("a", (object?)s_cid)])));
        Assert.Equal(ErrorCode.TooLarge, Code(() => CallKey.Create("f", "", new { text = new string('x', CallKey.MaxBytes) })));
    }

    [Fact]
    public void Block_in_another_form_is_no_call()
    {
        CallKey key = CallKey.Create("f", "", new { x = 1, at = s_cid });
        byte[][] wrong =
        [
            [], [0xa0], [0xff], DagCbor.Encode(IpldNode.Text("call")),
            Changed(key, "v", IpldNode.Integer(2)), Changed(key, "kind", IpldNode.Text("arrowcid/calls")),
            Changed(key, "fn", IpldNode.Text("")), Changed(key, "version", IpldNode.Null),
            Changed(key, "params", IpldNode.List()), Changed(key, "params", IpldNode.Map(("x", IpldNode.Float(1)))),
            Changed(key, "params", IpldNode.Map(("x", IpldNode.Link(s_cid)))),
            Changed(key, "inputs", IpldNode.Map(("at", IpldNode.Bytes([1, 2])))),
            Changed(key, "inputs", IpldNode.Map(("at", IpldNode.Text(s_cid.ToString())))),
            Changed(key, "env", IpldNode.Map(("TZ", IpldNode.Integer(1)))), Changed(key, "more", IpldNode.Null),
            new byte[CallKey.MaxBytes + 1],
        ];
        foreach (byte[] block in wrong)
        {
            Exception error = Record.Exception(() => CallKey.Decode(block))!;
            Assert.True(error is ArrowCidException { Code: ErrorCode.InvalidData }, $"{Convert.ToHexString(block.AsSpan()[..Math.Min(20, block.Length)])}: {error}");
        }
    }

    private static byte[] Changed(CallKey key, string member, IpldNode value)
    {
        IpldNode node = DagCbor.Decode(key.Block.Span);
        return DagCbor.Encode(IpldNode.Map([.. node.Entries.Where(pair => pair.Key != member)
            .Select(pair => (pair.Key, pair.Value)), (member, value)]));
    }

    private static object? ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt64(out long number) ? number : value.GetDouble(),
        JsonValueKind.Array => value.EnumerateArray().Select(ValueOf).ToArray(),
        _ => value.EnumerateObject().ToArray() is [var only] && only.Name.StartsWith('$')
            ? Typed(only.Name, only.Value.GetString()!)
            : value.EnumerateObject().ToDictionary(each => each.Name, each => ValueOf(each.Value)),
    };

    private static object Typed(string type, string text) => type switch
    {
        "$int" => Int128.Parse(text, CultureInfo.InvariantCulture),
        "$float" => double.Parse(text, CultureInfo.InvariantCulture),
        "$bytes" => Convert.FromHexString(text),
        "$date" => DateOnly.Parse(text, CultureInfo.InvariantCulture),
        "$time" => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture),
        _ => throw new InvalidDataException(type),
    };

    private static string TextOf(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static ErrorCode Code(Action act) => Assert.Throws<ArrowCidException>(act).Code;
}
