using System.CommandLine;
using ArrowCid.S3;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>export</c>: blocks by CID to files of other formats, a subcommand each.</summary>
internal static class ExportVerb
{
    // A format stands in a file of its own: ExportCar.cs, ExportParquet.cs, …
    private static readonly Func<Command>[] s_formats =
        [ExportCar.Make, ExportParquet.Make, ExportArrow.Make, ExportRows.MakeCsv, ExportRows.MakeJson];

    public static Command Make()
    {
        var verb = new Verb("export",
            "Write blocks to a file of another format. The bytes of each block are checked first.",
            "arrowcid export car CID -o batch.car",
            "arrowcid export car @prices -o . --layout columns",
            "arrowcid export parquet CID -o batch.parquet",
            "arrowcid export csv CID -o rows.csv",
            "arrowcid export parquet @prices -o s3://bucket/prices.parquet",
            "arrowcid export car CID --from http://127.0.0.1:8816 -o batch.car");
        foreach (Func<Command> format in s_formats) verb.Add(format());
        return verb;
    }

    /// <summary>Where to write.</summary>
    public static Option<string> To() => new("-o", "--output")
    {
        HelpName = "PATH",
        Required = true,
        Description = "The output file; or a directory, created if its name ends in /, whose files are named by " +
            "CID; s3://BUCKET/KEY is an object; - is standard output. A device or FIFO is written directly.",
    };

    /// <summary>The files that an export writes, and what each holds.</summary>
    /// <param name="path">What the command line says: a file, or a directory, which is made.</param>
    /// <param name="roots">The CIDs, at least one.</param>
    /// <param name="extension">The ending of a file in a directory.</param>
    /// <param name="holdsAll">Whether one file in a directory holds all CIDs, and is named by the first.</param>
    public static IReadOnlyList<(string File, Cid[] Roots)> FilesOf(string path, Cid[] roots, string extension,
        bool holdsAll = false)
    {
        bool isRemote = S3Files.Matches(path);
        bool isDirectory = isRemote ? S3Files.IsFolder(path) : path.EndsWith('/') || Directory.Exists(path);
        if (path == OutputFile.StandardOutput || !isDirectory) return [(path, roots)];
        if (!isRemote) MakeDirectory(path);
        if (holdsAll) return [(FileOf(roots[0]), roots)];
        return [.. roots.Distinct().Select(root => (FileOf(root), (Cid[])[root]))];

        string FileOf(Cid root) => isRemote
            ? S3Files.Combine(path, root + extension)
            : Path.Combine(path, root + extension);
    }

    /// <summary>Makes a directory and those above it.</summary>
    public static void MakeDirectory(string path)
    {
        try
        {
            _ = Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the directory {path} cannot be made: {e.Message}", e);
        }
    }
}
