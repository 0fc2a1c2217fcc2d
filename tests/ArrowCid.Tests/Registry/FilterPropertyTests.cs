using System.Text;
using ArrowCid.Registry;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Registry;

/// <summary>Laws over filters made at random, and over texts that are broken at random.</summary>
public class FilterPropertyTests
{
    private const int Mutations = 200_000;

    [Fact]
    public void A_filter_means_what_its_text_says_and_prints_as_itself()
    {
        (int passed, int tried) = (0, 0);
        foreach (int seed in Seeds.All)
        {
            var random = new Random(seed);
            var model = new FilterModel(random);
            for (int i = 0; i < 5; i++)
            {
                (string text, Func<StoredEntry, bool> means) = model.Next(random.Next(4));
                var filter = Filter.Parse(text);
                string canonical = filter.ToString();
                var again = Filter.Parse(canonical);
                Assert.True(canonical == again.ToString(), $"seed {seed}: {text}\n{canonical}\n{again}");
                for (int k = 0; k < 12; k++)
                {
                    StoredEntry entry = model.Entry();
                    bool expected = means(entry);
                    Assert.True(expected == filter.Matches(entry, FilterModel.Now), $"seed {seed}, entry {k}, {expected} expected: {text}");
                    Assert.True(expected == again.Matches(entry, FilterModel.Now), $"seed {seed}, entry {k}, {expected} expected: {canonical}");
                    tried++;
                    if (expected) passed++;
                }
            }
        }

        if (Seeds.AreMany) Assert.InRange(passed, tried / 5, tried * 4 / 5);
    }

    [Fact]
    public void A_broken_text_is_a_filter_or_a_fault_with_a_place_and_nothing_else()
    {
        const int Seed = 20_261_121;
        var random = new Random(Seed);
        var model = new FilterModel(random);
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => model.Next(i % 4).Text)];
        StoredEntry entry = model.Entry();
        (int good, int bad) = (0, 0);
        for (int i = 0; i < Mutations; i++)
        {
            string text = Mutate(texts[random.Next(texts.Length)], texts, random);
            try
            {
                var filter = Filter.Parse(text);
                _ = filter.Matches(entry, FilterModel.Now);
                string canonical = filter.ToString();
                Assert.True(canonical.Length > Filter.MaxLength || Filter.Parse(canonical).ToString() == canonical, text);
                good++;
            }
            catch (InvalidFilterException e)
            {
                Assert.InRange(e.Position, 0, text.Length);
                Assert.InRange(e.Length, 0, text.Length - e.Position);
                bad++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {Seed}, mutation {i}: {text}\n{e.Message}", e);
            }
        }

        Assert.InRange(good, Mutations / 50, Mutations);
        Assert.InRange(bad, Mutations / 50, Mutations);
    }

    [Fact]
    public void What_is_nested_too_deep_or_too_long_is_refused()
    {
        Assert.True(Filter.TryParse(Nested("(", "pinned", ")", Filter.MaxDepth), out _));
        Assert.True(Filter.TryParse(Nested("not ", "pinned", "", Filter.MaxDepth), out _));
        foreach (int depth in (int[])[Filter.MaxDepth + 1, 1000, 3000])
        {
            foreach ((string open, string close) in ((string, string)[])[("(", ")"), ("not ", ""), ("not(", ")")])
            {
                var fault = Assert.Throws<InvalidFilterException>(() => Filter.Parse(Nested(open, "pinned", close, depth)));
                Assert.StartsWith("at most 64 ", fault.Expected, StringComparison.Ordinal);
            }
        }

        Assert.StartsWith("at most 16384 ", Assert.Throws<InvalidFilterException>(
            () => Filter.Parse(new string('(', 1_000_000))).Expected, StringComparison.Ordinal);
        string wide = string.Join(" or ", Enumerable.Repeat("pinned", 1600));
        Assert.Equal(wide, Filter.Parse(wide).ToString());
    }

    private static string Nested(string open, string inner, string close, int depth) =>
        string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, depth));

    private static string Mutate(string text, string[] others, Random random)
    {
        const string Alphabet = "()\"'\\,=!<>~ .*?-+:0179deE\0\n\u00e9\ud83d\ude00tTzZ&|$[]{}";
        string[] words = [" and ", " or ", " not ", " in ", " has ", "tag.", "json.", "null", "7d", "1e999", "9999-12-31", "(", ")", "\\u", "KiB"];
        var changed = new StringBuilder(text);
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(changed.Length + 1);
            int length = Math.Min(random.Next(1, 8), changed.Length - at);
            switch (random.Next(6))
            {
                case 0: changed.Remove(at, length); break;
                case 1: changed.Insert(at, Alphabet[random.Next(Alphabet.Length)]); break;
                case 2 when at < changed.Length: changed[at] = Alphabet[random.Next(Alphabet.Length)]; break;
                case 3: changed.Insert(at, words[random.Next(words.Length)]); break;
                case 4: changed.Insert(at, changed.ToString(at, length)); break;
                default:
                    string other = others[random.Next(others.Length)];
                    int from = random.Next(other.Length);
                    changed.Insert(at, other[from..random.Next(from, other.Length)]);
                    break;
            }
        }

        return changed.ToString();
    }
}
