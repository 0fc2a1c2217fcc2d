using System.CommandLine;
using System.Globalization;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>copy</c>: blocks to another place.</summary>
internal static class CopyVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("Batches, datasets and other blocks.", isNeeded: true);
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var to = new Option<string>("--to")
        {
            HelpName = "PLACE",
            Required = true,
            Description = "The name of a place ('arrowcid place'), a bucket (s3://BUCKET/FOLDER), a store's " +
                "directory, a directory of files CID.arrows, created if its name ends in /, or a server " +
                "(grpc://HOST:PORT?token-file=FILE). A copy at a place is recorded in the store.",
        };
        var verb = new Verb("copy",
            "Copy blocks, with all blocks that they need, to another place. Of a dataset these are its schema and " +
            "batches. Except in a store, a batch over 1 MiB is kept with its column manifest, for 'get --columns'. " +
            "Every block is hashed, and stored blocks are not sent again. The output is the number of " +
            "blocks, of those that are new there, and their bytes.",
            "arrowcid copy @prices --to s3://bucket/quotes",
            "arrowcid copy CID --to cold",
            "arrowcid copy CID --to /srv/quotes",
            "arrowcid copy CID --from http://127.0.0.1:8816 --to s3://bucket/quotes --json")
        {
            cids, to, store, json,
        };
        var from = new FromOptions();
        from.AddTo(verb, withFill: false);
        verb.SetAction(parsed =>
        {
            string target = parsed.GetValue(to)!;
            using var progress = new Progress("bytes copied");
            BlockCopyResult copied = Locations.IsLocation(target)
                ? PlaceOf(parsed) is { } known
                    ? ToPlace(parsed, parsed.GetValue(cids)!, known.Name)
                    : ToLocation(parsed, parsed.GetValue(cids)!)
                : ToPlace(parsed, parsed.GetValue(cids)!, target);
            progress.Clear();
            Print(copied, parsed.GetValue(json));
            return 0;

            BlockCopyResult ToLocation(ParseResult line, string[] texts)
            {
                using BlockPlaces places = from.Open(line, line.GetValue(store));
                Cid[] roots = places.ResolvePresent(texts);
                using BlockBackend backend = Locations.Open(target, isReadOnly: false);
                if (!backend.CanPut)
                {
                    throw new ArrowCidException(ErrorCode.InvalidArgument,
                        $"{target} is only read; name a bucket or a directory");
                }

                return backend.CopyFrom(places.All, roots, progress);
            }

            // What is copied to the location of a place is recorded too.
            BlockPlace? PlaceOf(ParseResult line)
            {
                using CidStore? table = StoreReading.TryOpen(line.GetValue(store));
                return table?.Places.FindByLocation(Locations.Absolute(target));
            }

            BlockCopyResult ToPlace(ParseResult line, string[] texts, string name)
            {
                using CidStore opened = StoreWriting.Open(line.GetValue(store));
                // A directory may be named without a slash, as long as no place has its name.
                if (opened.Places.Find(name) is null && Directory.Exists(target)) return ToLocation(line, texts);
                using BlockPlaces? others = from.Open(line, opened);
                Cid[] roots = Array.ConvertAll(texts, text => BlockReference.Resolve(opened, text));
                return opened.Places.Copy(roots, name, others?.All, progress);
            }
        });
        return verb;
    }

    private static void Print(BlockCopyResult copied, bool json)
    {
        using var output = Output.Open();
        if (!json)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{copied.Blocks} blocks, {copied.NewBlocks} new, {copied.ByteLength} bytes"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteNumber("blocks", copied.Blocks);
            writer.WriteNumber("newBlocks", copied.NewBlocks);
            writer.WriteNumber("bytes", copied.ByteLength);
        });
    }
}
