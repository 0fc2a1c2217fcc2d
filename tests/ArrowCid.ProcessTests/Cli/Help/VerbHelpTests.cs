using System.CommandLine;
using ArrowCid.Cli;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The help texts of all verbs keep one form.</summary>
public class VerbHelpTests
{
    private static readonly string[] s_imperatives =
    [
        "Acknowledge", "Add", "Back", "Bridge", "Bring", "Change", "Check", "Clean", "Collect", "Compute", "Compare", "Copy", "Create", "Delete", "Explain",
        "Export", "Extract", "Fetch", "Find", "Free", "Hash", "Import", "Keep", "Let", "List", "Maintain", "Make", "Manage", "Measure", "Merge",
        "Pin", "Print", "Publish", "Push", "Rebuild", "Remove", "Repair", "Restore", "Revoke", "Run", "Serve", "Set", "Share", "Show", "Sign", "Speak", "Store", "Unwrap", "Wrap", "Write",
    ];

    [Fact]
    public void Visible_verbs_are_in_exactly_one_of_the_groups()
    {
        Assert.Equal(["Data", "Find", "Places", "Metadata", "Retention", "Store", "Service"],
            CommandLine.Groups.Select(group => group.Title));
        string[] grouped = [.. CommandLine.Groups.SelectMany(group => group.Verbs).Select(verb => verb.Name)];
        Assert.Distinct(grouped);
        Assert.Equal(grouped.Order(), CommandLine.Root([]).Subcommands.Where(verb => !verb.Hidden)
            .Select(verb => verb.Name).Order());
        string help = Command.Run("--help").Succeeds().Text;
        foreach (VerbGroup group in CommandLine.Groups)
        {
            Assert.Contains($"\n{group.Title}:\n  {group.Verbs[0].Name} ", help, StringComparison.Ordinal);
        }

        Assert.All(help.Split('\n'), line => Assert.True(line.Length < 120, line));
    }

    [Fact]
    public void Readme_and_contributing_guide_name_the_groups_of_the_help()
    {
        string readme = File.ReadAllText(Path.Combine(Command.Root, "README.md"));
        foreach (VerbGroup group in CommandLine.Groups)
        {
            IEnumerable<string> verbs = group.Verbs.Select(verb => verb.Name).Where(name => name is not ("help" or "version"));
            string row = readme.Split('\n').Single(line => line.StartsWith($"| {group.Title} | `", StringComparison.Ordinal));
            Assert.Equal(verbs.Order(), row.Split('`').Where((_, i) => i % 2 == 1).Order());
        }

        string titles = string.Join(", ", CommandLine.Groups.SkipLast(1).Select(group => group.Title));
        Assert.Equal(7, CommandLine.Groups.Count);
        Assert.Contains($"seven groups of verbs: {titles} and {CommandLine.Groups[^1].Title}.",
            File.ReadAllText(Path.Combine(Command.Root, ".github/CONTRIBUTING.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void First_sentences_are_short_and_begin_with_an_imperative_verb() => Assert.All(Verbs(), verb =>
    {
        string sentence = CommandLine.FirstSentence(verb.Description!);
        Assert.True(sentence.Length < 80, $"{verb.Name}: {sentence}");
        Assert.Contains(sentence.Split(' ', ',')[0], s_imperatives);
    });

    [Fact]
    public void Verbs_have_examples_that_parse() => Assert.All(Verbs(), verb =>
    {
        Assert.NotEmpty(verb.Examples);
        foreach (string example in verb.Examples)
        {
            ParseResult parsed = CommandLine.Parse(Words(example));
            Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
        }
    });

    [Fact]
    public void Defaults_are_printed_once() => Assert.All(Verbs().SelectMany(verb => verb.Options), option =>
        Assert.False(option.ValueType != typeof(bool) && option.HasDefaultValue && option.Description!.Contains("Default:", StringComparison.Ordinal), option.Name));

    [Fact]
    public void Options_are_described_with_noun_phrases() => Assert.All(Verbs().SelectMany(verb => verb.Options), option =>
    {
        Assert.False(string.IsNullOrEmpty(option.Description), option.Name);
        Assert.DoesNotContain(option.Description!.Split(' ')[0],
            s_imperatives.Except(["Store"]).Append("Say").Append("Make").Append("Where").Append("How").Append("Who"));
    });

    /// <summary>Every verb, also the hidden ones and those below another.</summary>
    private static List<Verb> Verbs()
    {
        List<Verb> verbs = [.. CommandLine.Root([]).Subcommands.Cast<Verb>()];
        for (int i = 0; i < verbs.Count; i++) verbs.AddRange(verbs[i].Subcommands.Cast<Verb>());
        return verbs;
    }

    /// <summary>The words after the command's name, as a shell would pass them; a pipe or redirection ends them.</summary>
    private static string[] Words(string example)
    {
        const string Name = "arrowcid ";
        string line = example[(example.IndexOf(Name, StringComparison.Ordinal) + Name.Length)..];
        var words = new List<string>();
        string word = "";
        char quote = '\0';
        bool isWord = false;
        foreach (char c in line)
        {
            if (quote == '\0' && c is '|' or '<' or '>' or ')') break;
            if (quote == '\0' && c is '\'' or '"') (quote, isWord) = (c, true);
            else if (c == quote) quote = '\0';
            else if (c == ' ' && quote == '\0')
            {
                if (isWord) words.Add(word);
                (word, isWord) = ("", false);
            }
            else (word, isWord) = (word + c, true);
        }

        if (isWord) words.Add(word);
        return [.. words];
    }
}
