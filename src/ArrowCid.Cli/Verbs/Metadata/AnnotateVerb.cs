using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>annotate</c>: metadata of many blocks at once.</summary>
internal static class AnnotateVerb
{
    public static Command Make()
    {
        var about = new Option<string?>("--json")
        {
            HelpName = "JSON",
            Description = "JSON about the blocks, which filters reach as json.PATH; it replaces what was there.",
        };
        Option<string[]> parents = FactOptions.Parents(), locations = FactOptions.Locations();
        Option<string[]> tags = FactOptions.Tags();
        var producer = new Option<string?>("--producer") { HelpName = "P", Description = "The producer." };
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        var verb = new Verb("annotate",
            "Set metadata of blocks: JSON, parents, producer, locations, tags. The output is CID  annotated. What is " +
            "given replaces what the blocks had; tags one by one.",
            "arrowcid annotate CID --json '{\"run\": 7}'",
            "arrowcid annotate --where 'tag.day = \"2026-11-20\"' --parent @raw --dry-run");
        var selection = new Selection(verb, "The blocks.");
        foreach (Option option in (Option[])[about, parents, producer, locations, tags, dryRun, store])
            verb.Add(option);
        verb.SetAction(parsed =>
        {
            bool isDryRun = parsed.GetValue(dryRun);
            using Chosen chosen = selection.Read(parsed, () => isDryRun
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store)));
            var metadata = new BlockMetadata
            {
                Json = parsed.GetValue(about),
                Producer = parsed.GetValue(producer),
                Parents = parsed.GetValue(parents) is { Length: > 0 } texts
                    ? Array.ConvertAll(texts, text => BlockReference.Resolve(chosen.Store, text))
                    : null,
                Locations = parsed.GetValue(locations) is { Length: > 0 } urls ? urls : null,
                Tags = parsed.GetValue(tags) is { Length: > 0 } pairs ? Assignment.All(pairs) : null,
            };
            return Apply(chosen, metadata, isDryRun, "annotated");
        });
        return verb;
    }

    /// <summary>Sets metadata of all chosen blocks, and prints a line for each.</summary>
    public static int Apply(Chosen chosen, BlockMetadata metadata, bool isDryRun, string word)
    {
        if (!chosen.IsByFilter)
        {
            foreach (Cid cid in chosen.Cids) _ = BlockReference.Known(chosen.Store, cid);
        }

        if (metadata is { Json: null, Producer: null, Parents: null, Locations: null, Tags: null })
            throw new ArrowCidException(ErrorCode.InvalidArgument, "say what to set");
        if (!isDryRun)
            _ = chosen.Store.Metadata.Set(chosen.Cids.Select(cid => KeyValuePair.Create(cid, metadata)));
        using var output = Output.Open();
        foreach (Cid cid in chosen.Cids) output.Line($"{cid}  {(isDryRun ? "would be " : "")}{word}");
        return 0;
    }
}
