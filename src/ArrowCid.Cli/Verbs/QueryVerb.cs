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
        Option<int?> limit = Verb.Number("--limit", 0, "At most N blocks.");
        var newest = new Option<bool>("--newest") { Description = "The newest first. Default: the oldest." };
        var count = new Option<bool>("--count") { Description = "Only their number." };
        var absent = new Option<bool>("--absent") { Description = "Also blocks that are not here but have facts." };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("query",
            "Finds blocks of every kind by a filter, and shows what is known of them: CID  ROWS  BYTES  TIME  FACTS. " +
            "The language is described in src/ArrowCid/Registry/FILTER.md.",
            "arrowcid query 'tag.day = \"2026-11-20\" and rows > 1000 and age < 7d'",
            "arrowcid query 'producer ~ \"etl-*\" and not pinned' --newest --limit 10",
            "arrowcid query 'bytes >= 64KiB or name in (\"latest\", \"best\")' --json",
            "arrowcid query 'has tag.model and json.run.id = 7' --count")
        {
            filter, limit, newest, count, absent, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), Filter.Parse(parsed.GetValue(filter)!),
            new Wish(parsed.GetValue(limit) ?? int.MaxValue, parsed.GetValue(newest), parsed.GetValue(count),
                parsed.GetValue(absent), parsed.GetValue(json))));
        return verb;
    }

    private static int Run(string? directory, Filter filter, Wish wish)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        IEnumerable<StoredEntry> found = store.Query(filter, wish.WithAbsent);
        if (wish.OnlyCount)
        {
            PrintCount(output, found.Take(wish.Limit).LongCount(), wish.IsJson);
            return 0;
        }

        IEnumerable<StoredEntry> ordered = wish.IsNewestFirst
            ? found.OrderByDescending(entry => entry.Created ?? DateTimeOffset.MinValue)
            : EntryText.InOrder(found);
        foreach (StoredEntry entry in ordered.Take(wish.Limit))
        {
            if (wish.IsJson) output.JsonLine(writer => EntryJson.Write(writer, entry));
            else output.Line($"{EntryText.Line(entry)}  {EntryText.Facts(entry)}".TrimEnd());
        }

        return 0;
    }

    private static void PrintCount(Output output, long count, bool json)
    {
        if (json) output.JsonLine(writer => writer.WriteNumber("count", count));
        else output.Line(count.ToString(CultureInfo.InvariantCulture));
    }

    private sealed record Wish(int Limit, bool IsNewestFirst, bool OnlyCount, bool WithAbsent, bool IsJson);
}
