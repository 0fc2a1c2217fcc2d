using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>pin</c>: keeps blocks.</summary>
internal static class PinVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to pin.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("pin",
            "Pin blocks, so that nothing deletes them. 'rm' and 'gc' keep pinned blocks and the blocks that these " +
            "need, until 'unpin'. The output is CID  pinned.",
            "arrowcid pin CID",
            "arrowcid ls 'tag.sym = \"ES\"' | cut -d' ' -f1 | xargs arrowcid pin")
        {
            cids, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(cids)!, parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, string[] texts, bool json)
    {
        using CidStore store = StoreWriting.Open(directory);
        Cid[] cids = BlockReference.ResolvePresent(store, texts);
        using var output = Output.Open();
        foreach (Cid cid in cids)
        {
            store.Retention.Pin(cid);
            Print(output, cid, isPinned: true, json);
        }

        return 0;
    }

    public static void Print(Output output, Cid cid, bool isPinned, bool json)
    {
        if (!json)
        {
            output.Line($"{cid}  {(isPinned ? "pinned" : "unpinned")}");
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("cid", cid.ToString());
            writer.WriteBoolean("isPinned", isPinned);
        });
    }
}
