using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>--columns a,b</c>: names of columns, separated by commas.</summary>
internal static class ColumnNames
{
    private const string Flag = "--columns";

    public static Option<string?> Make(string description) => new(Flag)
    {
        HelpName = "NAMES",
        Description = description,
    };

    /// <summary>The names; none where the option was not given.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: there is no name in it.</exception>
    public static string[] Parse(string? text)
    {
        if (text is null) return [];
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0
            ? [.. names.Distinct(StringComparer.Ordinal)]
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"{Flag} needs the names of columns: px,qty");
    }
}
