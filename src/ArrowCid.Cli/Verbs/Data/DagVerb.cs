using System.CommandLine;
using ArrowCid.Transfer;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>dag</c>: nodes by CID and path.</summary>
internal static class DagVerb
{
    private const string IpfsPrefix = "/ipfs/", IpfsScheme = "ipfs://";

    public static Command Make() => new Verb("dag",
            "Show IPLD nodes: datasets, directories, files, any dag-cbor.",
        "arrowcid dag get @prices",
        "arrowcid dag get @prices/batches/0/cid")
    {
        MakeGet(),
    };

    private static Verb MakeGet()
    {
        Argument<string> place = Verb.File("CID[/PATH]",
            "A CID or a name, then keys, positions or file names after slashes; a leading /ipfs/ is ignored.");
        var raw = new Option<bool>("--raw") { Description = "The bytes of the block at the end of the path." };
        Option<string?> store = Verb.Store();
        var verb = new Verb("get",
            "Print the node at the end of a path. The output is one line of DAG-JSON; of raw bytes, the bytes. Below " +
            "a batch, columns/NAME is a column with the CIDs of its pieces.",
            "arrowcid dag get @prices",
            "arrowcid dag get @prices/batches/3/columns/px",
            "arrowcid dag get CID/batches/0/rows",
            "arrowcid dag get CID/batches/0/dag/Links/0/Tsize",
            "arrowcid dag get CID --raw > block")
        {
            place, raw, store,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            return Run(places, parsed.GetValue(place)!, parsed.GetValue(raw));
        });
        return verb;
    }

    private static int Run(BlockPlaces places, string text, bool isRaw)
    {
        (Cid root, string path) = Split(places, text);
        var blocks = new DerivedBlocks(cid => places.All.TryGet(cid));
        DagPlace place = DagPath.Resolve(root, path, blocks.Read, blocks.Manifest);
        if (place.Node is not null && !isRaw)
        {
            using var output = Output.Open();
            output.Line(JsonText.Format(place.Node));
            return 0;
        }

        if (Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{place.Cid} is binary and this is a terminal; send it to a file");
        }

        using Stream bytes = Output.OpenStream();
        bytes.Write(place.Bytes.Span);
        return 0;
    }

    /// <summary>Where the CID or name ends: names may have slashes in them.</summary>
    private static (Cid Root, string Path) Split(BlockPlaces places, string text)
    {
        if (text.StartsWith(IpfsPrefix, StringComparison.Ordinal)) text = text[IpfsPrefix.Length..];
        else if (text.StartsWith(IpfsScheme, StringComparison.Ordinal)) text = text[IpfsScheme.Length..];
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return (places.Resolve(text), "");
        if (Cid.TryParse(text[..slash], out Cid cid)) return (cid, text[slash..]);
        for (int end = text.Length; end > slash; end = text.LastIndexOf('/', end - 1))
        {
            if (places.ResolveName(text[..end].TrimStart('@')) is { } named) return (named, text[end..]);
        }

        return (places.Resolve(text[..slash]), text[slash..]);
    }
}
