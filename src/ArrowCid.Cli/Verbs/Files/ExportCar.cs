using System.CommandLine;
using System.Globalization;
using ArrowCid.Transfer;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export car</c>.</summary>
internal static class ExportCar
{
    // What Kubo and Helia take of one block.
    private const int PeersMost = 2 << 20;

    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("Batches, datasets and other blocks.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var layout = new Option<string>("--layout")
        {
            Description = "The layout of batches: unixfs (files of profile unixfs-v1-2025, for every IPFS node), " +
                "directory (the same, and a dataset is a UnixFS directory that IPFS tools list and unpack), " +
                "columns (pieces cut where columns end), flat (one block each, whatever its size).",
            DefaultValueFactory = _ => "unixfs",
        };
        layout.AcceptOnlyFromAmong("unixfs", "directory", "columns", "flat");
        var version = new Option<string>("--car-version")
        {
            Description = "The CAR version: 1, which every reader supports, or 2, with an index.",
            DefaultValueFactory = _ => "1",
        };
        version.AcceptOnlyFromAmong("1", "2");
        var names = new Option<bool>("--with-names")
        {
            Description = "Also the names of these blocks, for 'import --names'.",
        };
        Option<long?> piece = CarPieceVerb.Option();
        var verb = new Verb("car",
            "Write blocks and everything below them as a CAR. The output is the ROOT of each. The same blocks give " +
            "the same bytes.",
            "arrowcid export car CID -o batch.car",
            "arrowcid export car @prices -o . --layout columns",
            "arrowcid export car @prices -o prices.car --layout directory",
            "arrowcid export car CID --car-version 2 -o batch.car --json",
            "arrowcid export car @prices -o prices.car --piece 32GiB")
        {
            cids, to, layout, version, names, piece, store, json,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using Progress progress = new("bytes");
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store));
            Cid[] roots = places.ResolvePresent(parsed.GetValue(cids)!);
            var options = new CarExportOptions
            {
                Names = parsed.GetValue(names) ? places.NamesOf(roots) : null,
                Layout = parsed.GetValue(layout) switch
                {
                    "flat" => CarLayout.Flat,
                    "columns" => CarLayout.Columns,
                    "directory" => CarLayout.Directory,
                    _ => CarLayout.UnixFs,
                },
                Version = parsed.GetValue(version) == "2" ? 2 : 1,
                PieceSize = CarPieceVerb.Read(parsed, piece),
            };
            return Run(places, roots, parsed.GetValue(to)!, options,
                parsed.GetValue(json), progress);
        });
        return verb;
    }

    private static int Run(BlockPlaces places, Cid[] cids, string to, CarExportOptions options, bool json,
        Progress progress)
    {
        CarExport made = null!;
        string file = ExportVerb.FilesOf(to, cids, ".car", holdsAll: true)[0].File;
        bool isPiped = file == OutputFile.StandardOutput;
        if (isPiped && Output.IsTerminal)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "a CAR is binary and this is a terminal; say -o FILE");
        }

        if (isPiped && options.PieceSize is not null)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "standard output has the CAR; pipe it to 'arrowcid car piece -', or name a file with -o");
        }

        // The header of version 2 is written last.
        OutputFile.Write(file, stream => made = places.ExportCar(cids, stream, options, progress),
            isStaged: options.Version == 2);
        progress.Clear();
        if (made.LargestBlock > PeersMost)
        {
            CommandError.Say(string.Create(CultureInfo.InvariantCulture,
                $"the largest block has {made.LargestBlock} bytes; Kubo and Helia take {PeersMost}: " +
                $"for them leave --layout out"));
        }

        if (isPiped) return 0;
        using var output = Output.Open();
        if (!json)
        {
            foreach (Cid root in made.Roots) output.Line(root.ToString());
            if (made.Piece is { } shown) CarPieceVerb.Print(output, shown, file);
            return 0;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("file", file);
            EntryJson.WriteTexts(writer, "roots", made.Roots.Select(root => root.ToString()));
            writer.WriteNumber("blocks", made.Blocks);
            writer.WriteNumber("bytes", made.ByteLength);
            writer.WriteNumber("largestBlock", made.LargestBlock);
            if (made.Piece is { } found) CarPieceVerb.WriteMembers(writer, found);
        });
        return 0;
    }
}
