using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>du</c>: the space that each owner uses; also <c>stats --by</c>.</summary>
internal static class UsageVerb
{
    private const string TagStart = "tag.";

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<bool> dedup = Dedup();
        Option<string?> by = By("name");
        var verb = new Verb("du",
            "Show the space that each owner uses. The same as 'stats --by'.",
            "arrowcid stats --by name",
            "arrowcid stats --by tag.day --dedup",
            "arrowcid stats --by dataset --json")
        {
            by, dedup, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(by)!,
            parsed.GetValue(dedup), parsed.GetValue(json)));
        return verb;
    }

    /// <summary>An option for the owners by which space is counted.</summary>
    /// <param name="usual">The default, or null for none.</param>
    public static Option<string?> By(string? usual)
    {
        var by = new Option<string?>("--by")
        {
            HelpName = "OWNER",
            Description = "The owners by which the space is listed: name, producer, schema, dataset, or tag.KEY. The " +
                "lines are BYTES  BLOCKS  OWNER, counted with schemas and all linked blocks; - is what belongs to no " +
                "owner. What belongs to several owners counts for each.",
        };
        if (usual is not null) by.DefaultValueFactory = _ => usual;
        by.CompletionSources.Add("name", "producer", "schema", "dataset", TagStart);
        by.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && OwnerOf(text) is null)
                result.AddError("--by takes name, producer, schema, dataset, or tag.KEY.");
        });
        return by;
    }

    /// <summary>An option to count shared bytes.</summary>
    public static Option<bool> Dedup() => new("--dedup")
    {
        Description = "Also the bytes that belong to another owner too, and the bytes that would be free without " +
            "this owner: BYTES  SHARED  FREED  BLOCKS  OWNER.",
    };

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

    /// <summary>Prints the space that each owner uses.</summary>
    /// <param name="directory">The store's directory, or null for the default.</param>
    /// <param name="by">What <see cref="By"/> accepts.</param>
    /// <param name="dedup">Whether to print shared bytes too.</param>
    /// <param name="json">Whether the lines are JSON.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string? directory, string by, bool dedup, bool json)
    {
        (UsageBy By, string? TagKey) owner = OwnerOf(by)!.Value;
        using CidStore store = StoreReading.OpenForQueries(directory);
        using var output = Output.Open();
        TextTable? table = !Output.IsTerminal || json ? null : dedup
            ? new TextTable(">SIZE", ">SHARED", ">FREED", ">BLOCKS", "OWNER")
            : new TextTable(">SIZE", ">BLOCKS", "OWNER");
        foreach (StoreUsage usage in store.Diagnostics.GetUsage(owner.By, owner.TagKey))
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
