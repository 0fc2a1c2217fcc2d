using System.CommandLine;
using ArrowCid.Client;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>pin</c>: keeps blocks, here or at a pinning service.</summary>
internal static class PinVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("The blocks to pin.");
        Option<string?> where = Verb.Where("A filter instead of CIDs: all batches that pass it, or blocks of every " +
            "kind if the filter names 'kind'.");
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var name = new Option<string?>("--name")
        {
            HelpName = "TEXT",
            Description = "With --at: a name by which the request is found again.",
        };
        var origins = new Option<string[]>("--origin")
        {
            HelpName = "MULTIADDR",
            AllowMultipleArgumentsPerToken = false,
            Description = "With --at: an address that has the blocks, such as /dns/data.example/tcp/443/https; may " +
                "be given several times.",
        };
        var isDetached = new Option<bool>("--no-wait")
        {
            Description = "With --at: do not wait until the service has the blocks.",
        };
        var verb = new Verb("pin",
            "Pin blocks, so that nothing deletes them. 'rm' and 'gc' keep pinned blocks and the blocks that these " +
            "need, until 'unpin'. The output is CID  pinned. With --at a pinning service fetches and keeps them; the " +
            "output is CID, the status and the id of the request, and the exit code is 3 if it fails.",
            "arrowcid pin CID",
            "arrowcid pin --where 'tag.sym = \"ES\"' --dry-run",
            "arrowcid pin @prices --at https://pin.example/psa --token-file token",
            "arrowcid pin CID --at http://lab:8816/v1/pinning --token-file token --origin /dns/me/tcp/8816/http")
        {
            cids, where, dryRun, name, origins, isDetached, store, json,
        };
        var remote = new RemotePinning();
        remote.AddTo(verb);
        verb.Add(MakeList());
        cids.Arity = ArgumentArity.ZeroOrMore;
        verb.SetAction(async (parsed, cancel) =>
        {
            string[] texts = parsed.GetValue(cids)!;
            string[] from = parsed.GetValue(origins) ?? [];
            bool isRemote = parsed.GetValue(name) is not null || from.Length > 0 || parsed.GetValue(isDetached);
            Filter? filter = parsed.GetValue(where) is { } words ? Filter.Parse(words) : null;
            if ((texts.Length == 0) == (filter is null))
                throw new ArrowCidException(ErrorCode.InvalidArgument, "name the blocks to pin, or give --where");
            using PinningClient? client = remote.Open(parsed);
            if (filter is not null)
            {
                if (isRemote || client is not null)
                    throw new ArrowCidException(ErrorCode.InvalidArgument, "--where pins here; leave --at out");
                return RunWhere(parsed.GetValue(store), filter, parsed.GetValue(dryRun), parsed.GetValue(json));
            }

            if (client is null)
            {
                return isRemote
                    ? throw new ArrowCidException(ErrorCode.InvalidArgument,
                        "--name, --origin and --no-wait are for a pinning service, which --at names")
                    : Run(parsed.GetValue(store), texts, parsed.GetValue(json));
            }

            var options = new RemotePinOptions { Name = parsed.GetValue(name), Origins = from };
            return await RemotePinning.PinAsync(client, RemotePinning.Resolve(parsed.GetValue(store), texts), options,
                !parsed.GetValue(isDetached), parsed.GetValue(json), cancel).ConfigureAwait(false);
        });
        return verb;
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

    private static int RunWhere(string? directory, Filter filter, bool isDryRun, bool json)
    {
        using CidStore store = isDryRun ? StoreReading.Open(directory) : StoreWriting.Open(directory);
        using var output = Output.Open();
        foreach (Cid cid in Selection.Passing(store, filter))
        {
            if (!isDryRun) store.Retention.Pin(cid);
            if (isDryRun && !json) output.Line($"{cid}  would be pinned");
            else Print(output, cid, isPinned: !isDryRun, json);
        }

        return 0;
    }

    private static Verb MakeList()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var name = new Option<string?>("--name")
        {
            HelpName = "TEXT",
            Description = "With --at: only requests of this name.",
        };
        var status = new Option<RemotePinStatus[]>("--status")
        {
            HelpName = "STATUS",
            AllowMultipleArgumentsPerToken = false,
            Description = "With --at: only requests in this state: queued, pinning, pinned or failed; may be given " +
                "several times.",
        };
        var verb = new Verb("ls",
            "List the pinned blocks, or with --at the requests at a pinning service. The output is CID  pinned, or " +
            "CID, the status, the id and the name of the request.",
            "arrowcid pin ls",
            "arrowcid pin ls --at https://pin.example/psa --token-file token --status failed --json")
        {
            name, status, store, json,
        };
        var remote = new RemotePinning();
        remote.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using PinningClient? client = remote.Open(parsed);
            var filter = new RemotePinFilter
            {
                Name = parsed.GetValue(name),
                Statuses = parsed.GetValue(status) ?? [],
            };
            return client is null
                ? List(parsed.GetValue(store), parsed.GetValue(json))
                : await RemotePinning.ListAsync(client, filter, parsed.GetValue(json), cancel).ConfigureAwait(false);
        });
        return verb;
    }

    private static int List(string? directory, bool json)
    {
        using CidStore store = StoreReading.OpenForQueries(directory);
        using var output = Output.Open();
        foreach (StoredEntry entry in store.Query(Filter.Parse("pinned")))
            Print(output, entry.Cid, isPinned: true, json);
        return 0;
    }
}
