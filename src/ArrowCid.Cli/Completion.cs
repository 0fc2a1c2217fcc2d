using System.CommandLine;
using System.CommandLine.Completions;
using ArrowCid.Cli.Verbs;

namespace ArrowCid.Cli;

/// <summary>Finds the words that a shell offers to complete a command line.</summary>
internal static class Completion
{
    private const int MostBlocks = 20_000, MostOffered = 200, LeastPrefix = 3;

    /// <summary>Returns the candidates for the last word.</summary>
    /// <param name="words">The words after the command's name; the last one is incomplete or empty.</param>
    /// <returns>Candidates, each with a description or an empty one. None where the shell should offer files.</returns>
    public static IEnumerable<(string Word, string Description)> For(string[] words)
    {
        string word = words.Length == 0 ? "" : words[^1];
        string[] before = words.Length == 0 ? [] : words[..^1];
        if (before is ["help", ..]) before = before[1..];
        Command root = CommandLine.Root(before);
        (Command command, Option? pending, int arguments, bool isPlain) = Walk(root, before);
        if (pending is not null) return Matching(Values(pending, before, word), word);
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        if (!isPlain && word.StartsWith('-') && equals > 0)
        {
            string flag = word[..equals], part = word[(equals + 1)..];
            if (Find(command, root, flag) is not { } option) return [];
            return Matching(Values(option, before, part), part)
                .Select(each => ($"{flag}={each.Word}", each.Description));
        }

        if (!isPlain && word.StartsWith('-')) return Matching(Flags(command, root), word);
        IEnumerable<(string, string)> verbs = isPlain || arguments > 0 ? [] : command.Subcommands
            .Where(verb => !verb.Hidden)
            .Select(verb => (verb.Name, CommandLine.FirstSentence(verb.Description ?? "")));
        if (command is RootCommand) verbs = verbs.OrderBy(verb => verb.Item1, StringComparer.Ordinal);
        return Matching(verbs.Concat(Arguments(command, arguments, before, word)), word);
    }

    /// <summary>Follows the complete words to the verb that they name.</summary>
    private static (Command Command, Option? Pending, int Arguments, bool IsPlain) Walk(Command root, string[] words)
    {
        Command command = root;
        Option? pending = null;
        int arguments = 0;
        bool isPlain = false;
        foreach (string word in words)
        {
            if (pending is not null) pending = null;
            else if (!isPlain && word == "--") isPlain = true;
            else if (!isPlain && word.Length > 1 && word[0] == '-')
            {
                Option? option = Find(command, root, word);
                if (option is not null && option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0)
                    pending = option;
            }
            else
            {
                Command? verb = isPlain || arguments > 0
                    ? null
                    : command.Subcommands.FirstOrDefault(each => each.Name == word);
                if (verb is null) arguments++;
                command = verb ?? command;
            }
        }

        return (command, pending, arguments, isPlain);
    }

    private static Option? Find(Command command, Command root, string flag) => command.Options.Concat(root.Options)
        .FirstOrDefault(option => option.Name == flag || option.Aliases.Contains(flag));

    private static IEnumerable<(string, string)> Flags(Command command, Command root) => command.Options
        .Concat(command == root ? [] : root.Options.Where(option => option.Name == "--help"))
        .Where(option => !option.Hidden)
        .Select(option => (option.Name, CommandLine.FirstSentence(option.Description ?? "")))
        .OrderBy(each => each.Name, StringComparer.Ordinal);

    private static IEnumerable<(string, string)> Values(Option option, string[] before, string word)
    {
        if (option.ValueType == typeof(bool)) return [("false", ""), ("true", "")];
        if (option.Name is "--name" or "--dataset") return Names(before, "");
        if (option.HelpName is "CID" or "CID|none") return Blocks(before, word);
        return option.GetCompletions(CompletionContext.Empty).Select(item => (item.Label, item.Detail ?? ""));
    }

    private static IEnumerable<(string, string)> Arguments(Command command, int position, string[] before, string word)
    {
        if (command.Arguments.Count == 0) return [];
        Argument argument = command.Arguments[Math.Min(position, command.Arguments.Count - 1)];
        bool takesMore = position < command.Arguments.Count || argument.Arity.MaximumNumberOfValues > 1;
        if (!takesMore) return [];
        return argument.Name switch
        {
            "CID" or "CID[/PATH]" => Blocks(before, word),
            "A" or "B" when word.Length > 0 => Blocks(before, word),
            "NAME" => Names(before, ""),
            "VERB" => CommandLine.Groups.SelectMany(group => group.Verbs).Select(verb => (verb.Name, "")),
            _ => argument.GetCompletions(CompletionContext.Empty).Select(item => (item.Label, item.Detail ?? "")),
        };
    }

    /// <summary>The names of the store, and the CIDs that begin with a prefix.</summary>
    private static List<(string, string)> Blocks(string[] before, string word)
    {
        if (word.Length == 0 || word[0] == '@') return Names(before, "@");
        if (word.Length < LeastPrefix) return [];
        return Read(before, store => store.List().Take(MostBlocks).Select(block => (block.Cid.ToString(), ""))
            .Where(each => each.Item1.StartsWith(word, StringComparison.Ordinal)).Take(MostOffered));
    }

    private static List<(string, string)> Names(string[] before, string prefix) => Read(before,
        store => store.Names.List().Where(change => change.Cid is not null).Take(MostBlocks)
            .Select(change => (prefix + change.Name, change.Cid.ToString() ?? "")));

    /// <summary>Reads the store of the command line; a store that cannot be read has no candidates.</summary>
    private static List<(string, string)> Read(string[] before, Func<CidStore, IEnumerable<(string, string)>> read)
    {
        int flag = Array.LastIndexOf(before, "--store");
        string? directory = flag >= 0 && flag + 1 < before.Length
            ? before[flag + 1]
            : before.LastOrDefault(word => word.StartsWith("--store=", StringComparison.Ordinal))?["--store=".Length..];
        try
        {
            using CidStore? store = StoreReading.TryOpen(directory);
            return store is null ? [] : [.. read(store)];
        }
        catch (Exception e) when (e is ArrowCidException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IEnumerable<(string Word, string Description)> Matching(
        IEnumerable<(string Word, string Description)> candidates, string word) =>
        candidates.Where(each => each.Word.StartsWith(word, StringComparison.Ordinal));
}
