using System.Globalization;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Registry;

/// <summary>What the filter language says: examples of every field, operator, literal and fault.</summary>
public class FilterTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly Cid s_cid = Cid.Parse("bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy");
    private static readonly Cid s_parent = Cid.Parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");

    private static readonly StoredEntry s_entry = new()
    {
        Cid = s_cid,
        SchemaCid = s_parent,
        Kind = BlockKind.Batch,
        Rows = 1500,
        ByteLength = 65536,
        Created = new DateTimeOffset(2026, 11, 20, 9, 30, 15, 250, TimeSpan.Zero),
        Producer = "etl-7",
        Parents = [s_parent],
        Names = ["latest", "quotes/2026"],
        Expires = s_now.AddHours(30),
        Tags = new Dictionary<string, string>
        {
            ["day"] = "2026-11-20",
            ["run.id"] = "7",
            ["ok"] = "true",
            ["a key"] = "with \"quotes\"",
            ["size"] = "1e3",
        },
        Data = IpldNode.Map(
            ("run", IpldNode.Map(("id", IpldNode.Integer(7)), ("cost", IpldNode.Float(0.5)), ("id text", IpldNode.Text("7")))),
            ("labels", IpldNode.List(IpldNode.Text("red"), IpldNode.Text("green"), IpldNode.Integer(3))),
            ("done", IpldNode.True), ("nothing", IpldNode.Null), ("at", IpldNode.Text("2026-11-20T09:30:00Z")),
            ("of", IpldNode.Link(s_parent)), ("big", IpldNode.Integer(ulong.MaxValue))),
    };

    [Theory]
    [InlineData("tag.day = \"2026-11-20\" and rows > 1000 and age < 7d")]
    [InlineData("producer ~ \"etl-*\" and not pinned")]
    [InlineData("bytes >= 64KiB or name in (\"latest\",\"best\")")]
    [InlineData("json.run.id = 7")]
    [InlineData("created >= 2026-11-20")]
    [InlineData("created = 2026-11-20 and created = 2026-11-20T09:30Z and created = 2026-11-20T09:30:15Z")]
    [InlineData("created = 2026-11-20T09:30:15.250Z and created = 2026-11-20T10:30:15+01:00")]
    [InlineData("created = '2026-11-20' and created < 2026-11-21 and created <= 2026-11-20 and not created > 2026-11-20")]
    [InlineData("created in (2026-11-19, 2026-11-20) and created not in (2026-11-19, 2026-11-21)")]
    [InlineData("age > 1d and age < 1d2h29m44s751ms and age >= 26h and age != 1w")]
    [InlineData("expires < 2d and expires > 1d and expires = 30h and expires = 2026-11-22 and has expires")]
    [InlineData("cid = bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy and cid ~ bafkreid*")]
    [InlineData("cid = \"f01551220702937a3cd3dfe4fdbe4cc2116e8f329d0d3dcdcf376c3d490ec5e60585607be\"")]
    [InlineData("schema = bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e and schema != bafkqaaa")]
    [InlineData("parent = bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e and has parent")]
    [InlineData("kind = batch and kind != schema and kind in (\"batch\", raw) and kind ~ b*")]
    [InlineData("name = latest and name = quotes/2026 and name != best and name ~ \"quotes/????\"")]
    [InlineData("producer > etl-6 and producer <= etl-7 and producer !~ \"*8\"")]
    [InlineData("rows = 1500 and rows = 1.5e3 and rows < 1500.5 and rows in (1, 1500)")]
    [InlineData("bytes = 65536 and bytes = 64KiB and bytes < 0.1MB and bytes > 65.535kB and bytes = 65536B")]
    [InlineData("tag.run.id = 7 and tag.run.id = 7.0 and tag.run.id = \"7\" and tag.run.id < 10")]
    [InlineData("tag.day = 2026-11-20 and tag.day > 2026-11-19 and tag.day ~ 2026-*")]
    [InlineData("tag.ok = true and tag.ok != false and tag.size = 1000 and tag.size > 999.5")]
    [InlineData("tag.\"a key\" = 'with \"quotes\"' and tag.'a key' = \"with \\\"quotes\\\"\"")]
    [InlineData("has tag.day and not has tag.month and tag.month != \"x\" and not tag.month < 5")]
    [InlineData("json.run.cost < 1 and json.run.cost = 5e-1 and json.\"run\".\"id text\" = \"7\"")]
    [InlineData("json.labels = red and json.labels = 3 and json.labels != blue and json.labels.1 = green")]
    [InlineData("json.done = true and json.nothing = null and has json.nothing and json.at = 2026-11-20")]
    [InlineData("json.of = \"bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e\" and json.of ~ baf*")]
    [InlineData("json.big = 18446744073709551615 and json.big > 18446744073709551614 and json.big < 1e20")]
    [InlineData("PINNED = false OR NOT pinned AND Rows > 0")]
    [InlineData("not (rows < 10 or pinned) and not not rows > 10")]
    [InlineData("rows>1000 and(rows<2000)and rows!=3")]
    public void What_is_true_of_an_entry_passes(string text)
    {
        var filter = Filter.Parse(text);
        Assert.True(filter.Matches(s_entry, s_now), filter.ToString());
        Assert.True(Filter.Parse(filter.ToString()).Matches(s_entry, s_now), filter.ToString());
    }

    [Theory]
    [InlineData("rows > 1500")]
    [InlineData("age < 1d")]
    [InlineData("pinned")]
    [InlineData("pinned != false")]
    [InlineData("producer = \"ETL-7\"")]
    [InlineData("producer ~ \"etl\"")]
    [InlineData("name = best or name in (first, last)")]
    [InlineData("created != 2026-11-20")]
    [InlineData("created > 2026-11-20 or created < 2026-11-20T09:30:15.250Z")]
    [InlineData("json.run.id = \"7\" or json.run.\"id text\" = 7 or json.run = 7")]
    [InlineData("json.labels.3 = green or json.labels.01 = green or json.none.of.this = 1")]
    [InlineData("json.done = false or json.nothing = false or json.done = null")]
    [InlineData("json.run.id.deeper = 1 or has json.labels.x")]
    [InlineData("tag.month = 11 or tag.month < 12 or tag.month ~ \"*\"")]
    [InlineData("tag.Day = 2026-11-20")]
    [InlineData("tag.day < 5 or tag.day >= 0")]
    [InlineData("json.labels ~ \"b*\"")]
    public void What_is_not_true_of_it_does_not(string text) => Assert.False(Filter.Parse(text).Matches(s_entry, s_now));

    [Fact]
    public void Of_a_block_that_is_not_here_only_facts_are_known()
    {
        var entry = new StoredEntry { Cid = s_cid, Tags = new Dictionary<string, string> { ["a"] = "b" } };
        string[] unknown = ["schema", "rows", "bytes", "kind", "created", "age", "producer", "parent", "name", "pinned", "expires", "json.a"];
        foreach (string field in unknown)
        {
            Assert.False(Filter.Parse($"has {field}").Matches(entry, s_now), field);
        }

        Assert.True(Filter.Parse("has cid and has tag.a and rows != 0 and not rows = 0 and not rows < 1").Matches(entry, s_now));
    }

    [Theory]
    [InlineData("rows>1 AND  (age<7d)", "rows > 1 and age < 7d")]
    [InlineData("(rows > 1 and (rows > 2 and rows > 3)) or (pinned or not not pinned)", "rows > 1 and rows > 2 and rows > 3 or pinned or pinned")]
    [InlineData("rows > 1 and (pinned or name = a)", "rows > 1 and (pinned or name = \"a\")")]
    [InlineData("not (pinned and has name)", "not (pinned and has name)")]
    [InlineData("pinned = false", "not pinned")]
    [InlineData("pinned != false", "pinned")]
    [InlineData("not rows not in (1,2.0)", "rows in (1, 2)")]
    [InlineData("name !~ 'a*'", "not name ~ \"a*\"")]
    [InlineData("bytes > 1.5MiB", "bytes > 1572864")]
    [InlineData("age > 1w and age < 90m and age != 0h", "age > 7d and age < 1h30m and age != 0s")]
    [InlineData("created > 2026-11-20T10:00+01:00", "created > 2026-11-20T09:00Z")]
    [InlineData("created = 2026-11-20T10:00:00.000", "created = 2026-11-20T10:00:00.000Z")]
    [InlineData("tag.\"a\".b = c and tag.\"a b\" = d and tag.'' = e and tag.\"a.\" = f", "tag.a.b = \"c\" and tag.\"a b\" = \"d\" and tag.\"\" = \"e\" and tag.\"a.\" = \"f\"")]
    [InlineData("json.\"a.b\".c.0 = null", "json.\"a.b\".c.0 = null")]
    [InlineData("name = 'it\\'s\\n\\u0001\\ud800'", "name = \"it's\\n\\u0001\\ud800\"")]
    [InlineData("json.x = -0.0 and json.x = 1e400000000000", null)]
    [InlineData("json.x = -0.0 and json.x = 1e300 and json.x = 1e20 and json.x = 0.1", "json.x = 0 and json.x = 1E+300 and json.x = 100000000000000000000 and json.x = 0.1")]
    public void The_canonical_form_is(string text, string? canonical)
    {
        Assert.Equal(canonical is not null, Filter.TryParse(text, out Filter? filter));
        if (canonical is null) return;
        Assert.Equal(canonical, filter!.ToString());
        Assert.Equal(canonical, Filter.Parse(canonical).ToString());
    }

    [Theory]
    [InlineData("", 0, 0, "the end", "a field")]
    [InlineData("   ", 3, 0, "the end", "a field")]
    [InlineData("rows > and", 7, 3, "'and'", "a number")]
    [InlineData("rows >", 6, 0, "the end", "a number")]
    [InlineData("rows", 4, 0, "the end", "one of = != <")]
    [InlineData("rows => 1", 5, 2, "'=>'", "one of =")]
    [InlineData("rows ~ 1", 5, 1, "'~'", "one of =")]
    [InlineData("rows = \"1\"", 7, 3, "a text in quotes", "a number")]
    [InlineData("row > 1", 0, 3, "'row'", "a field: cid schema rows")]
    [InlineData("rows.x > 1", 0, 6, "'rows.x'", "'rows' alone")]
    [InlineData("rows > 1 rows < 2", 9, 4, "'rows'", "'and', 'or' or the end")]
    [InlineData("(rows > 1", 9, 0, "the end", "')'")]
    [InlineData("rows > 1)", 8, 1, "')'", "the end")]
    [InlineData("rows in 1", 8, 1, "'1'", "'('")]
    [InlineData("rows in ()", 9, 1, "')'", "a number")]
    [InlineData("rows in (1 2)", 11, 1, "'2'", "',' or ')'")]
    [InlineData("rows not 1", 9, 1, "'1'", "'in'")]
    [InlineData("pinned > true", 7, 1, "'>'", "'=' or '!='")]
    [InlineData("pinned = yes", 9, 3, "'yes'", "true or false")]
    [InlineData("tag = 1", 0, 3, "'tag'", "'tag.' and a tag's key")]
    [InlineData("tag. day = 1", 4, 1, "a space", "right behind the dot")]
    [InlineData("json.a..b = 1", 0, 9, "'json.a..b'", "a path")]
    [InlineData("tag.a* = 1", 0, 6, "'tag.a*'", "quotes")]
    [InlineData("has", 3, 0, "the end", "a field")]
    [InlineData("not", 3, 0, "the end", "a field")]
    [InlineData("age < 7", 6, 1, "'7'", "a duration such as 7d")]
    [InlineData("age < 1m1h", 6, 4, "'1m1h'", "a duration")]
    [InlineData("age < 106751991168d", 6, 13, "'106751991168d'", "a duration")]
    [InlineData("created > 2026-13-01", 10, 10, "'2026-13-01'", "a date or time")]
    [InlineData("created > 2026-11-20Z", 10, 11, "'2026-11-20Z'", "a date or time")]
    [InlineData("bytes > 1.5B", 8, 4, "'1.5B'", "a number of bytes")]
    [InlineData("bytes > 9999999999999GiB", 8, 16, "'9999999999999GiB'", "a number of bytes")]
    [InlineData("cid = bafk", 6, 4, "'bafk'", "a CID")]
    [InlineData("cid < bafk", 4, 1, "'<'", "one of = != ~ in")]
    [InlineData("kind = bacth", 7, 5, "'bacth'", "batch, schema, raw, view, dataset, manifest, node")]
    [InlineData("tag.a = null", 8, 4, "'null'", "'not has'")]
    [InlineData("tag.a < true", 8, 4, "'true'", "has an order")]
    [InlineData("tag.a = 7d", 8, 2, "'7d'", "in quotes")]
    [InlineData("tag.a = 1.2.3", 8, 5, "'1.2.3'", "text goes in quotes")]
    [InlineData("name = \"a", 7, 2, "without its end", "a closing \"")]
    [InlineData("name = \"a\\x\"", 9, 2, "a backslash", "one of")]
    [InlineData("name = 'a\\", 9, 1, "a backslash", "one of")]
    [InlineData("rows > 1 && rows < 2", 9, 1, "'&'", "'and'")]
    [InlineData("rows > 1 || rows < 2", 9, 1, "'|'", "'or'")]
    [InlineData("rows > $1", 7, 1, "'$'", "a word")]
    [InlineData("rows > \u0001", 7, 1, "U+0001", "a word")]
    [InlineData("rows > 1234567890123456789012345678901234567", 7, 37, "'123", "a number")]
    public void A_fault_is_said_with_its_place(string text, int position, int length, string found, string expected)
    {
        var fault = Assert.Throws<InvalidFilterException>(() => Filter.Parse(text));
        Assert.Equal((position, length), (fault.Position, fault.Length));
        Assert.Contains(found, fault.Found, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Expected, StringComparison.Ordinal);
        Assert.Equal((text, ErrorCode.InvalidArgument), (fault.Filter, fault.Code));
        string place = (position + 1).ToString(CultureInfo.InvariantCulture);
        Assert.Equal($"the filter, character {place}: found {fault.Found}, expected {fault.Expected}", fault.Message);
        Assert.False(Filter.TryParse(text, out _));
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("?", "", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("**?", "ab", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("a\\", "a\\", true)]
    [InlineData("\\\\?", "\\x", true)]
    [InlineData("?", "😀", true)]
    [InlineData("??", "😀", false)]
    [InlineData("*😀?", "a😀b", true)]
    [InlineData("*??", "😀", false)]
    public void A_glob_matches_whole_texts(string pattern, string text, bool isMatch) =>
        Assert.Equal(isMatch, new FilterGlob(pattern).IsMatch(text));

    [Fact]
    public void Spans_and_times_are_read_for_other_uses_too()
    {
        Assert.True(Filter.TryParseSpan("1d12h", out TimeSpan span));
        Assert.Equal(TimeSpan.FromHours(36), span);
        Assert.True(Filter.TryParseTime("2026-11-20T09:30+01:00", out DateTimeOffset time));
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 8, 30, 0, TimeSpan.Zero), time);
        foreach (string? text in (string?[])[null, "", "7", "d", "7d ", "-7d", "7D", "1h1h"])
            Assert.False(Filter.TryParseSpan(text, out _), text);
        foreach (string? text in (string?[])[null, "", "2026", "2026-1-2", "0001-01-01T00:00+14:00", "2026-11-20T25:00", "2026-11-20T09:30+15:00"])
            Assert.False(Filter.TryParseTime(text, out _), text);
    }
}
