using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>snapshot</c>: the registry's state under a CID of its own.</summary>
internal static class SnapshotVerb
{
    public static Command Make()
    {
        Argument<string?> filter = Verb.FilterText(isNeeded: false);
        var absent = new Option<bool>("--absent")
        {
            Description = "Also blocks that are not in the store but have metadata.",
        };
        var name = new Option<string?>("--name")
        {
            HelpName = "NAME",
            Description = "A name that points to the dataset. Without a name or pin, 'gc --unreferenced' collects it.",
        };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("snapshot",
            "Store the metadata of blocks as a dataset. The output is CID  ROWS  BYTES. The same metadata and " +
            "filter have the same CID in every store (src/ArrowCid/Registry/CATALOG.md). 'cat' prints the rows; " +
            "'diff A B --key cid' compares two snapshots.",
            "arrowcid snapshot --name registry/monday",
            "arrowcid snapshot 'kind = batch and has tag.day' --json",
            "arrowcid diff @registry/monday @registry/tuesday --key cid")
        {
            filter, absent, name, store, json,
        };
        verb.SetAction(parsed =>
        {
            Filter? chosen = parsed.GetValue(filter) is { } text ? Filter.Parse(text) : null;
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            PutResult put = opened.Metadata.PutSnapshot(chosen, parsed.GetValue(absent));
            if (parsed.GetValue(name) is { } called) _ = opened.Names.Set(called, put.Cid);
            using var output = Output.Open();
            if (!parsed.GetValue(json))
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{put.Cid}  {put.Address.Rows}  {put.ByteLength}"));
                return 0;
            }

            output.JsonLine(writer =>
            {
                HashVerb.WriteAddress(writer, put.Address);
                PutOutcome.Of(put).Write(writer);
            });
            return 0;
        });
        return verb;
    }
}
