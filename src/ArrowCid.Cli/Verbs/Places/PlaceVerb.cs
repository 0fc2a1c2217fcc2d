using System.CommandLine;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>place</c>: the places that a store copies blocks to.</summary>
internal static class PlaceVerb
{
    // In the order of PlaceWrite.
    private static readonly string[] s_writeModes = ["none", "back", "through"];

    public static Command Make() => new Verb("place",
        "Manage the places of copies. A place is another store, a directory, a bucket, a server or a gateway. " +
        "'copy --to NAME' " +
        "copies blocks there and records it; verbs that read blocks then find them there. The table is kept in the " +
        "store.",
        "arrowcid place add cold s3://bucket/quotes?endpoint=http://127.0.0.1:9000",
        "arrowcid copy @prices --to cold")
    {
        MakeAdd(), MakeList(), MakeRemove(), MakeSync(), PlaceStatVerb.Make(), PlaceTraceVerb.Make(),
    };

    private static Verb MakeAdd()
    {
        Argument<string> name = NameOf();
        Argument<string> location = Verb.File("LOCATION", "A store's directory, a directory of files CID.arrows " +
            "(created if its name ends in /), a bucket (s3://BUCKET/FOLDER), a server (grpc://HOST:PORT, " +
            "http://HOST:PORT), or a gateway (http://…). A server takes ?token-file=FILE, which it needs to " +
            "store blocks.");
        Option<string?> store = Verb.Store();
        var cost = new Option<long?>("--cost")
        {
            HelpName = "N",
            Description = "The cost of a read in relation to other places: of several places that have a block the " +
                "cheapest one is read. Default: 0 for a directory, 10 for a server or gateway, 20 for a bucket.",
        };
        var form = new Option<string>("--as")
        {
            HelpName = "FORM",
            Description = "The form of copies there: block, zstd, or parquet for batches (others are zstd). A copy " +
                "is turned back and hashed before it counts, and whenever it is read.",
            DefaultValueFactory = _ => BlockForm.Block,
        };
        form.AcceptOnlyFromAmong(BlockForm.Block, BlockForm.Zstd, BlockForm.Parquet);
        var write = new Option<string>("--write")
        {
            HelpName = "MODE",
            Description = "Whether every block is copied there: none, back (later, by 'serve' or 'place sync'; until " +
                "then the block is not collected) or through (before a put returns).",
            DefaultValueFactory = _ => s_writeModes[0],
        };
        write.AcceptOnlyFromAmong(s_writeModes);
        var verb = new Verb("add",
            "Add a place, or change the one of this name. It is opened first, and a bucket is tested.",
            "arrowcid place add backup /srv/quotes/",
            "arrowcid place add cold s3://bucket/quotes --cost 100 --as zstd --write back",
            "arrowcid place add lab grpc://lab:8815?token-file=/etc/arrowcid/lab.token")
        {
            name, location, cost, form, write, store,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            string where = Locations.Absolute(parsed.GetValue(location)!);
            Test(where);
            opened.Places.Add(new BlockPlace
            {
                Name = parsed.GetValue(name)!,
                Location = where,
                Cost = parsed.GetValue(cost) ?? BlockPlace.DefaultCost(where),
                Form = parsed.GetValue(form)!,
                Write = (PlaceWrite)Array.IndexOf(s_writeModes, parsed.GetValue(write)),
            });
            return 0;
        });
        return verb;
    }

    private static Verb MakeList()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("ls",
            "List the places. The output is NAME  LOCATION  COST, the number of blocks that are recorded there, and " +
            "their bytes; then, for a place that takes every block, those that wait to be copied there.",
            "arrowcid place ls",
            "arrowcid place ls --json")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.OpenForQueries(parsed.GetValue(store));
            using var output = Output.Open();
            foreach (BlockPlace place in opened.Places.List())
            {
                Print(output, place, opened.Places.GetUsage(place.Name), parsed.GetValue(json));
            }

            return 0;
        });
        return verb;
    }

    private static Verb MakeRemove()
    {
        Argument<string> name = NameOf();
        Option<string?> store = Verb.Store();
        Option<bool> dryRun = Verb.DryRun();
        Option<bool> force = Verb.Force("Removes the place although blocks are recorded there and nowhere else.");
        var verb = new Verb("rm",
            "Remove a place from the table. Its blocks stay there; the store no longer finds them. It is refused if " +
            "blocks are recorded there and nowhere else (exit code 5).",
            "arrowcid place rm cold")
        {
            name, dryRun, force, store,
        };
        verb.SetAction(parsed =>
        {
            const int ExitOfKept = 5;
            string text = parsed.GetValue(name)!;
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            if (opened.Places.Find(text) is null)
                throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no place '{text}'");
            HashSet<string> others = [.. opened.Places.List().Where(place => place.IsDurable && place.Name != text)
                .Select(place => place.Name)];
            long alone = opened.Places.ListAt(text)
                .LongCount(entry => !entry.IsPresent && !entry.Copies.Any(copy => others.Contains(copy.Place)));
            if (alone > 0 && !parsed.GetValue(force))
            {
                CommandError.Say(string.Create(CultureInfo.InvariantCulture,
                    $"{alone} blocks are recorded at '{text}' and nowhere else; fetch them with " +
                    $"'arrowcid get --fill', or give --force"));
                return ExitOfKept;
            }

            if (!parsed.GetValue(dryRun)) _ = opened.Places.Remove(text);
            return 0;
        });
        return verb;
    }

    private static Verb MakeSync()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("sync",
            "Copy the backlog of every place that has one. These are the blocks that a place with --write back or " +
            "through does not have yet. 'serve' does the same in the background. The output is, for each such place, " +
            "NAME and the number of blocks and bytes that were copied. An interrupted copy is continued by the next.",
            "arrowcid place sync")
        {
            store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreWriting.Open(parsed.GetValue(store));
            using var output = Output.Open();
            using var progress = new Progress("bytes copied");
            foreach (BlockPlace place in opened.Places.List().Where(place => place.Write != PlaceWrite.None))
            {
                BlockCopyResult copied = opened.Places.CopyBacklog(place.Name, progress);
                progress.Clear();
                if (parsed.GetValue(json))
                {
                    output.JsonLine(writer =>
                    {
                        writer.WriteString("name", place.Name);
                        writer.WriteNumber("blocks", copied.Blocks);
                        writer.WriteNumber("newBlocks", copied.NewBlocks);
                        writer.WriteNumber("bytes", copied.ByteLength);
                    });
                    continue;
                }

                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{CommandError.Visible(place.Name)}  {copied.Blocks} blocks, {copied.NewBlocks} new, " +
                    $"{copied.ByteLength} bytes"));
            }

            return 0;
        });
        return verb;
    }

    private static Argument<string> NameOf() =>
        Verb.File("NAME", "A name without / and :, up to 255 bytes; not 'here', which is the store itself.");

    /// <summary>Opens a place, and tests what a bucket does.</summary>
    private static void Test(string location)
    {
        using BlockBackend place = Locations.Open(location, isReadOnly: false);
        if (place.Test() is { } warning) CommandError.Say($"warning: {warning}");
    }

    private static void Print(Output output, BlockPlace place, PlaceUsage usage, bool json)
    {
        if (!json)
        {
            string form = place.Form == BlockForm.Block ? "" : $"  as={place.Form}";
            string backlog = place.Write == PlaceWrite.None ? "" : string.Create(CultureInfo.InvariantCulture,
                $"  write={s_writeModes[(int)place.Write]}  backlog {usage.BacklogBlocks} blocks, " +
                $"{usage.BacklogByteLength} bytes");
            output.Line(string.Create(CultureInfo.InvariantCulture,
                $"{CommandError.Visible(place.Name)}  {CommandError.Visible(place.Location)}  cost={place.Cost}  " +
                $"{usage.Blocks} blocks, {usage.ByteLength} bytes{form}{backlog}"));
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("name", place.Name);
            writer.WriteString("location", place.Location);
            writer.WriteNumber("cost", place.Cost);
            writer.WriteString("form", place.Form);
            writer.WriteString("write", s_writeModes[(int)place.Write]);
            writer.WriteBoolean("isDurable", place.IsDurable);
            writer.WriteNumber("blocks", usage.Blocks);
            writer.WriteNumber("bytes", usage.ByteLength);
            writer.WriteNumber("backlogBlocks", usage.BacklogBlocks);
            writer.WriteNumber("backlogBytes", usage.BacklogByteLength);
        });
    }
}
