using System.Globalization;

namespace ArrowCid.Tests.House;

/// <summary>The number of retired words falls in every folder, and never rises.</summary>
public class RetiredWordsTests
{
    private const string Committed = "tests/ArrowCid.Tests/House/retired-words.txt";
    private const int MostInSources = 40;

    [Fact]
    public void Retired_words_are_no_more_than_the_committed_counts()
    {
        SortedDictionary<string, int> actual = Count();
        string path = Repository.PathOf(Committed);
        if (Environment.GetEnvironmentVariable("ARROWCID_ACCEPT_WORDS") == "1")
            File.WriteAllLines(path, actual.Select(count => $"{count.Key} {count.Value}"));
        Dictionary<string, int> expected = File.ReadLines(path).Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => int.Parse(parts[1], CultureInfo.InvariantCulture));
        List<string> findings =
        [
            .. from folder in actual.Keys.Union(expected.Keys)
               let now = actual.GetValueOrDefault(folder)
               let before = expected.GetValueOrDefault(folder)
               where now != before
               select now > before
                   ? $"{folder}: {now} retired words, {before} committed; write the words that RetiredWords names instead"
                   : $"{folder}: {now} retired words, {before} committed; lower the committed count",
        ];
        Assert.True(findings.Count == 0,
            $"{string.Join('\n', findings)}\n(ARROWCID_ACCEPT_WORDS=1 writes the counts of today into {Committed})");
    }

    [Fact]
    public void Sources_and_texts_hold_no_more_than_forty_retired_words() =>
        Assert.InRange(Occurrences(Texts().Concat(RetiredWords.Files()
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal))).Distinct()).Count(), 0, MostInSources);

    /// <summary>The command reference, which is among them, is the help of the command.</summary>
    [Fact]
    public void Readmes_guides_and_help_hold_no_retired_word() => Assert.Equal("", string.Join('\n', Occurrences(Texts()
        .Where(path => Path.GetFileName(path) is "README.md" or "PACKAGE.md" or "FLIGHT.md" or "HTTP.md"
            || path.StartsWith("src/docs/", StringComparison.Ordinal) || path.StartsWith(".github/", StringComparison.Ordinal)))));

    [Theory]
    [InlineData("/// Mends what is broken, once more.", 2)]
    [InlineData("class SegmentMender;", 1)]
    [InlineData("the room of a block is given back to nobody", 2)]
    [InlineData("recommend, amend, Zimmermann, mushroom", 0)]
    [InlineData("internal sealed class JanitorDoorTests { }", 1)]
    public void Text_has_its_retired_words_counted(string text, int expected) =>
        Assert.Equal(expected, RetiredWords.In(text).Count());

    private static IEnumerable<string> Texts() =>
        new[] { "src", "interop", "samples", "tests", ".github" }.SelectMany(folder => Repository.FilesBelow(folder, ".md"))
            .Where(path => !path.Contains("/Data/", StringComparison.Ordinal) && !path.EndsWith("/FORMAT.md", StringComparison.Ordinal))
            .Append("README.md");

    private static IEnumerable<string> Occurrences(IEnumerable<string> paths) =>
        from path in paths
        from word in RetiredWords.In(File.ReadAllText(Repository.PathOf(path)))
        select $"{path}: {word}";

    private static SortedDictionary<string, int> Count()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string path in RetiredWords.Files())
        {
            int found = RetiredWords.In(File.ReadAllText(Repository.PathOf(path))).Count();
            string folder = RetiredWords.FolderOf(path);
            if (found > 0) counts[folder] = counts.GetValueOrDefault(folder) + found;
        }

        return counts;
    }
}
