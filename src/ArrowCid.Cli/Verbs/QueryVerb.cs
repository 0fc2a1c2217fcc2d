using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>query</c>: blocks and what is known of them, by a filter.</summary>
internal static class QueryVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: true);
        Option<int?> limit = Verb.Number("--limit", 0, "At most N blocks, in the order of the index that finds them.");
        var after = new Option<string?>("--after")
        {
            HelpName = "TOKEN",
            Description = "The page behind the one that ended with this token.",
        };
        var newest = new Option<bool>("--newest") { Description = "The newest first. Default: the oldest." };
        Option<bool> explain = PlanText.Option();
        var count = new Option<bool>("--count") { Description = "Only their number." };
        var absent = new Option<bool>("--absent") { Description = "Also blocks that are not here but have facts." };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("query",
            "Finds blocks of every kind by a filter, and shows what is known of them: CID  ROWS  BYTES  TIME  FACTS. " +
            "The language is described in src/ArrowCid/Registry/FILTER.md. All are ordered by their time; a page " +
            "(--limit, --after) comes in the order of its index and says on standard error where the next begins.",
            "arrowcid query 'tag.day = \"2026-11-20\" and rows > 1000 and age < 7d'",
            "arrowcid query 'producer ~ \"etl-*\" and not pinned' --newest --limit 10",
            "arrowcid query 'bytes >= 64KiB or name in (\"latest\", \"best\")' --json",
            "arrowcid query 'has tag.model and json.run.id = 7' --count",
            "arrowcid query 'tag.day = \"2026-11-20\"' --explain")
        {
            filter, limit, after, newest, count, explain, absent, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), Filter.Parse(parsed.GetValue(filter)!),
            new Wish(parsed.GetValue(limit), parsed.GetValue(after), parsed.GetValue(newest), parsed.GetValue(count),
                parsed.GetValue(explain), parsed.GetValue(absent), parsed.GetValue(json))));
        return verb;
    }

    private static int Run(string? directory, Filter filter, Wish wish)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        if (wish.OnlyCount)
        {
            (long count, QueryExplanation plan) = store.Count(filter, wish.WithAbsent);
            count = Math.Min(count, wish.Limit ?? long.MaxValue);
            if (wish.OnlyPlan) PlanText.Print(output, filter, plan, count, wish.IsJson);
            else PrintCount(output, count, wish.IsJson);
            return 0;
        }

        bool isPage = wish.Limit is not null || wish.After is not null || wish.OnlyPlan;
        if (isPage)
        {
            PrintPage(store, output, filter, wish);
            return 0;
        }

        IEnumerable<StoredEntry> found = store.Query(filter, wish.WithAbsent);
        Print(output, wish.IsNewestFirst
            ? found.OrderByDescending(entry => entry.Created ?? DateTimeOffset.MinValue)
            : EntryText.InOrder(found), wish);
        return 0;
    }

    private static void PrintPage(CidStore store, Output output, Filter filter, Wish wish)
    {
        QueryPage page = store.Search(new QueryOptions
        {
            Filter = filter,
            WithAbsent = wish.WithAbsent,
            NewestFirst = wish.IsNewestFirst,
            Limit = wish.Limit ?? int.MaxValue,
            After = wish.After,
        });
        if (wish.OnlyPlan)
        {
            PlanText.Print(output, filter, page.Plan, page.Entries.Count, wish.IsJson);
            return;
        }

        Print(output, page.Entries, wish);
        if (page.Next is { } next) Failure.Say($"there may be more: --after {next}");
    }

    private static void Print(Output output, IEnumerable<StoredEntry> entries, Wish wish)
    {
        foreach (StoredEntry entry in entries)
        {
            if (wish.IsJson) output.JsonLine(writer => EntryJson.Write(writer, entry));
            else output.Line($"{EntryText.Line(entry)}  {EntryText.Facts(entry)}".TrimEnd());
        }
    }

    private static void PrintCount(Output output, long count, bool json)
    {
        if (json) output.JsonLine(writer => writer.WriteNumber("count", count));
        else output.Line(count.ToString(CultureInfo.InvariantCulture));
    }

    private sealed record Wish(int? Limit, string? After, bool IsNewestFirst, bool OnlyCount, bool OnlyPlan,
        bool WithAbsent, bool IsJson);
}
