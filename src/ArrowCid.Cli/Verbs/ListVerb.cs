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
        Option<string?> where = Verb.Where("As FILTER.");
        Option<string?> store = Verb.Store();
        var datasets = new Option<bool>("--datasets")
        {
            Description = "List the datasets instead of the batches.",
        };
        var form = new ListingForm();
        var verb = new Verb("ls",
            "Lists the batches in the store, or those that pass a filter: CID  ROWS  BYTES  TIME, the time of the " +
            "first put in UTC. With --datasets it lists the datasets, and with a filter that names 'kind' blocks of " +
            "every kind. With --json, --format arrow or parquet also what is known of them.",
            "arrowcid ls",
            "arrowcid ls 'rows > 1000 and age < 7d'",
            "arrowcid ls --datasets",
            "arrowcid ls 'kind = dataset and tag.day = \"2026-11-20\"' --json",
            "arrowcid ls --json | jq -r .cid",
            "arrowcid ls 'has tag.day' --format parquet -o blocks.parquet")
        {
            filter, where, datasets, store,
        };
        form.AddTo(verb);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(filter) is not null && result.GetValue(where) is not null)
                result.AddError("Say the filter once, alone or behind --where.");
        });
        verb.SetAction(parsed => Run(parsed, parsed.GetValue(filter) ?? parsed.GetValue(where),
            parsed.GetValue(datasets), parsed.GetValue(store), form));
        return verb;
    }

    private static int Run(ParseResult parsed, string? text, bool datasets, string? directory, ListingForm form)
    {
        if (datasets) text = text is null ? "kind = dataset" : $"kind = dataset and ({text})";
        Filter? filter = text is null ? null : Filter.Parse(text);
        using CidStore store = StoreReading.OpenForQueries(directory);
        bool isAnyKind = filter?.TestsKind == true;
        IEnumerable<StoredEntry> batches = store.InOrder(filter).Where(IsListed);
        // Where nobody asks for facts none are read.
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
