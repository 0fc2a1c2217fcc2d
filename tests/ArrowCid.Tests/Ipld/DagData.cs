namespace ArrowCid.Tests.Ipld;

/// <summary>A block of the codec fixtures.</summary>
/// <param name="Path">Folder and file below the fixtures.</param>
internal sealed record DagData(string Path)
{
    private static readonly string s_root = System.IO.Path.Combine(AppContext.BaseDirectory, "Data", "dag");

    /// <summary>All blocks, in a fixed order.</summary>
    public static IReadOnlyList<DagData> All { get; } = [.. Directory
        .EnumerateFiles(s_root, "*", SearchOption.AllDirectories)
        .Select(path => new DagData(System.IO.Path.GetRelativePath(s_root, path)))
        .OrderBy(data => data.Path, StringComparer.Ordinal)];

    /// <summary>What the block is an example of.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    public bool IsDagPb => Path.EndsWith(".dag-pb", StringComparison.Ordinal);

    /// <summary>The CID that the file's name is.</summary>
    public Cid Cid => Cid.Parse(System.IO.Path.GetFileNameWithoutExtension(Path));

    public byte[] Bytes { get; } = File.ReadAllBytes(System.IO.Path.Combine(s_root, Path));

    public static IEnumerable<string> Names(bool isDagPb) => All.Where(d => d.IsDagPb == isDagPb).Select(d => d.Path);
}
