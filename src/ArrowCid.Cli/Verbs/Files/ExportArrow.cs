using System.CommandLine;
using ArrowCid.Cli.Inputs;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export arrow</c>.</summary>
internal static class ExportArrow
{
    private const string File = "file", Stream = "stream";

    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("Batches of one schema, and datasets.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        var form = new Option<string?>("--form")
        {
            Description = "The format: file, with an index at its end (Feather V2), or stream. Default: file if " +
                "PATH ends in .arrow or .feather, else stream.",
        };
        form.AcceptOnlyFromAmong(File, Stream);
        var compression = new Option<string?>("--compression")
        {
            Description =
                "Compress the buffers by lz4 or zstd, as Arrow IPC defines it. CIDs do not change: 'hash' and " +
                "'put' find those of the plain batches. Default: none.",
        };
        compression.AcceptOnlyFromAmong("none", "lz4", "zstd");
        var verb = new Verb("arrow",
            "Write batches as one Arrow IPC stream or file. The plain stream of one batch is its block, the same " +
            "bytes as from 'get'; 'hash' and 'put' find the same CIDs in all of them.",
            "arrowcid export arrow CID -o batch.arrows",
            "arrowcid export arrow @prices -o prices.feather",
            "arrowcid export arrow @prices --form file -o prices/",
            "arrowcid export arrow @prices --compression zstd -o prices.feather")
        {
            cids, to, form, compression, store,
        };
        var from = new FromOptions();
        from.AddTo(verb);
        verb.SetAction(parsed =>
        {
            using BlockPlaces places = from.Open(parsed, parsed.GetValue(store), VerifyMode.Always);
            Cid[] roots = places.ResolvePresent(parsed.GetValue(cids)!);
            string path = parsed.GetValue(to)!;
            ArrowFormat format = FormatOf(parsed.GetValue(form), path);
            ArrowCompression codec = CompressionOf(parsed.GetValue(compression));
            string extension = format == ArrowFormat.File ? ".arrow" : ".arrows";
            foreach ((string file, Cid[] each) in ExportVerb.FilesOf(path, roots, extension))
            {
                Cid[] batches = [.. each.SelectMany(places.BatchesOf)];
                OutputFile.Write(file, output => Write(places, batches, output, format, codec));
            }

            return 0;
        });
        return verb;
    }

    private static ArrowFormat FormatOf(string? form, string path)
    {
        path = Input.NameOf(path);
        if (form is not null) return form == File ? ArrowFormat.File : ArrowFormat.Stream;
        bool isFile = path.EndsWith(".arrow", StringComparison.OrdinalIgnoreCase) ||
            path.EndsWith(".feather", StringComparison.OrdinalIgnoreCase);
        return isFile ? ArrowFormat.File : ArrowFormat.Stream;
    }

    private static ArrowCompression CompressionOf(string? name) => name switch
    {
        "lz4" => ArrowCompression.Lz4,
        "zstd" => ArrowCompression.Zstd,
        _ => ArrowCompression.None,
    };

    private static void Write(BlockPlaces places, Cid[] cids, System.IO.Stream target, ArrowFormat format,
        ArrowCompression compression)
    {
        using var progress = new Progress("batches");
        ArrowExport.Write(cids, places.GetProved, target, format, compression, written: progress.Tick);
    }
}
