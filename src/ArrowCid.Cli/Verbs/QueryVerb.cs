using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>query</c>: blocks and what is known of them, by a filter.</summary>
internal static class QueryVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        Option<int?> limit = Verb.Number("--limit", 0, "At most N blocks, in the order of the index that finds them.");
        var after = new Option<string?>("--after")
        {
            HelpName = "TOKEN",
            Description = "The page behind the one that ended with this token.",
        };
        var newest = new Option<bool>("--newest")
        {
            Description = "The newest first; without --limit all that is found is held in memory. Default: the " +
                "oldest, some at a time.",
        };
        var absent = new Option<bool>("--absent") { Description = "Also blocks that are not here but have facts." };
        Option<string?> store = Verb.Store();
        var form = new ListingForm();
        var verb = new Verb("query",
            "Finds blocks of every kind, by a filter or all of them, and shows what is known of them: " +
            "CID  ROWS  BYTES  TIME  FACTS. " +
            "The language is described in src/ArrowCid/Registry/FILTER.md. All are ordered by their time; a page " +
            "(--limit, --after) comes in the order of its index and says on standard error where the next begins.",
            "arrowcid query 'tag.day = \"2026-11-20\" and rows > 1000 and age < 7d'",
            "arrowcid query 'producer ~ \"etl-*\" and not pinned' --newest --limit 10",
            "arrowcid query 'bytes >= 64KiB or name in (\"latest\", \"best\")' --json",
            "arrowcid query 'has tag.model and json.run.id = 7' --count",
            "arrowcid query 'tag.day = \"2026-11-20\"' --explain",
            "arrowcid query --newest --limit 1",
            "arrowcid query 'kind = batch' --format parquet -o registry.parquet")
        {
            filter, limit, after, newest, absent, store,
        };
        form.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, form, parsed.GetValue(store), new QueryOptions
        {
            Filter = parsed.GetValue(filter) is { } text ? Filter.Parse(text) : null,
            WithAbsent = parsed.GetValue(absent),
            NewestFirst = parsed.GetValue(newest),
            Limit = parsed.GetValue(limit) ?? int.MaxValue,
            After = parsed.GetValue(after),
        }));
        return verb;
    }

    private static int Run(ParseResult parsed, ListingForm form, string? directory, QueryOptions asked)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        bool json = form.IsJson(parsed), onlyPlan = form.OnlyPlan(parsed);
        if (form.OnlyCount(parsed))
        {
            (long count, QueryExplanation plan) = store.Count(asked.Filter, asked.WithAbsent);
            count = Math.Min(count, asked.Limit == int.MaxValue ? long.MaxValue : asked.Limit);
            if (onlyPlan) PlanText.Print(asked.Filter, plan, count, json);
            else PlanText.PrintCount(count, json);
            return 0;
        }

        if (onlyPlan)
        {
            (QueryExplanation plan, long count) = PlanText.Follow(store, asked, static _ => true);
            PlanText.Print(asked.Filter, plan, count, json);
            return 0;
        }

        if (asked.Limit < int.MaxValue || asked.After is not null)
        {
            QueryPage page = store.Search(asked);
            Write(page.Entries);
            if (page.Next is { } next) CommandError.Say($"there may be more: --after {next}");
            return 0;
        }

        IEnumerable<StoredEntry> found = store.InOrder(asked.Filter, asked.WithAbsent);
        Write(asked.NewestFirst
            ? found.OrderByDescending(entry => entry.Created ?? DateTimeOffset.MinValue)
            : found);
        return 0;

        void Write(IEnumerable<StoredEntry> entries)
        {
            bool isAligned = form.IsForTerminal(parsed);
            IEnumerable<string> lines = entries.Select(entry =>
                $"{EntryText.Line(entry, isAligned)}  {EntryText.Facts(entry)}".TrimEnd());
            form.Write(parsed, entries, isAligned ? lines.Prepend($"{EntryText.Head,-112}  METADATA") : lines);
        }
    }
}
