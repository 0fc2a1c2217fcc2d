using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>rm</c>: removes blocks that nothing keeps.</summary>
internal static class RemoveVerb
{
    // The state of the store is in the way: names, pins, or blocks that need these.
    private const int ExitOfKept = 5;

    public static Command Make()
    {
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<bool> force = Verb.Force("Deletes blocks that wait to be copied to a place as well.");
        var verb = new Verb("rm",
            "Delete blocks. The output is CID  removed, or CID  kept: and the reason. Names, pins, running " +
            "processes and other blocks keep the blocks that they need ('info --why' shows them), and so does the " +
            "backlog of a place, unless --force is given; then the exit code is 5, or 0 with --where and --expired. " +
            "A compaction frees the space.",
            "arrowcid rm CID",
            "arrowcid rm --expired",
            "arrowcid rm --where 'tag.day < 2026-11-01 and not pinned' --dry-run");
        var expired = new Option<bool>("--expired") { Description = "All expired blocks ('touch')." };
        var selection = new Selection(verb, "The blocks to delete.", expired);
        verb.Add(expired);
        verb.Add(force);
        verb.Add(dryRun);
        verb.Add(store);
        verb.Add(json);
        verb.SetAction(parsed =>
        {
            bool isDryRun = parsed.GetValue(dryRun);
            if (parsed.GetValue(expired))
            {
                using CidStore opened = Open();
                return Report(opened.Retention.RemoveExpired(isDryRun), isAsked: false, parsed.GetValue(json));
            }

            using Chosen chosen = selection.Read(parsed, Open);
            RemoveResult result = chosen.Store.Retention.Remove(chosen.Cids, isDryRun, parsed.GetValue(force));
            return Report(result, isAsked: !chosen.IsByFilter, parsed.GetValue(json));

            CidStore Open() => isDryRun
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store));
        });
        return verb;
    }

    /// <summary>Says what went and what was kept; that is a failure only of blocks that were asked for.</summary>
    public static int Report(RemoveResult result, bool isAsked, bool json)
    {
        bool isDryRun = result.IsDryRun;
        using var output = Output.Open();
        foreach (Cid cid in result.Removed) Print(output, cid, null, isDryRun, json);
        foreach (KeptBlock kept in result.Kept) Print(output, kept.Cid, kept, isDryRun, json);
        output.Writer.Flush();
        string verb = isDryRun ? "would be removed" : "removed";
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Removed.Count} {verb}, {result.Kept.Count} kept, {result.ByteLength} bytes"));
        if (!isAsked || result.Kept.Count == 0) return 0;
        bool isAbsent = result.Kept.All(kept => kept.Reasons.All(reason => reason.Kind == KeepKind.NotHere));
        return isAbsent ? ErrorTable.ExitCode(ErrorCode.BlockNotFound) : ExitOfKept;
    }

    private static void Print(Output output, Cid cid, KeptBlock? kept, bool isDryRun, bool json)
    {
        if (json)
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("cid", cid.ToString());
                writer.WriteBoolean("isRemoved", kept is null && !isDryRun);
                writer.WriteBoolean("isDryRun", isDryRun);
                EntryJson.WriteTexts(writer, "keptBecause", kept?.Reasons.Select(Advice.Of) ?? []);
            });
            return;
        }

        string words = kept is null
            ? isDryRun ? "would be removed" : "removed"
            : $"kept: {Words(kept.Reasons)}";
        output.Line($"{cid}  {words}");
    }

    /// <summary>Reasons in one line.</summary>
    public static string Words(IEnumerable<KeepReason> reasons) =>
        string.Join("; ", reasons.Select(reason => CommandError.Visible(Advice.Of(reason))));
}
