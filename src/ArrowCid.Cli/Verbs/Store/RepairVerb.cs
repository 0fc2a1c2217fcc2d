using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>repair</c>: damaged blocks are replaced by the right bytes.</summary>
internal static class RepairVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to repair.");
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var all = new Option<bool>("--all") { Description = "All blocks; each one is hashed." };
        var verb = new Verb("repair",
            "Repair damaged blocks from a copy. The output is CID  repaired|ok|removed, or CID  damaged and the " +
            "reason. Readers and writers continue during a repair. If the bytes of a block do not hash to its CID, " +
            "the right bytes are fetched from a source, hashed and stored; a compaction frees the damaged ones. " +
            "Exit code 4 if a block stays damaged.",
            "arrowcid repair CID --from /srv/copy",
            "arrowcid repair --all --from http://127.0.0.1:8816")
        {
            cids, store, all, json,
        };
        var from = new FromOptions();
        from.AddTo(verb, withFill: false);
        verb.Validators.Add(result =>
        {
            bool hasCids = result.GetValue(cids) is { Length: > 0 };
            if (hasCids == result.GetValue(all)) result.AddError("Give CIDs or --all.");
        });
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using BlockPlaces places = from.OpenOthers(parsed, opened);
            return Run(opened, places, parsed.GetValue(cids) ?? [], parsed.GetValue(all), parsed.GetValue(json));
        });
        return verb;
    }

    private static int Run(CidStore store, BlockPlaces places, string[] texts, bool all, bool json)
    {
        using var output = Output.Open();
        int repaired = 0, left = 0;
        foreach (RepairResult result in all
            ? store.Maintenance.RepairAll(places.All)
            : Array.ConvertAll(texts, text => BlockReference.Resolve(store, text)).Select(cid =>
                store.Maintenance.Repair(cid, places.All) ?? throw CommandError.NoBlock(cid.ToString(), store)))
        {
            repaired += result.Outcome == RepairOutcome.Repaired ? 1 : 0;
            left += result.Outcome == RepairOutcome.Damaged ? 1 : 0;
            Print(output, result, json);
        }

        output.Writer.Flush();
        if (all)
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{repaired} repaired, {left} still damaged"));
        return left == 0 ? 0 : ErrorTable.ExitCode(ErrorCode.BlockCorrupt);
    }

    private static void Print(Output output, RepairResult result, bool json)
    {
        string word = result.Outcome switch
        {
            RepairOutcome.Intact => "ok",
            RepairOutcome.Repaired => "repaired",
            RepairOutcome.Removed => "removed",
            _ => "damaged",
        };
        if (!json)
        {
            string why = result.Error is { } error ? $"  {CommandError.Visible(Advice.Of(error))}" : "";
            output.Line($"{result.Cid}  {word}{why}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", result.Cid.ToString());
            writer.WriteString("outcome", word);
            writer.WriteString("location", result.Location);
            writer.WriteNumber("bytes", result.ByteLength);
            if (result.Error is { } error) writer.WriteString("error", Advice.Of(error));
        });
    }
}
