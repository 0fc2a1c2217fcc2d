using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using ArrowCid.Cli;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The reference of the command is written from its help.</summary>
public class CommandReferenceTests
{
    private const string Committed = "src/docs/commands.md";

    [Fact]
    public void Command_reference_is_that_of_the_help()
    {
        string path = Path.Combine(Command.Root, Committed), actual = Reference();
        if (Environment.GetEnvironmentVariable("ARROWCID_ACCEPT_DOCS") == "1") File.WriteAllText(path, actual);
        string[] expected = File.ReadAllLines(path), lines = actual.TrimEnd('\n').Split('\n');
        int same = lines.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(same == lines.Length && same == expected.Length,
            $"{Committed}:{same + 1} is '{expected.ElementAtOrDefault(same)}', and by the help it would be "
            + $"'{lines.ElementAtOrDefault(same)}' (ARROWCID_ACCEPT_DOCS=1 writes it)");
    }

    private static string Reference()
    {
        var text = new StringBuilder("# Command reference\n\nA test writes this page from the help of the command: "
            + "`arrowcid VERB --help` prints the same.\n");
        Dictionary<string, Verb> verbs = CommandLine.Root([]).Subcommands.Cast<Verb>().ToDictionary(verb => verb.Name);
        text.Append("\n| group | verbs |\n| --- | --- |\n");
        foreach (VerbGroup group in CommandLine.Groups)
            text.Append($"| {group.Title} | {string.Join(", ", group.Verbs.Select(verb => $"[{verb.Name}](#{verb.Name})"))} |\n");
        foreach (VerbGroup group in CommandLine.Groups)
        {
            foreach ((string name, _) in group.Verbs) Append(text, verbs[name], name, 2);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Verb verb, string name, int level)
    {
        text.Append($"\n{new string('#', level)} {name}\n\n{Plain(verb.Description!)}\n\n    {Usage(verb, name)}\n");
        Symbol[] symbols = [.. verb.Arguments, .. verb.Options.Where(option => option is not HelpOption)];
        if (Array.Exists(symbols, symbol => !symbol.Hidden)) text.Append("\n| argument or option | meaning |\n| --- | --- |\n");
        foreach (Symbol symbol in symbols.Where(symbol => !symbol.Hidden))
            text.Append($"| `{Cell(Names(symbol))}` | {Cell(Plain(symbol.Description!) + Default(symbol))} |\n");
        if (verb.Examples.Length > 0) text.Append('\n');
        foreach (string example in verb.Examples) text.Append($"    {example}\n");
        foreach (Verb below in verb.Subcommands.Where(below => !below.Hidden).Cast<Verb>())
            Append(text, below, $"{name} {below.Name}", level + 1);
    }

    private static string Usage(Verb verb, string name)
    {
        List<string> words = ["arrowcid", name];
        if (verb.Subcommands.Any(below => !below.Hidden)) words.Add("VERB");
        foreach (Argument argument in verb.Arguments.Where(argument => !argument.Hidden))
        {
            string word = argument.Name + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
            words.Add(argument.Arity.MinimumNumberOfValues > 0 ? word : $"[{word}]");
        }

        if (verb.Options.Any(option => !option.Hidden && option is not HelpOption)) words.Add("[OPTIONS]");
        return string.Join(' ', words);
    }

    private static string Names(Symbol symbol) => symbol is not Option option
        ? symbol.Name
        : string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name))
            + (option.ValueType == typeof(bool) ? "" : $" {option.HelpName ?? "VALUE"}") + (option.Required ? ", required" : "");

    private static string Default(Symbol symbol) =>
        symbol is Option { HasDefaultValue: true } option && option.ValueType != typeof(bool)
            && option.GetDefaultValue() is { } value && value is string or int or long
            ? FormattableString.Invariant($" Default: {value}.")
            : "";

    private static string Plain(string text) =>
        string.Join(' ', text.Split([' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
