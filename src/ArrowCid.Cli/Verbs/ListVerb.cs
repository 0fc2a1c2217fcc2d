using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>ls</c>: the batches of a store.</summary>
internal static class ListVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        Option<string?> where = Verb.Where("As FILTER.");
        Option<string?> store = Verb.Store();
        var form = new ListingForm();
        var verb = new Verb("ls",
            "Lists the batches in the store, or those that pass a filter: CID  ROWS  BYTES  TIME, the time of the " +
            "first put in UTC. With --json, --format arrow or parquet also what is known of them.",
            "arrowcid ls",
            "arrowcid ls 'rows > 1000 and age < 7d'",
            "arrowcid ls --json | jq -r .cid",
            "arrowcid ls 'has tag.day' --format parquet -o blocks.parquet")
        {
            filter, where, store,
        };
        form.AddTo(verb);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(filter) is not null && result.GetValue(where) is not null)
                result.AddError("Say the filter once, alone or behind --where.");
        });
        verb.SetAction(parsed => Run(parsed, parsed.GetValue(filter) ?? parsed.GetValue(where),
            parsed.GetValue(store), form));
        return verb;
    }

    private static int Run(ParseResult parsed, string? text, string? directory, ListingForm form)
    {
        Filter? filter = text is null ? null : Filter.Parse(text);
        using CidStore store = StoreReading.Open(directory);
        IEnumerable<StoredEntry> batches = store.InOrder(filter).Where(entry => entry.Kind == BlockKind.Batch);
        // Where nobody asks for facts none are read.
        IEnumerable<string> lines = filter is null ? store.List().Select(Line) : batches.Select(EntryText.Line);
        if (form.OnlyPlan(parsed))
        {
            (QueryExplanation plan, long found) = PlanText.Follow(store, new QueryOptions { Filter = filter },
                static entry => entry.Kind == BlockKind.Batch);
            PlanText.Print(filter, plan, found, form.IsJson(parsed));
        }
        else if (form.OnlyCount(parsed)) PlanText.PrintCount(lines.LongCount(), form.IsJson(parsed));
        else form.Write(parsed, batches, lines);
        return 0;
    }

    private static string Line(StoredBlock block) => string.Create(CultureInfo.InvariantCulture,
        $"{block.Cid}  {block.Rows}  {block.ByteLength}  {Time(block.Time)}");

    public static void WriteBlock(Utf8JsonWriter writer, StoredBlock block)
    {
        HashVerb.WriteAddress(writer, block.Address);
        writer.WriteString("time", Time(block.Time));
    }

    public static string Time(DateTimeOffset time) => EntryJson.Time(time);
}
