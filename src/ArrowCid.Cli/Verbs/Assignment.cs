namespace ArrowCid.Cli.Verbs;

/// <summary>Tags as they are said on the command line: <c>KEY=VALUE</c>, cut at the first equals sign.</summary>
internal static class Assignment
{
    /// <summary>What is wrong with a text, or null.</summary>
    public static string? Fault(string text) => text.IndexOf('=', StringComparison.Ordinal) > 0
        ? null
        : $"a tag is written KEY=VALUE, not '{text}'";

    /// <summary>The tags of several texts.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a key comes twice.</exception>
    public static Dictionary<string, string?> All(IEnumerable<string> texts)
    {
        var tags = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (!tags.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    $"the tag '{text[..equals]}' is given twice; a key has one value");
            }
        }

        return tags;
    }
}
