using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Changes of many names at once: <c>name --rename</c>, <c>--copy</c>, and <c>--remove</c> with a
/// pattern.</summary>
internal static class NameBulk
{
    private static readonly char[] s_wild = ['*', '?'];

    /// <summary>Whether a text is a pattern rather than a name.</summary>
    public static bool IsPattern(string text) => text.IndexOfAny(s_wild) >= 0;

    /// <summary>Removes the names that match a pattern.</summary>
    public static int Remove(string? directory, string pattern, bool isDryRun)
    {
        using CidStore store = Open(directory, isDryRun);
        NameChange[] found = Matching(store, pattern);
        using var output = Output.Open();
        foreach (NameChange name in found)
        {
            // A name that changed meanwhile is another one than the pattern found.
            if (!isDryRun) _ = store.Names.Set(name.Name, null, name.Cid);
            output.Line($"{CommandError.Visible(name.Name)}  {name.Cid}  {(isDryRun ? "would be " : "")}removed");
        }

        return 0;
    }

    /// <summary>Gives names other names, or copies of them. A name that is taken is refused before anything
    /// changes.</summary>
    /// <param name="directory">The directory of the store.</param>
    /// <param name="from">A name, or a pattern that ends in its only *.</param>
    /// <param name="to">The other name; of a pattern one that ends in * too.</param>
    /// <param name="isCopy">Whether the old names stay.</param>
    /// <param name="isDryRun">Whether nothing is changed.</param>
    public static int Move(string? directory, string from, string to, bool isCopy, bool isDryRun)
    {
        bool isPattern = IsPattern(from);
        if (isPattern && (from.IndexOfAny(s_wild) != from.Length - 1 || !from.EndsWith('*') || !to.EndsWith('*')))
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "patterns of names end in their only *: 'a/*' 'b/*'");
        using CidStore store = Open(directory, isDryRun);
        NameChange[] found = Matching(store, from);
        var moves = new List<(NameChange Old, string New)>();
        foreach (NameChange name in found)
        {
            string other = isPattern ? $"{to[..^1]}{name.Name[(from.Length - 1)..]}" : to;
            if (store.Names.Resolve(other) is { } taken)
                throw new ArrowCidException(ErrorCode.NameExists, $"the name '{other}' is taken: it points to {taken}");
            moves.Add((name, other));
        }

        using var output = Output.Open();
        string word = $"{(isDryRun ? "would be " : "")}{(isCopy ? "copied" : "renamed")}";
        foreach ((NameChange old, string other) in moves)
        {
            if (!isDryRun)
            {
                _ = store.Names.Set(other, old.Cid, expected: null);
                if (!isCopy) _ = store.Names.Set(old.Name, null, old.Cid);
            }

            output.Line($"{CommandError.Visible(old.Name)}  {CommandError.Visible(other)}  {word}");
        }

        return 0;
    }

    private static CidStore Open(string? directory, bool isDryRun) =>
        isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);

    private static NameChange[] Matching(CidStore store, string pattern)
    {
        var glob = new FilterGlob(pattern);
        NameChange[] found = IsPattern(pattern)
            ? [.. store.Names.List().Where(name => glob.IsMatch(name.Name))]
            : [.. store.Names.List().Where(name => name.Name == pattern)];
        return found.Length > 0 ? found : throw BlockReference.NoName(pattern, store);
    }
}
