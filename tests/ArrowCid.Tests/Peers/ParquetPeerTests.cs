using System.Text.Json;
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
    private const int Seed = 1000, Random = 300;

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
    public void Parquet_wasm_DuckDB_and_hyparquet_read_every_type_and_random_nested_schemas_as_we_do()
    {
        WriteEveryType();
        WriteRandom();
        PeerResult result = PeerProcess.Node("interop/node/check-parquet.mjs", _folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        var faults = new List<string>();
        var rules = new HashSet<string>();
        foreach (string line in result.Lines)
        {
            string[] words = line.Split(' ', 4);
            RecordBatch file = Assert.Single(Foreign(Path.Combine(_folder, words[2].TrimEnd(':'))));
            if (PeerExceptions.RuleForFile(words[1], file.Schema, words[3]) is { } rule) rules.Add(rule);
            else faults.Add(line);
        }

        var counts = new SortedDictionary<string, (int Files, long Leaves)>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(_folder, "*.parquet").Order(StringComparer.Ordinal))
        {
            RecordBatch ours = Assert.Single(Foreign(file));
            foreach (string reader in (string[])[PeerExceptions.DuckDb, PeerExceptions.ParquetWasm, PeerExceptions.Hyparquet])
            {
                string theirs = Path.ChangeExtension(file, reader switch
                {
                    PeerExceptions.DuckDb => ".duck",
                    PeerExceptions.ParquetWasm => ".wasm.arrows",
                    _ => ".hy.jsonl",
                });
                if (!File.Exists(theirs) || PeerExceptions.RuleForFile(reader, ours.Schema, null) is not null) continue;
                var values = new PeerValues(reader);
                Compare(values, ours, theirs);
                if (values.Difference is { } difference)
                    faults.Add($"{reader} {Path.GetFileName(file)}: {difference}");
                rules.UnionWith(values.Exceptions);
                (int files, long leaves) = counts.GetValueOrDefault(reader);
                counts[reader] = (files + 1, leaves + values.Leaves);
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        string said = string.Join("; ", counts.Select(each => $"{each.Key} {each.Value.Files} files, {each.Value.Leaves} values"));
        int all = EveryType.Cases.Length + Random, half = all / 2;
        Assert.True(counts[PeerExceptions.ParquetWasm].Files == all && counts[PeerExceptions.DuckDb].Files > 9 * all / 10
            && counts[PeerExceptions.Hyparquet].Files > half, said);
        // The list of exceptions is whole, and none of them is out of date.
        Assert.Equal(PeerExceptions.Reasons.Keys.Order(StringComparer.Ordinal), rules.Order(StringComparer.Ordinal));
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

    private static void Compare(PeerValues values, RecordBatch ours, string theirs)
    {
        if (theirs.EndsWith(".jsonl", StringComparison.Ordinal))
        {
            List<JsonElement> rows = [.. File.ReadLines(theirs).Select(line => JsonDocument.Parse(line).RootElement)];
            for (int i = 0; i < ours.Columns.Count; i++)
            {
                values.Compare(ours.Schema.Fields[i].Name, ours.Columns[i],
                    [.. rows.Select(row => (JsonElement?)row[i])]);
            }

            return;
        }

        RecordBatch[] batches = theirs.EndsWith(".duck", StringComparison.Ordinal) ? Foreign(theirs) : [.. Arrow(theirs)];
        int at = 0;
        foreach (RecordBatch batch in batches)
        {
            RecordBatch part = ours.Slice(at, batch.Length);
            for (int i = 0; i < ours.Columns.Count; i++)
                values.Compare(ours.Schema.Fields[i].Name, part.Columns[i], batch.Columns[i]);
            at += batch.Length;
        }

        values.CompareRows(ours.Length, at);
    }

    private static RecordBatch[] Foreign(string file) =>
        ParquetFile.Read(File.ReadAllBytes(file), new ParquetReadOptions { IgnoresExactSchema = true });

    private static IEnumerable<RecordBatch> Arrow(string file)
    {
        using var reader = ArrowReader.Open(File.ReadAllBytes(file));
        while (reader.ReadView() is { } batch) yield return batch;
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
        for (int seed = Seed, made = 0; made < Random; seed++)
        {
            // Names are twins, empty or dotted in every other one: that is too much for some readers.
            RecordBatch batch = RandomBatch.Make(seed, hasPlainNames: seed % 2 == 0).Batch;
            if (!batch.Schema.Fields.Any(field => field.Type is NestedType)) continue;
            Write($"random{seed}", batch);
            made++;
        }
    }

    private void Write(string name, RecordBatch batch)
    {
        var options = new ParquetWriteOptions { UsesPageV2 = name.Length % 2 == 0 };
        File.WriteAllBytes(Path.Combine(_folder, name + ".parquet"), ParquetFile.Write(options, batch));
    }
}
