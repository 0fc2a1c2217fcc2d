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
        Option<bool> json = Verb.Json(), explain = PlanText.Option();
        var verb = new Verb("ls",
            "Lists the batches in the store, or those that pass a filter: CID  ROWS  BYTES  TIME, the time of the " +
            "first put in UTC. With --json also what is known of them.",
            "arrowcid ls",
            "arrowcid ls 'rows > 1000 and age < 7d'",
            "arrowcid ls --json | jq -r .cid")
        {
            filter, where, explain, store, json,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(filter) is not null && result.GetValue(where) is not null)
                result.AddError("Say the filter once, alone or behind --where.");
        });
        verb.SetAction(parsed => Run(parsed.GetValue(filter) ?? parsed.GetValue(where), parsed.GetValue(store),
            parsed.GetValue(json), parsed.GetValue(explain)));
        return verb;
    }

    private static int Run(string? text, string? directory, bool json, bool onlyPlan)
    {
        Filter? filter = text is null ? null : Filter.Parse(text);
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        if (onlyPlan)
        {
            QueryPage page = store.Search(new QueryOptions { Filter = filter });
            long batches = page.Entries.Count(entry => entry.Kind == BlockKind.Batch);
            PlanText.Print(output, filter, page.Plan, batches, json);
        }
        else if (filter is null && !json) ListAll(store, output);
        else ListEntries(filter is null ? store.Entries() : store.Query(filter), output, json);
        return 0;
    }

    /// <summary>Where nobody asks for facts none are read.</summary>
    private static void ListAll(CidStore store, Output output)
    {
        foreach (StoredBlock block in store.List())
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{block.Cid}  {block.Rows}  {block.ByteLength}  {Time(block.Time)}"));
        }
    }

    private static void ListEntries(IEnumerable<StoredEntry> entries, Output output, bool json)
    {
        foreach (StoredEntry entry in EntryText.InOrder(entries.Where(each => each.Kind == BlockKind.Batch)))
        {
            if (json) output.JsonLine(writer => EntryJson.Write(writer, entry));
            else output.Line(EntryText.Line(entry));
        }
    }

    public static void WriteBlock(Utf8JsonWriter writer, StoredBlock block)
    {
        HashVerb.WriteAddress(writer, block.Address);
        writer.WriteString("time", Time(block.Time));
    }

    public static string Time(DateTimeOffset time) => EntryJson.Time(time);
}
