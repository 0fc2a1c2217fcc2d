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
        int duck = 0, wasm = 0;
        var notInJavaScript = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(_folder, "*.parquet"))
        {
            string stem = file[..^".parquet".Length];
            RecordBatch ours = Assert.Single(Foreign(file));
            string[] rows = File.ReadAllLines($"{stem}.hy.jsonl");
            Assert.Equal(ours.Length, rows.Length);
            if (!rows.Zip(Lines([ours])).All(pair => JavaScriptRow.IsSame(pair.Second, pair.First)))
                notInJavaScript.Add($"{ours.Schema.Fields[0].Type.Id}");
            duck += AreSameValues(ours, $"{stem}.duck", Foreign($"{stem}.duck"));
            wasm += AreSameValues(ours, $"{stem}.wasm.arrows", [.. Arrow($"{stem}.wasm.arrows")]);
        }

        // A year of six digits, objects for maps, and plain numbers for the rest.
        Assert.Equal(["Date32", "Duration", "Map", "Time32", "Time64"], notInJavaScript);
        // The rest are types that the reader has not: DuckDB a duration, a decimal of over 38 digits.
        Assert.True(duck >= 30 && wasm >= 40, $"DuckDB {duck}, parquet-wasm {wasm} of {EveryType.Cases.Length}");
    }

    [PeerFact(Peer.PyArrow, Peer.ParquetJs)]
    public void What_DuckDB_wrote_gives_the_CIDs_of_what_pyarrow_reads()
    {
        PeerResult written = PeerProcess.Node("interop/node/check-parquet.mjs", "--write", _folder);
        Assert.True(written.ExitCode == 0, written.ToString());
        PeerResult read = PeerProcess.Python("interop/python/parquet_peer.py", "read", _folder);
        Assert.True(read.ExitCode == 0, read.ToString());
        Assert.Equal(12, AssertSame(".arrows", ".parquet"));
    }

    [PeerFact(Peer.PyArrow, Peer.ParquetJs)]
    public void A_table_that_we_pyarrow_and_DuckDB_wrote_gives_the_same_CIDs_where_it_is_cut_alike()
    {
        const int rows = 10_000, perBlock = 3_000;
        int[] groups = [4_000, 1, 5_999];
        var numbers = new FixedBuilder<int>();
        var texts = new BytesBuilder();
        for (int i = 0; i < rows; i++)
        {
            numbers.Append(i % 5 == 0 ? null : i);
            texts.Append(i % 7 == 0 ? null : $"text {i}");
        }

        RecordBatch table = RecordBatch.Of(
            ("i", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => i * 7L).ToArray())),
            ("f", ArrowArray.From<double>(Enumerable.Range(0, rows).Select(i => i / 3.0).ToArray())),
            ("n", numbers.Build()), ("s", texts.Build()));
        var parts = new List<RecordBatch>();
        for (int i = 0, at = 0; i < groups.Length; at += groups[i++]) parts.Add(table.Slice(at, groups[i]));
        string ours = Path.Combine(_folder, "table.parquet"), python = Path.Combine(_folder, "table.pyarrow");
        File.WriteAllBytes(ours, ParquetFile.Write(null, [.. parts]));
        PeerResult pyarrow = PeerProcess.Python("interop/python/parquet_peer.py", "rewrite", ours, python, "1234");
        Assert.True(pyarrow.ExitCode == 0, pyarrow.ToString());
        PeerResult duck = PeerProcess.Node("interop/node/check-parquet.mjs", _folder);
        Assert.True(duck.ExitCode == 0, duck.ToString());
        Cid[] expected = Cids([table]);
        Assert.Equal(4, expected.Length);
        Assert.Equal(expected, Cids(ParquetFile.Read(File.ReadAllBytes(ours))));
        Assert.Equal(expected, Cids(ParquetFile.Read(File.ReadAllBytes(python))));
        Assert.Equal(expected, Cids(ParquetFile.Read(File.ReadAllBytes(Path.Combine(_folder, "table.duck")))));
        // pyarrow carries our keys along; they are no claim of what it wrote.
        using ParquetReader rewritten = ParquetReader.Open(File.ReadAllBytes(python));
        Assert.Equal((false, 0), (rewritten.IsExact, rewritten.ClaimedCids.Count));

        static Cid[] Cids(IEnumerable<RecordBatch> batches) =>
            [.. BatchCut.EveryRows(batches, perBlock).Select(CanonicalBlock.CidOf)];
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

    /// <summary>Values of one type are the same; a peer that has not the type may show them in its own way.</summary>
    /// <returns>1 where they are the same, else 0.</returns>
    private static int AreSameValues(RecordBatch ours, string name, RecordBatch[] theirs)
    {
        Assert.Equal(ours.Length, theirs.Sum(batch => batch.Length));
        string[] expected = Lines([ours]), found = Lines(theirs);
        if (expected.SequenceEqual(found)) return 1;
        Assert.True($"{ours.Schema.Fields[0].Type}" != $"{theirs[0].Schema.Fields[0].Type}",
            $"{Path.GetFileName(name)}: {string.Join(' ', expected)} and {string.Join(' ', found)}");
        return 0;
    }

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
