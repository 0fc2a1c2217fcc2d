using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options by which a listing is read in pages.</summary>
internal sealed class Paging
{
    private readonly Option<int?> _limit =
        Verb.Number("--limit", 0, "The largest number of blocks, in the order of the index that finds them.");

    private readonly Option<string?> _after = new("--after")
    {
        HelpName = "TOKEN",
        Description = "The token at which the page before ended.",
    };

    private readonly Option<bool> _newest = new("--newest")
    {
        Description = "The newest blocks first; without --limit the whole result is held in memory. Default: the " +
            "oldest first.",
    };

    private readonly Option<bool> _absent = new("--absent")
    {
        Description = "Also blocks that are not in the store but have metadata, or a copy elsewhere.",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Verb verb)
    {
        verb.Add(_limit);
        verb.Add(_after);
        verb.Add(_newest);
        verb.Add(_absent);
    }

    /// <summary>Whether one of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_limit) is not null
        || parsed.GetValue(_after) is not null || parsed.GetValue(_newest) || parsed.GetValue(_absent);

    /// <summary>The query of a page.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="filter">The filter; null for all blocks.</param>
    public QueryOptions Query(ParseResult parsed, Filter? filter) => new()
    {
        Filter = filter,
        IncludeMissing = parsed.GetValue(_absent),
        NewestFirst = parsed.GetValue(_newest),
        Limit = parsed.GetValue(_limit) ?? int.MaxValue,
        After = parsed.GetValue(_after),
    };
}
