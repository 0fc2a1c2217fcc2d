using System.Text;
using System.Text.Json;

namespace ArrowCid.Tests.Multiformats;

public class CidJsonTests
{
    private static readonly JsonSerializerOptions s_dagJson = new() { Converters = { new CidDagJsonConverter() } };

    private static readonly JsonSerializerOptions s_tinyBuffer = new() { DefaultBufferSize = 1 };

    [Fact]
    public void A_CID_is_a_string_by_itself_in_objects_and_as_a_key()
    {
        Assert.Equal($"\"{Known.HelloText}\"", JsonSerializer.Serialize(Known.Hello));
        Assert.Equal(Known.Hello, JsonSerializer.Deserialize<Cid>($"\"{Known.HelloText}\""));
        Assert.Equal($"{{\"Root\":\"{Known.HelloV0}\",\"Parent\":null}}",
            JsonSerializer.Serialize(new Record(Cid.Parse(Known.HelloV0), null)));
        Assert.Equal(new Record(Known.Hello, Known.Hello), JsonSerializer.Deserialize<Record>(
            $"{{\"Root\":\"{Known.Hello.ToString("k")}\",\"Parent\":\"{Known.HelloText}\"}}"));
        var map = new Dictionary<Cid, int> { [Known.Hello] = 1 };
        string json = JsonSerializer.Serialize(map);
        Assert.Equal($"{{\"{Known.HelloText}\":1}}", json);
        Assert.Equal(map, JsonSerializer.Deserialize<Dictionary<Cid, int>>(json));
    }

    [Fact]
    public void A_CID_is_a_link_in_DAG_JSON()
    {
        string json = $"{{\"/\":\"{Known.HelloText}\"}}";
        Assert.Equal(json, JsonSerializer.Serialize(Known.Hello, s_dagJson));
        Assert.Equal(Known.Hello, JsonSerializer.Deserialize<Cid>(json, s_dagJson));
        Assert.Equal(Known.Hello, JsonSerializer.Deserialize<Cid>($" {{ \"/\" : \"{Known.HelloText}\" }} ", s_dagJson));
        string list = JsonSerializer.Serialize(new[] { Known.Hello, Cid.Parse(Known.HelloV0) }, s_dagJson);
        Assert.Equal($"[{json},{{\"/\":\"{Known.HelloV0}\"}}]", list);
        Assert.Equal([Known.Hello, Cid.Parse(Known.HelloV0)], JsonSerializer.Deserialize<Cid[]>(list, s_dagJson)!);
    }

    [Fact]
    public void The_default_is_null_and_absence_stays_absence()
    {
        Assert.Equal("null", JsonSerializer.Serialize(default(Cid)));
        Assert.Equal("null", JsonSerializer.Serialize(default(Cid), s_dagJson));
        Assert.Equal(default, JsonSerializer.Deserialize<Cid>("null"));
        Assert.Equal(default, JsonSerializer.Deserialize<Cid>("null", s_dagJson));
        Assert.Null(JsonSerializer.Deserialize<Cid?>("null"));
        Assert.Throws<JsonException>(() => JsonSerializer.Serialize(new Dictionary<Cid, int> { [default] = 1 }));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"bafk\"")]
    [InlineData("\" bafkqaaa\"")]
    [InlineData("{\"/\":\"bafkqaaa\"}")]
    public void What_is_no_string_of_a_CID_is_a_JsonException(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Cid>(json));

    [Theory]
    [InlineData("\"bafkqaaa\"")]
    [InlineData("{}")]
    [InlineData("{\"/\":1}")]
    [InlineData("{\"/\":null}")]
    [InlineData("{\"/\":\"bafk\"}")]
    [InlineData("{\"/\":{\"bytes\":\"AA\"}}")]
    [InlineData("{\"/\":\"bafkqaaa\",\"a\":1}")]
    [InlineData("{\"/\":\"bafkqaaa\",\"/\":\"bafkqaaa\"}")]
    [InlineData("{\"cid\":\"bafkqaaa\"}")]
    [InlineData("{\"/\":\"bafkqaaa\"")]
    [InlineData("[\"/\",\"bafkqaaa\"]")]
    public void What_is_no_link_is_a_JsonException(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Cid>(json, s_dagJson));

    [Fact]
    public void The_exception_says_why_and_where_and_holds_ours()
    {
        JsonException thrown = Assert.Throws<JsonException>(
            () => JsonSerializer.Deserialize<Record>("{\"Root\":\"b!!\",\"Parent\":null}"));
        Assert.Contains(Cid.Describe(CidError.InvalidCharacter), thrown.Message, StringComparison.Ordinal);
        Assert.Equal("$.Root", thrown.Path);
        Assert.Equal(ErrorCode.InvalidCid, Assert.IsType<ArrowCidException>(thrown.InnerException).Code);
    }

    [Fact]
    public async Task Escapes_and_text_split_over_buffers_are_read()
    {
        Cid cid = Known.Hello;
        Assert.Equal(cid, JsonSerializer.Deserialize<Cid>($"\"{cid.ToString("m").Replace("/", "\\/")}\""));
        string escaped = string.Concat(Known.HelloText.Select(c => $"\\u{(int)c:x4}"));
        Assert.Equal(cid, JsonSerializer.Deserialize<Cid>($"\"{escaped}\""));
        string hostile = "\"\\u0062" + new string('a', 1_000_000) + "\"";
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Cid>(hostile));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Cid>(hostile.Replace("\\u0062", "b")));

        Cid[] many = [.. Enumerable.Range(0, 50).Select(i => Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i)))];
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(many)));
        Assert.Equal(many, (await JsonSerializer.DeserializeAsync<Cid[]>(stream, s_tinyBuffer))!);
    }

    [Fact]
    public void The_longest_CID_is_written_too()
    {
        var hash = Multihash.Create(Varint.MaxValue, new byte[Multihash.MaxDigestLength]);
        var longest = Cid.Create(Varint.MaxValue, hash);
        Assert.Equal(Cid.MaxByteLength, longest.ByteLength);
        Assert.Equal(longest, JsonSerializer.Deserialize<Cid>(JsonSerializer.Serialize(longest)));
        Assert.Equal(longest, JsonSerializer.Deserialize<Cid>(JsonSerializer.Serialize(longest, s_dagJson), s_dagJson));
        Assert.All("bBcCkKzfFmMuU", prefix => Assert.Equal(longest, Cid.Parse(longest.ToString(prefix.ToString()))));
        Assert.EndsWith("00", longest.ToString("L"), StringComparison.Ordinal);
    }

    private sealed record Record(Cid Root, Cid? Parent);
}
