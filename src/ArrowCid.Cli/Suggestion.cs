using System.CommandLine;
using System.CommandLine.Parsing;

namespace ArrowCid.Cli;

/// <summary>Finds the verb or option that a misspelt one was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>Returns the nearest verb or option for the first word that is neither; null where none is
    /// near.</summary>
    public static string? For(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        var options = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult each; at = at.Parent)
        {
            foreach (Option option in each.Command.Options.Where(option => !option.Hidden))
                options.AddRange(option.Aliases.Append(option.Name));
        }

        foreach (Token token in parsed.Tokens)
        {
            string name = token.Value.Split('=', 2)[0];
            bool isOption = name.StartsWith("--", StringComparison.Ordinal) && name.Length > 2;
            if (isOption && !options.Contains(name) && Nearest(name, options) is { } option) return option;
        }

        string? word = parsed.UnmatchedTokens is [var first, ..] ? first : null;
        return word is null || word.StartsWith('-')
            ? null
            : Nearest(word, command.Subcommands.Where(each => !each.Hidden).Select(each => each.Name));
    }

    private static string? Nearest(string word, IEnumerable<string> names)
    {
        int most = Math.Max(1, (word.TrimStart('-').Length + 1) / 3);
        return names.Select(name => (Name: name, Distance: Distance(word, name)))
            .Where(each => each.Distance <= most)
            .OrderBy(each => each.Distance).ThenBy(each => each.Name, StringComparer.Ordinal)
            .Select(each => each.Name).FirstOrDefault();
    }

    /// <summary>Letters to insert, delete, replace, or swap with the next, to make one word of the other.</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int change = a[i - 1] == b[j - 1] ? 0 : 1;
                cost[i, j] = Math.Min(cost[i - 1, j - 1] + change, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[a.Length, b.Length];
    }
}
