using System.Globalization;

namespace ArrowCid.Tests.Ipc;

/// <summary>The fixtures that stand beside the tests.</summary>
internal static class IpcData
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Data");

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    /// <summary>Whether a fixture is short enough to be read many times.</summary>
    public static bool IsSmall(string name) => new FileInfo(Path.Combine(Folder, name)).Length < 30_000;

    /// <summary>Names under a folder of the fixtures, in a fixed order.</summary>
    public static IEnumerable<string> Names(string folder, params string[] endings) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Folder, path))
            .Where(name => endings.Length == 0 || endings.Any(name.EndsWith))
            .Order(StringComparer.Ordinal);

    /// <summary>Streams and files that others wrote and that must read.</summary>
    public static IEnumerable<string> Valid() =>
        Names("arrow-ipc", ".stream", ".arrow_file").Concat(Names("vectors", ".arrows"));

    /// <summary>The rows of each batch by file, as the reference encoder's tables give them; -1 where they do not.</summary>
    public static Dictionary<string, int[]> RowCounts()
    {
        IEnumerable<(string File, int Batch, int Rows)> blocks = Table("vectors/blocks.csv", "");
        IEnumerable<(string File, int Batch, int Rows)> more = Table("vectors/more.csv", "vectors/");
        return blocks.Concat(more).GroupBy(row => row.File).ToDictionary(group => group.Key,
            group => group.OrderBy(row => row.Batch).Select(row => row.Rows).ToArray());

        static IEnumerable<(string, int, int)> Table(string name, string folder) =>
            from line in File.ReadLines(Path.Combine(Folder, name)).Skip(1)
            let cells = line.Split(',')
            select (folder + cells[0], Number(cells[1]), Number(cells[2]));

        // Intervals were made with an encoder that does not say the rows.
        static int Number(string cell) => cell.Length == 0 ? -1 : int.Parse(cell, CultureInfo.InvariantCulture);
    }
}
