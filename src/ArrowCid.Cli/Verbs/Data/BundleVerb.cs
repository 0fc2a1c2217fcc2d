using System.CommandLine;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>bundle</c>: evidence that proves itself.</summary>
internal static class BundleVerb
{
    public static Command Make()
    {
        Argument<string[]> cids = Verb.CidTexts("What the bundle is about.", isNeeded: true);
        Option<string> to = ExportVerb.To();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("bundle",
            "Write blocks with their signatures as evidence that proves itself. The file is a CAR of the blocks, all " +
            "that they need and were made of, the signed statements about any of them, their metadata, and " +
            "verify.py: 'arrowcid car extract FILE verify.py' takes it out, and 'python3 -I -S verify.py FILE' " +
            "proves all of it with Python's standard library alone. The output is the ROOT.",
            "arrowcid bundle @report -o report.car",
            "arrowcid car extract report.car verify.py -o verify.py")
        {
            cids, to, store, json,
        };
        verb.SetAction(parsed =>
        {
            using CidStore opened = StoreReading.Open(parsed.GetValue(store));
            Cid[] roots = BlockReference.ResolvePresent(opened, parsed.GetValue(cids)!);
            string file = ExportVerb.FilesOf(parsed.GetValue(to)!, roots, ".car", holdsAll: true)[0].File;
            if (file == OutputFile.StandardOutput && Output.IsTerminal)
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    "a bundle is binary and this is a terminal; say -o FILE");
            CarExport made = null!;
            using (var progress = new Progress("bytes"))
            {
                OutputFile.Write(file, stream => made = opened.Signatures.ExportBundle(roots, stream, progress));
            }

            if (file != OutputFile.StandardOutput) Print(made, file, parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static void Print(CarExport made, string file, bool json)
    {
        using var output = Output.Open();
        if (!json)
        {
            output.Line(made.Roots[0].ToString());
            return;
        }

        output.JsonLine(writer =>
        {
            writer.WriteString("file", file);
            EntryJson.WriteTexts(writer, "roots", made.Roots.Select(root => root.ToString()));
            writer.WriteNumber("blocks", made.Blocks);
            writer.WriteNumber("bytes", made.ByteLength);
        });
    }
}
