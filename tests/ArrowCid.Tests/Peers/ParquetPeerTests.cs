using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Parquet;

namespace ArrowCid.Tests.Peers;

/// <summary>Readers that others wrote read what we write, and we read what they wrote.</summary>
public sealed class ParquetPeerTests : IDisposable
{
    private const int Random = 60;
    private const int Seed = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-parquet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.PyArrow)]
    public void Pyarrow_reads_every_type_and_random_schemas_as_we_do()
    {
        WriteEveryType();
        WriteRandom();
        PeerResult result = PeerProcess.Python("interop/python/parquet_peer.py", "read", _folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("cannot ", result.ToString(), StringComparison.Ordinal);
        AssertSame(".arrows", ".parquet");
    }

    [PeerFact(Peer.PyArrow)]
    public void What_pyarrow_wrote_gives_the_CIDs_of_what_pyarrow_reads()
    {
        PeerResult result = PeerProcess.Python("interop/python/parquet_peer.py", "write", _folder, $"{Seed}", $"{Random}");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(Random, AssertSame(".arrows", ".parquet"));
    }

    [PeerFact(Peer.ParquetJs)]
    public void Parquet_wasm_DuckDB_and_hyparquet_read_every_type()
    {
        WriteEveryType();
        PeerResult result = PeerProcess.Node("interop/node/check-parquet.mjs", _folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("cannot ", result.ToString(), StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(_folder, "*.parquet"))
        {
            string stem = file[..^".parquet".Length];
            RecordBatch ours = Assert.Single(Foreign(file));
            Assert.Equal(ours.Length, File.ReadLines($"{stem}.hy.jsonl").Count());
            Assert.Equal(ours.Length, Foreign($"{stem}.duck").Sum(batch => batch.Length));
            AssertSameValues(ours, $"{stem}.duck", Foreign($"{stem}.duck"));
            AssertSameValues(ours, $"{stem}.wasm.arrows", Arrow($"{stem}.wasm.arrows"));
        }
    }

    /// <summary>Holds each file's CIDs against those of what a peer made of it.</summary>
    private int AssertSame(string theirs, string ours)
    {
        int files = 0;
        foreach (string file in Directory.EnumerateFiles(_folder, $"*{theirs}").Order(StringComparer.Ordinal))
        {
            RecordBatch[] expected = [.. Arrow(file)], found = Foreign(file[..^theirs.Length] + ours);
            for (int i = 0; i < Math.Min(expected.Length, found.Length); i++)
            {
                if (CanonicalBlock.CidOf(expected[i]) == CanonicalBlock.CidOf(found[i])) continue;
                Assert.Fail($"{Path.GetFileName(file)}: {FirstDifference.Between(expected[i], found[i], i)}");
            }

            Assert.Equal(expected.Length, found.Length);
            files++;
        }

        return files;
    }

    /// <summary>Values as text; a peer's own types may be others of the same values.</summary>
    private static void AssertSameValues(RecordBatch ours, string name, IEnumerable<RecordBatch> theirs)
    {
        string[] expected = Lines([ours]), found = Lines(theirs);
        Assert.True(expected.SequenceEqual(found) || IsKnown(name),
            $"{Path.GetFileName(name)}: {string.Join(' ', expected)} and {string.Join(' ', found)}");
    }

    /// <summary>What a reader shows in its own way: by the file's name, a type, and the reader.</summary>
    private static bool IsKnown(string name) =>
        s_known.Any(known => Path.GetFileName(name).StartsWith(known, StringComparison.Ordinal));

    private static readonly string[] s_known = [];

    private static string[] Lines(IEnumerable<RecordBatch> batches)
    {
        using var text = new StringWriter();
        foreach (RecordBatch batch in batches) BatchText.WriteJsonLines(batch, text);
        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static RecordBatch[] Foreign(string file) =>
        ParquetFile.Read(File.ReadAllBytes(file), new ParquetReadOptions { IgnoresExactSchema = true });

    private static IEnumerable<RecordBatch> Arrow(string file)
    {
        using var reader = ArrowReader.Open(File.ReadAllBytes(file));
        while (reader.Read() is { } batch) yield return batch;
    }

    private void WriteEveryType()
    {
        foreach ((string name, Func<ArrowArray> make, _) in EveryType.Cases)
        {
            string file = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
            Write(file, ParquetFile.Column(make()));
        }
    }

    private void WriteRandom()
    {
        for (int seed = Seed; seed < Seed + Random; seed++)
        {
            RecordBatch batch = RandomBatch.Make(seed).Batch;
            if (batch.Schema.Fields.Count > 0) Write($"random{seed}", batch);
        }
    }

    private void Write(string name, RecordBatch batch)
    {
        var options = new ParquetWriteOptions { UsesPageV2 = name.Length % 2 == 0 };
        File.WriteAllBytes(Path.Combine(_folder, name + ".parquet"), ParquetFile.Write(options, batch));
    }
}
