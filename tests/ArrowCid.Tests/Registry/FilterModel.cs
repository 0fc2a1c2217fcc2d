using System.Globalization;
using System.Text.RegularExpressions;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Registry;

/// <summary>A filter's text, made at random, and beside it what it means, worked out the plain way.</summary>
internal sealed class FilterModel(Random random)
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private static readonly Cid[] s_cids =
    [
        Cid.Parse("bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy"),
        Cid.Parse("bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"), Cid.Parse("bafkqaaa"),
    ];

    private static readonly string[] s_texts = ["", "a", "b", "ab", "etl-7", "2026-11-20", "7", "10", "-0.5", "true", "é\"\\\n", "and"];
    private static readonly string[] s_globs = ["*", "a*", "?", "*b", "etl-?", "2026-*-*", "\\?", "é*"];
    private static readonly string[] s_operators = ["=", "!=", "<", "<=", ">", ">="];
    private static readonly double[] s_numbers = [0, 7, 10, -0.5, 0.25, 1e3, 1e300];
    private static readonly (string Text, long Ticks)[] s_spans =
        [("0s", 0), ("90m", 54_000_000_000), ("1d", TimeSpan.TicksPerDay), ("1d12h", TimeSpan.TicksPerHour * 36), ("1w", TimeSpan.TicksPerDay * 7), ("36h", TimeSpan.TicksPerHour * 36)];

    private static readonly (string Text, DateTimeOffset From, TimeSpan Length)[] s_times =
    [
        ("2026-11-20", Day(20), TimeSpan.FromDays(1)), ("2026-11-21T12:00", Now, TimeSpan.FromMinutes(1)),
        ("2026-11-21T13:00:00+01:00", Now, TimeSpan.FromSeconds(1)), ("2026-11-20T00:00:00.000Z", Day(20), TimeSpan.FromMilliseconds(1)),
    ];

    private static readonly DateTimeOffset[] s_moments =
        [Day(19), Day(20), Day(20).AddTicks(-1), Day(20).AddTicks(9999), Day(21), Now, Now.AddSeconds(1), Now.AddMinutes(-90), Now.AddHours(36), Now.AddDays(-7)];

    public StoredEntry Entry()
    {
        bool isHere = random.Next(5) > 0;
        BlockKind kind = isHere ? (BlockKind)random.Next(1, 8) : BlockKind.Unknown;
        return new StoredEntry
        {
            Cid = Pick(s_cids),
            IsPresent = isHere,
            SchemaCid = isHere && Chance() ? Pick(s_cids) : null,
            Kind = kind,
            Rows = kind is BlockKind.Batch or BlockKind.Dataset ? (long)Math.Abs(Pick(s_numbers[..6])) : 0,
            ByteLength = isHere ? random.Next(3) * 1024 : 0,
            Created = isHere ? Pick(s_moments) : null,
            Producer = Chance() ? Pick(s_texts) : null,
            Parents = [.. s_cids.Where(_ => random.Next(3) == 0)],
            Names = [.. s_texts.Where(_ => random.Next(6) == 0)],
            Copies = [.. s_texts.Where(_ => random.Next(6) == 0).Select(place => new BlockCopy { Place = place, Form = "block", Time = Now })],
            Signers = [.. s_texts.Where(_ => random.Next(6) == 0)],
            IsPinned = Chance(),
            Expires = Chance() ? Pick(s_moments) : null,
            Tags = ((string[])["k", "a b", "x.y"]).Where(_ => Chance()).ToDictionary(k => k, _ => Pick(s_texts)),
            Data = Chance() ? IpldNode.Map(("v", Json(2)), ("w", IpldNode.Map(("v.1", Json(1))))) : null,
        };
    }

    /// <summary>A text and its meaning.</summary>
    public (string Text, Func<StoredEntry, bool> Means) Next(int depth)
    {
        int form = depth == 0 ? 4 : random.Next(5);
        if (form == 0)
        {
            (string text, Func<StoredEntry, bool> means) = Next(depth - 1);
            return ($"{Word("not")} {Grouped(text)}", entry => !means(entry));
        }

        if (form > 2) return Leaf();
        bool isAll = form == 1;
        (string Text, Func<StoredEntry, bool> Means)[] parts = [.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => Next(depth - 1))];
        string joint = $"{Space()}{Word(isAll ? "and" : "or")}{Space()}";
        return (string.Join(joint, parts.Select(part => Grouped(part.Text))),
            entry => isAll ? parts.All(part => part.Means(entry)) : parts.Any(part => part.Means(entry)));
    }

    private (string Text, Func<StoredEntry, bool> Means) Leaf()
    {
        switch (random.Next(17))
        {
            case 0: return Test("rows", Number, e => HasRows(e) ? [(double)e.Rows] : []);
            case 1: return Test("bytes", Size, e => e.IsPresent ? [(double)e.ByteLength] : []);
            case 2: return Test("created", Time, e => e.Created is { } at ? [at] : []);
            case 3: return Test("age", Span, e => e.Created is { } at ? [Now - at] : []);
            case 4 when Chance(): return Test("expires", Time, e => e.Expires is { } at ? [at] : []);
            case 4: return Test("expires", Span, e => e.Expires is { } at ? [at - Now] : []);
            case 5: return Test("producer", Text, e => e.Producer is { } by ? [by] : []);
            case 6: return Test("name", Text, e => [.. e.Names]);
            case 7: return Test("parent", Address, e => [.. e.Parents.Cast<object>()], ["=", "!="]);
            case 8: return Test("cid", Address, e => [e.Cid], ["=", "!="]);
            case 9: return Test("schema", Address, e => e.SchemaCid is { } cid ? [cid] : [], ["=", "!="]);
            case 10:
                string kind = Pick(FilterField.Kinds);
                return ($"kind = {kind}", e => e.Kind.ToString().Equals(kind, StringComparison.OrdinalIgnoreCase));
            case 11: return ("pinned", e => e.IsPinned);
            case 12: return Presence();
            case 16: return Test("signer", Text, e => [.. e.Signers]);
            case 15: return Test("place", Text, e => [.. e.Copies.Select(copy => copy.Place)]);
            case 13:
                (string key, string tag) = Pick<(string, string)>([("tag.k", "k"), ("tag.\"a b\"", "a b"), ("tag.x.y", "x.y")]);
                return Test(key, () => Pick<Func<(string, object)>>([Text, Number, Time, Truth])(), e => e.Tags.TryGetValue(tag, out string? v) ? [new TagText(v)] : []);
            default:
                (string path, Func<IpldNode, IpldNode?> at) = Pick<(string, Func<IpldNode, IpldNode?>)>(
                    [("json.v", n => n["v"]), ("json.w.\"v.1\"", n => n["w"]!["v.1"]), ("json.v.0", n => n["v"] is { Kind: IpldKind.List, Count: > 0 } l ? l.Items[0] : null)]);
                return Test(path, () => Pick<Func<(string, object)>>([Text, Number, Time, Truth])(),
                    e => e.Data is { } data && at(data) is { } node ? Plain(node) : []);
        }
    }

    private static bool HasRows(StoredEntry entry) => entry.Kind is BlockKind.Batch or BlockKind.Dataset;

    private (string Text, Func<StoredEntry, bool> Means) Presence() => Pick<(string, Func<StoredEntry, bool>)>(
    [
        ("has rows", HasRows), ("has signer", e => e.Signers.Count > 0), ("has place", e => e.Copies.Count > 0), ("has parent", e => e.Parents.Any()), ("has name", e => e.Names.Any()),
        ("has tag.k", e => e.Tags.ContainsKey("k")), ("has json.v", e => e.Data is not null), ("has expires", e => e.Expires.HasValue),
        ("has json.v.0", e => e.Data?["v"] is { Kind: IpldKind.List, Count: > 0 }), ("has producer", e => e.Producer is not null),
    ]);

    private (string Text, Func<StoredEntry, bool> Means) Test(
        string field, Func<(string Text, object Value)> literal, Func<StoredEntry, object[]> values, string[]? operators = null)
    {
        bool isWordy = field is "producer" or "name" or "place" or "signer" || field.StartsWith("tag", StringComparison.Ordinal) || field.StartsWith("json", StringComparison.Ordinal);
        if (isWordy && random.Next(4) == 0)
        {
            string glob = Pick(s_globs);
            // Of the globs only one has an escape, of all that is in it.
            string body = glob == "\\?" ? "\\?" : glob.Replace("*", ".*", StringComparison.Ordinal).Replace("?", ".", StringComparison.Ordinal);
            var pattern = new Regex($"^{body}\\z", RegexOptions.Singleline);
            return ($"{field} ~ {Quoted(glob)}", e => values(e).Select(v => v is TagText t ? t.Text : v).OfType<string>().Any(pattern.IsMatch));
        }

        if (random.Next(4) == 0)
        {
            (string Text, object Value)[] several = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => literal())];
            bool isDenied = Chance();
            return ($"{field} {(isDenied ? "not in" : "in")} ({string.Join(Chance() ? "," : " , ", several.Select(s => s.Text))})",
                e => isDenied != values(e).Any(v => several.Any(s => Compare(v, s.Value) == 0)));
        }

        (string text, object value) = literal();
        string op = value is bool or Cid ? Pick(["=", "!="]) : Pick(operators ?? s_operators);
        string space = op == "=" && Chance() && !isWordy ? "" : " ";
        return ($"{field}{space}{op}{space}{text}", e => op == "!="
            ? !values(e).Any(v => Compare(v, value) == 0)
            : values(e).Any(v => Compare(v, value) is { } order && op switch
            {
                "=" => order == 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            }));
    }

    /// <summary>How a value stands to a literal; null where they are of different kinds.</summary>
    private static int? Compare(object value, object literal) => (value, literal) switch
    {
        (double a, double b) => a.CompareTo(b),
        (string a, string b) => string.CompareOrdinal(a, b),
        (TimeSpan a, TimeSpan b) => a.CompareTo(b),
        (Cid a, Cid b) => a == b ? 0 : 1,
        (bool a, bool b) => a == b ? 0 : 1,
        (DateTimeOffset a, Range b) => a < b.From ? -1 : a >= b.To ? 1 : 0,
        (string a, Range b) => a == "2026-11-20" ? Compare(Day(20), b) : null,
        (TagText a, string b) => string.CompareOrdinal(a.Text, b),
        (TagText a, double b) => a.Text is "7" or "10" or "-0.5" ? double.Parse(a.Text, CultureInfo.InvariantCulture).CompareTo(b) : null,
        (TagText a, bool b) => a.Text == (b ? "true" : "false") ? 0 : null,
        (TagText a, Range b) => Compare(a.Text, b),
        _ => null,
    };

    private static object[] Plain(IpldNode node) => node.Kind switch
    {
        IpldKind.Integer => [(double)node.AsInteger()],
        IpldKind.Float => [node.AsFloat()],
        IpldKind.Text => [node.AsText()],
        IpldKind.Bool => [node.AsBool()],
        IpldKind.List => [.. node.Items.Where(i => i.Kind != IpldKind.List).SelectMany(Plain)],
        _ => [],
    };

    private IpldNode Json(int depth) => random.Next(depth > 0 ? 5 : 4) switch
    {
        0 => IpldNode.Text(Pick(s_texts)),
        1 => IpldNode.Float(Pick(s_numbers)),
        2 => IpldNode.Integer(random.Next(-1, 12)),
        3 => IpldNode.Bool(Chance()),
        _ => IpldNode.List([.. Enumerable.Range(0, random.Next(3)).Select(_ => Json(depth - 1))]),
    };

    private (string, object) Number()
    {
        double number = Pick(s_numbers);
        return (number.ToString(Chance() ? "R" : "E17", CultureInfo.InvariantCulture), number);
    }

    private (string, object) Size() => Pick<(string, object)>([("0", 0.0), ("1KiB", 1024.0), ("2048", 2048.0), ("1.5kB", 1500.0), ("0.001MB", 1000.0)]);

    private (string, object) Time()
    {
        (string text, DateTimeOffset from, TimeSpan length) = Pick(s_times);
        return (text, new Range(from, from + length));
    }

    private (string, object) Span()
    {
        (string text, long ticks) = Pick(s_spans);
        return (text, new TimeSpan(ticks));
    }

    private (string, object) Text()
    {
        string text = Pick(s_texts);
        return (Quoted(text), text);
    }

    private (string, object) Truth() => Chance() ? (Word("true"), true) : ("false", false);

    private (string, object) Address()
    {
        Cid cid = Pick(s_cids);
        return (Chance() ? cid.ToString() : Quoted(cid.ToString()), cid);
    }

    private string Quoted(string text)
    {
        string inner = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", Chance() ? "\\n" : "\n", StringComparison.Ordinal);
        return Chance()
            ? $"\"{inner.Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : $"'{inner.Replace("é", Chance() ? "\\u00e9" : "é", StringComparison.Ordinal)}'";
    }

    private string Grouped(string text) => $"({Space()}{text}{Space()})";

    private string Word(string word) => Chance() ? word : word.ToUpperInvariant();

    private string Space() => Pick([" ", "  ", "\t", "\n "]);

    private bool Chance() => random.Next(2) == 0;

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];

    private static DateTimeOffset Day(int day) => new(2026, 11, day, 0, 0, 0, TimeSpan.Zero);

    private sealed record Range(DateTimeOffset From, DateTimeOffset To);

    private sealed record TagText(string Text);
}
