using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>du</c>: who takes the room.</summary>
internal static class UsageVerb
{
    private const string TagStart = "tag.";

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var dedup = new Option<bool>("--dedup")
        {
            Description = "Also the bytes that belong to another one too, and those that would be free without it.",
        };
        var by = new Option<string>("--by")
        {
            HelpName = "OWNER",
            Description = "To what blocks belong: name, producer, schema, dataset, or tag.KEY.",
            DefaultValueFactory = _ => "name",
        };
        by.Validators.Add(result =>
        {
            if (OwnerOf(result.GetValueOrDefault<string>()) is null)
                result.AddError("--by takes name, producer, schema, dataset, or tag.KEY.");
        });
        var verb = new Verb("du",
            "Says who takes the room: BYTES  BLOCKS  OWNER, blocks with their schemas and all that they link to; - " +
            "is what belongs to none. With --dedup BYTES  SHARED  FREED  BLOCKS  OWNER. What belongs to several " +
            "counts for each, but lies there once.",
            "arrowcid du",
            "arrowcid du --by tag.day --dedup",
            "arrowcid du --by dataset --json")
        {
            by, dedup, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), OwnerOf(parsed.GetValue(by)!)!.Value,
            parsed.GetValue(dedup), parsed.GetValue(json)));
        return verb;
    }

    private static (UsageBy By, string? TagKey)? OwnerOf(string? text) => text switch
    {
        "name" => (UsageBy.Name, null),
        "producer" => (UsageBy.Producer, null),
        "schema" => (UsageBy.Schema, null),
        "dataset" => (UsageBy.Dataset, null),
        _ when text?.StartsWith(TagStart, StringComparison.Ordinal) == true && text.Length > TagStart.Length =>
            (UsageBy.Tag, text[TagStart.Length..]),
        _ => null,
    };

    private static int Run(string? directory, (UsageBy By, string? TagKey) owner, bool dedup, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        using var output = Output.Open();
        TextTable? table = !Output.IsTerminal || json ? null : dedup
            ? new TextTable(">SIZE", ">SHARED", ">FREED", ">BLOCKS", "OWNER")
            : new TextTable(">SIZE", ">BLOCKS", "OWNER");
        foreach (StoreUsage usage in store.GetUsage(owner.By, owner.TagKey))
        {
            if (json)
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("owner", usage.Key);
                    writer.WriteNumber("blocks", usage.Blocks);
                    writer.WriteNumber("bytes", usage.ByteLength);
                    writer.WriteNumber("sharedBytes", usage.SharedBytes);
                    writer.WriteNumber("freedBytes", usage.FreedBytes);
                });
                continue;
            }

            if (table is not null)
            {
                string size = SizeText.Of(usage.ByteLength);
                string blocks = usage.Blocks.ToString("N0", CultureInfo.InvariantCulture);
                string[] cells = dedup
                    ? [size, SizeText.Of(usage.SharedBytes), SizeText.Of(usage.FreedBytes), blocks, usage.Key ?? "-"]
                    : [size, blocks, usage.Key ?? "-"];
                table.Add(cells);
                continue;
            }

            string more = dedup
                ? string.Create(CultureInfo.InvariantCulture, $"{usage.SharedBytes}  {usage.FreedBytes}  ")
                : "";
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{usage.ByteLength}  {more}{usage.Blocks}  {CommandError.Visible(usage.Key ?? "-")}"));
        }

        table?.Write(output);
        return 0;
    }
}
