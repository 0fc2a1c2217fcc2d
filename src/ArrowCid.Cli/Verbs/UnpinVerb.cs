using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>unpin</c>: lets blocks go.</summary>
internal static class UnpinVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to unpin.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("unpin",
            "Remove the pins of blocks. The output is CID  unpinned. Exit code 3 if a block was not pinned.",
            "arrowcid unpin CID")
        {
            cids, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(cids)!, parsed.GetValue(json)));
        return verb;
    }

    private static int Run(string? directory, string[] texts, bool json)
    {
        using CidStore store = StoreWriting.Open(directory);
        Cid[] cids = Array.ConvertAll(texts, text => BlockReference.Resolve(store, text));
        using var output = Output.Open();
        int exit = 0;
        foreach (Cid cid in cids)
        {
            if (store.Retention.Unpin(cid))
            {
                PinVerb.Print(output, cid, isPinned: false, json);
                continue;
            }

            CommandError.Say($"{cid} is not pinned; 'arrowcid query pinned' lists what is");
            exit = ErrorTable.ExitCode(ErrorCode.BlockNotFound);
        }

        return exit;
    }
}
