using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export</c>: blocks by CID to files of other formats, a subcommand each.</summary>
internal static class ExportVerb
{
    // A format stands in a file of its own: ExportCar.cs, ExportParquet.cs, …
    private static readonly Func<Command>[] s_formats =
        [ExportCar.Make, ExportParquet.Make, ExportArrow.Make, ExportRows.MakeCsv, ExportRows.MakeJson];

    public static Command Make()
    {
        var verb = new Verb("export", "Writes blocks, proved first, to a file of another format.",
            "arrowcid export car CID -o batch.car",
            "arrowcid export car @prices -o . --layout columns",
            "arrowcid export parquet CID -o batch.parquet",
            "arrowcid export csv CID -o rows.csv",
            "arrowcid export car CID --from http://127.0.0.1:8816 -o batch.car");
        foreach (Func<Command> format in s_formats) verb.Add(format());
        return verb;
    }

    /// <summary>Where to write.</summary>
    public static Option<string> To() => new("-o", "--output")
    {
        HelpName = "PATH",
        Required = true,
        Description = "The file; in a directory, one named by the first CID; - is standard output.",
    };

    /// <summary>The file that a path means: in a directory the CID is its name.</summary>
    public static string FileOf(string path, Cid cid, string extension) =>
        Directory.Exists(path) ? Path.Combine(path, $"{cid}{extension}") : path;
}
