using System.CommandLine;
using ArrowCid.Client;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>unpin</c>: removes pins, here or at a pinning service.</summary>
internal static class UnpinVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to unpin.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("unpin",
            "Remove the pins of blocks. The output is CID  unpinned. Exit code 3 if a block was not pinned. With " +
            "--at all requests for the blocks at a pinning service are removed.",
            "arrowcid unpin CID",
            "arrowcid unpin @prices --at https://pin.example/psa --token-file token")
        {
            cids, store, json,
        };
        var remote = new RemotePinning();
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using PinningClient? client = remote.Open(parsed);
            string[] texts = parsed.GetValue(cids)!;
            return client is null
                ? Run(parsed.GetValue(store), texts, parsed.GetValue(json))
                : await RemotePinning.UnpinAsync(client, RemotePinning.Resolve(parsed.GetValue(store), texts),
                    parsed.GetValue(json), cancel).ConfigureAwait(false);
        });
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
