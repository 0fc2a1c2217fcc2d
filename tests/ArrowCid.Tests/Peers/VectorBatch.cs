using System.Globalization;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Peers;

/// <summary>A batch of the vectors with the CID that its block has.</summary>
/// <param name="File">The full path of the stream or file.</param>
/// <param name="Batch">The batch's number in it.</param>
/// <param name="Cid">The CID as text.</param>
internal sealed record VectorBatch(string File, int Batch, string Cid)
{
    /// <summary>How scripts and messages name the batch.</summary>
    public string Name => $"{File}#{Batch}";

    /// <summary>All batches of blocks.csv, twins.csv and more.csv.</summary>
    public static IReadOnlyList<VectorBatch> All { get; } =
    [
        .. Rows("blocks.csv").Select(r => new VectorBatch(PathOf(r[0]), Number(r[1]), r[4])),
        .. Rows("twins.csv").Select(r => new VectorBatch(DataPath("vectors/twins/" + r[0]), 0, r[1])),
        .. Rows("more.csv").Select(r => new VectorBatch(DataPath("vectors/" + r[0]), Number(r[1]), r[4])),
    ];

    private static IEnumerable<string[]> Rows(string file) =>
        System.IO.File.ReadLines(DataPath("vectors/" + file)).Skip(1).Select(line => line.Split(','));

    private static string PathOf(string name) =>
        name.StartsWith("data/", StringComparison.Ordinal) ? Repository.PathOf("samples/" + name) : DataPath(name);

    private static string DataPath(string name) => Path.Combine(AppContext.BaseDirectory, "Data", name);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
