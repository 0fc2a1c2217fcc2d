using System.CommandLine;
using System.Globalization;
using ArrowCid.Client;
using ArrowCid.Registry;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>publish</c>: blocks to an IPFS node.</summary>
internal static class PublishVerb
{
    // A leaf of a UnixFS file; what is larger goes as a CAR.
    private const int MostOfOneBlock = 1 << 20;

    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("Batches, datasets and other blocks.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var to = new Option<string>("--to")
        {
            HelpName = "URL",
            Required = true,
            Description = "The RPC of the node (Kubo's is http://127.0.0.1:5001).",
        };
        Option<string?> token = TokenFileOption.Make();
        var layout = new Option<string>("--layout")
        {
            Description = "The layout of batches, as for 'export car': unixfs, directory or columns.",
            DefaultValueFactory = _ => "unixfs",
        };
        layout.AcceptOnlyFromAmong("unixfs", "directory", "columns");
        var verb = new Verb("publish",
            "Publish blocks to an IPFS node and pin them there. They are sent as a CAR over the RPC of Kubo " +
            "(dag/import), a single small block by block/put, and the node is then asked what it has pinned. The " +
            "output is the ROOT of each.",
            "arrowcid publish CID --to http://127.0.0.1:5001",
            "arrowcid publish @prices --to https://node.example --token-file token --layout directory --json")
        {
            cids, to, token, layout, store, json,
        };
        var from = new FromOptions();
        from.AddTo(verb, withFill: false);
        verb.SetAction(async (parsed, cancel) =>
        {
            Uri url = TokenFileOption.UrlOf(parsed.GetValue(to)!, "--to");
            using var client = new KuboClient(url, TokenFileOption.Read(parsed.GetValue(token), url));
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            Cid[] roots = places.ResolvePresent(parsed.GetValue(cids)!);
            CarLayout form = parsed.GetValue(layout) switch
            {
                "directory" => CarLayout.Directory,
                "columns" => CarLayout.Columns,
                _ => CarLayout.UnixFs,
            };
            using var progress = new Progress("bytes sent");
            CarExport sent = await SendAsync(client, places, roots, form, progress, cancel).ConfigureAwait(false);
            progress.Clear();
            foreach (Cid root in sent.Roots)
            {
                if (!await client.IsPinnedAsync(root, cancel).ConfigureAwait(false))
                    throw new ArrowCidException(ErrorCode.Io, $"{url.Host} has not pinned {root}");
            }

            Print(sent, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static async Task<CarExport> SendAsync(KuboClient client, BlockPlaces places, Cid[] roots, CarLayout layout,
        Progress progress, CancellationToken cancel)
    {
        if (roots is [{ Codec: Multicodec.Raw } one])
        {
            using BlockLease block = places.Get(one);
            if (block.Bytes.Length <= MostOfOneBlock)
            {
                await client.PutBlockAsync(one, block.Bytes, pin: true, cancel).ConfigureAwait(false);
                return new CarExport
                {
                    Roots = [one],
                    Blocks = 1,
                    ByteLength = block.Bytes.Length,
                    LargestBlock = block.Bytes.Length,
                };
            }
        }

        CarExport? made = null;
        KuboImport import = await client.ImportCarAsync(stream =>
            made = places.ExportCar(roots, stream, new CarExportOptions { Layout = layout }, progress), cancel)
            .ConfigureAwait(false);
        foreach (Cid root in made!.Roots)
        {
            if (!import.Roots.Contains(root))
                throw new ArrowCidException(ErrorCode.Io, $"the node has imported the CAR without its root {root}");
        }

        return made;
    }

    private static void Print(CarExport sent, bool json)
    {
        using var output = Output.Open();
        if (!json)
        {
            foreach (Cid root in sent.Roots) output.Line(string.Create(CultureInfo.InvariantCulture, $"{root}"));
            return;
        }

        output.JsonLine(writer =>
        {
            EntryJson.WriteTexts(writer, "roots", sent.Roots.Select(root => root.ToString()));
            writer.WriteNumber("blocks", sent.Blocks);
            writer.WriteNumber("bytes", sent.ByteLength);
        });
    }
}
