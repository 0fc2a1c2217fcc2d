using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>query</c>: blocks and their metadata, by a filter; also <c>ls --all</c>.</summary>
internal static class QueryVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        var paging = new Paging();
        Option<string?> store = Verb.Store();
        var form = new ListingForm();
        var verb = new Verb("query",
            "Find blocks of every kind, by a filter. The same as 'ls --all'. The output is CID  ROWS  BYTES  TIME  " +
            "METADATA.",
            "arrowcid ls --all 'tag.day = \"2026-11-20\" and rows > 1000 and age < 7d'",
            "arrowcid ls --all 'producer ~ \"etl-*\" and not pinned' --newest --limit 10",
            "arrowcid ls --all 'bytes >= 64KiB or name in (\"latest\", \"best\")' --json",
            "arrowcid ls --all 'has tag.model and json.run.id = 7' --count",
            "arrowcid ls --all 'tag.day = \"2026-11-20\"' --explain",
            "arrowcid ls --all --newest --limit 1",
            "arrowcid ls --all 'kind = batch' --format parquet -o registry.parquet")
        {
            filter, store,
        };
        paging.AddTo(verb);
        form.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, form, parsed.GetValue(store), paging.Query(parsed,
            parsed.GetValue(filter) is { } text ? Filter.Parse(text) : null), withMetadata: true));
        return verb;
    }

    /// <summary>Writes the blocks that a query finds.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="form">The form of the listing.</param>
    /// <param name="directory">The store's directory, or null for the default.</param>
    /// <param name="asked">The query.</param>
    /// <param name="withMetadata">Whether lines of text end in the metadata.</param>
    /// <returns>The exit code.</returns>
    public static int Run(ParseResult parsed, ListingForm form, string? directory, QueryOptions asked,
        bool withMetadata)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        bool json = form.IsJson(parsed), onlyPlan = form.OnlyPlan(parsed);
        if (form.OnlyCount(parsed))
        {
            (long count, QueryExplanation plan) = store.Metadata.Count(asked.Filter, asked.IncludeMissing);
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
            QueryPage page = store.Metadata.QueryPage(asked);
            Write(page.Entries);
            if (page.Next is { } next) CommandError.Say($"there may be more: --after {next}");
            return 0;
        }

        IEnumerable<StoredEntry> found = store.Metadata.InOrder(asked.Filter, asked.IncludeMissing);
        Write(asked.NewestFirst
            ? found.OrderByDescending(entry => entry.Created ?? DateTimeOffset.MinValue)
            : found);
        return 0;

        void Write(IEnumerable<StoredEntry> entries)
        {
            bool isAligned = form.IsForTerminal(parsed);
            IEnumerable<string> lines = entries.Select(entry => withMetadata
                ? $"{EntryText.Line(entry, isAligned)}  {EntryText.Facts(entry)}".TrimEnd()
                : EntryText.Line(entry, isAligned));
            string head = withMetadata ? $"{EntryText.Head,-112}  METADATA" : EntryText.Head;
            form.Write(parsed, entries, isAligned ? lines.Prepend(head) : lines);
        }
    }
}
