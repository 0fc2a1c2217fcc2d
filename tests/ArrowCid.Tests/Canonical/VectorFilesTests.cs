using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Canonical;

/// <summary>Every stream of the committed tables has the block that the tables list, by the encoder and by the
/// oracle.</summary>
public class VectorFilesTests
{
    private static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string, int, int, int, string> Blocks() => Rows("blocks.csv");

    public static TheoryData<string, int, int, int, string> More() => Rows("more.csv");

    public static TheoryData<string, string> Twins()
    {
        var rows = new TheoryData<string, string>();
        foreach (string[] row in Lines("twins.csv")) rows.Add(row[0], row[1]);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Streams_of_other_writers(string file, int batch, int rows, int size, string cid) =>
        Check(IsSample(file) ? Sample(file) : Path.Combine(s_data, file), batch, rows, size, cid);

    [Theory]
    [MemberData(nameof(More))]
    public void Rules_one_by_one(string file, int batch, int rows, int size, string cid) =>
        Check(Path.Combine(s_data, "vectors", file), batch, rows, size, cid);

    [Theory]
    [MemberData(nameof(Twins))]
    public void One_batch_in_many_forms(string file, string cid) =>
        Check(Path.Combine(s_data, "vectors", "twins", file), 0, -1, -1, cid);

    [Fact]
    public void First_vector_is_the_committed_file() =>
        Assert.Equal(File.ReadAllBytes(Path.Combine(s_data, "vectors", "v1.arrows")),
            Subject.Encode(FirstVectorsTests.Make("V1")).ToArray());

    private static void Check(string path, int batch, int rows, int size, string cid)
    {
        using ArrowReader reader = ArrowReader.Open(File.ReadAllBytes(path));
        for (int i = 0; i < batch; i++) Assert.NotNull(reader.ReadView());
        RecordBatch read = reader.ReadView() ?? throw new InvalidOperationException($"{path} has no batch {batch}.");
        if (rows >= 0) Assert.Equal(rows, read.Length);
        ReadOnlyMemory<byte> block = Subject.Encode(read);
        Assert.Equal(cid, SlowEncoder.Cid(block.Span));
        if (size >= 0) Assert.Equal(size, block.Length);
        // The oracle takes minutes for 200,000 rows, and says nothing there that it does not say elsewhere.
        if (read.Length < 50_000) CanonicalPropertiesTests.Same(SlowEncoder.Encode(read), block, "the oracle");
    }

    private static TheoryData<string, int, int, int, string> Rows(string table)
    {
        var rows = new TheoryData<string, int, int, int, string>();
        foreach (string[] row in Lines(table)) rows.Add(row[0], Number(row[1]), Number(row[2]), Number(row[3]), row[4]);
        return rows;

        // Where the table's maker could not read a batch's rows, it lists none.
        static int Number(string text) => text.Length == 0 ? -1 : int.Parse(text, CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string[]> Lines(string table) =>
        File.ReadLines(Path.Combine(s_data, "vectors", table)).Skip(1).Select(line => line.Split(','));

    private static bool IsSample(string file) => file.StartsWith("data/", StringComparison.Ordinal);

    /// <summary>The samples lie beside the solution and not among the tests' own data.</summary>
    private static string Sample(string file)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "ArrowCid.sln")))
            folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? throw new InvalidOperationException("The solution is not above the tests."),
            "samples", file);
    }
}
