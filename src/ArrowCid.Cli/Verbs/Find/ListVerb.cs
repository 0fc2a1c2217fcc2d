using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>ls</c>: the batches of a store, its datasets, or blocks of any kind.</summary>
internal static class ListVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        Option<string?> where = Verb.Where("The same as FILTER.");
        Option<string?> store = Verb.Store();
        var datasets = new Option<bool>("--datasets")
        {
            Description = "Datasets instead of batches.",
        };
        var all = new Option<bool>("--all") { Description = "Blocks of every kind, with their metadata." };
        var paging = new Paging();
        var form = new ListingForm();
        var verb = new Verb("ls",
            "List batches, datasets or all blocks, by a filter. The output is CID  ROWS  BYTES  TIME, where TIME is " +
            "the first put in UTC. --all lists blocks of every kind and adds their metadata; --json and --format " +
            "arrow or parquet contain the metadata too. A filter that names 'kind' chooses the kinds itself. Blocks " +
            "are ordered by time; a page (--limit, --after) is in the order of its index, and standard error shows " +
            "where the next page begins. The filter language is described in src/ArrowCid/Registry/FILTER.md.",
            "arrowcid ls",
            "arrowcid ls 'rows > 1000 and age < 7d'",
            "arrowcid ls --datasets",
            "arrowcid ls --all 'not pinned' --newest --limit 10",
            "arrowcid ls 'kind = dataset and tag.day = \"2026-11-20\"' --json",
            "arrowcid ls --json | jq -r .cid",
            "arrowcid ls 'has tag.day' --format parquet -o blocks.parquet")
        {
            filter, where, all, datasets, store,
        };
        paging.AddTo(verb);
        form.AddTo(verb);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(filter) is not null && result.GetValue(where) is not null)
                result.AddError("Give the filter once, alone or after --where.");
            if (result.GetValue(all) && result.GetValue(datasets))
                result.AddError("--all and --datasets exclude each other.");
        });
        verb.SetAction(parsed =>
        {
            string? text = parsed.GetValue(filter) ?? parsed.GetValue(where);
            bool isAll = parsed.GetValue(all);
            if (!isAll && !paging.IsGiven(parsed))
                return Run(parsed, text, parsed.GetValue(datasets), parsed.GetValue(store), form);
            return QueryVerb.Run(parsed, form, parsed.GetValue(store),
                paging.Query(parsed, FilterOf(text, isAll, parsed.GetValue(datasets))), withMetadata: isAll);
        });
        return verb;
    }

    /// <summary>The filter of a page: a listing shows batches unless another kind is asked for.</summary>
    private static Filter? FilterOf(string? text, bool isAll, bool datasets)
    {
        Filter? filter = text is null ? null : Filter.Parse(text);
        if (!datasets && (isAll || filter?.TestsKind == true)) return filter;
        string kind = datasets ? "kind = dataset" : "kind = batch";
        return Filter.Parse(text is null ? kind : $"{kind} and ({text})");
    }

    private static int Run(ParseResult parsed, string? text, bool datasets, string? directory, ListingForm form)
    {
        if (datasets) text = text is null ? "kind = dataset" : $"kind = dataset and ({text})";
        Filter? filter = text is null ? null : Filter.Parse(text);
        using CidStore store = StoreReading.OpenForQueries(directory);
        bool isAnyKind = filter?.TestsKind == true;
        IEnumerable<StoredEntry> batches = store.Metadata.InOrder(filter).Where(IsListed);
        // Facts are read only if requested.
        bool isAligned = form.IsForTerminal(parsed);
        IEnumerable<string> lines = filter is null
            ? store.List().Select(block => Line(block, isAligned))
            : batches.Select(entry => EntryText.Line(entry, isAligned));
        if (form.OnlyPlan(parsed))
        {
            (QueryExplanation plan, long found) = PlanText.Follow(store, new QueryOptions { Filter = filter },
                IsListed);
            PlanText.Print(filter, plan, found, form.IsJson(parsed));
        }
        else if (form.OnlyCount(parsed)) PlanText.PrintCount(lines.LongCount(), form.IsJson(parsed));
        else form.Write(parsed, batches, isAligned ? lines.Prepend(EntryText.Head) : lines);
        return 0;

        bool IsListed(StoredEntry entry) => isAnyKind || entry.Kind == BlockKind.Batch;
    }

    private static string Line(StoredBlock block, bool isAligned) => isAligned
        ? EntryText.Aligned(block.Cid, block.Rows, block.ByteLength, block.Time)
        : string.Create(CultureInfo.InvariantCulture,
            $"{block.Cid}  {block.Rows}  {block.ByteLength}  {Time(block.Time)}");

    public static void WriteBlock(Utf8JsonWriter writer, StoredBlock block)
    {
        HashVerb.WriteAddress(writer, block.Address);
        writer.WriteString("time", Time(block.Time));
    }

    public static string Time(DateTimeOffset time) => EntryJson.Time(time);
}
