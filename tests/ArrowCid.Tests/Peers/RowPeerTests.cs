using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;
using ArrowCid.Tests.Parquet;

namespace ArrowCid.Tests.Peers;

/// <summary>pyarrow and DuckDB read the same values from the same CSV and JSON lines, under the types that we infer.
/// Without types they infer others: see <c>interop/python/check_rows.py</c>.</summary>
public sealed class RowPeerTests : IDisposable
{
    private static readonly string[] s_texts = ["", "a", "é, \"ü\"", "two\r\nlines", "日本語 🙂", "null", "NA", "0x", "-"];

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.PyArrow)]
    public void Pyarrow_reads_csv_and_json_lines_to_the_same_cids()
    {
        var random = new Random(20261122);
        var manifest = new List<string>();
        var cids = new List<string>();
        for (int i = 0; i < 40; i++)
        {
            RecordBatch batch = Make(random, rows: 1 + i * 3);
            Add("csv", $"{i}.csv", writer => RowExport.WriteCsv([batch], writer), RowReader.OpenCsv);
            // pyarrow's JSON reads neither times of day nor zones.
            RecordBatch plain = Nested(random, batch);
            Add("json", $"{i}.jsonl", writer => RowExport.WriteJsonLines([plain], writer), RowReader.OpenJsonLines);
        }

        string list = Path.Combine(_folder, "manifest.jsonl");
        File.WriteAllLines(list, manifest);
        PeerResult result = PeerProcess.Python("interop/python/check_rows.py", list);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(cids, result.Lines);

        void Add(string format, string name, Action<TextWriter> write, Func<Stream, RowReadOptions?, RowReader> open)
        {
            (string file, RecordBatch read) = Write(name, write, open);
            Dictionary<string, string> types = format == "csv"
                ? read.Schema.Fields.ToDictionary(field => field.Name, field => field.Type.ToString())
                : [];
            manifest.Add(JsonSerializer.Serialize(new { file, format, types }));
            cids.Add(CanonicalBlock.CidOf(read).ToString());
        }
    }

    [PeerFact(Peer.ParquetJs)]
    public void DuckDB_reads_csv_to_the_same_cids_and_json_lines_to_the_same_values()
    {
        const int seed = 20261123;
        var random = new Random(seed);
        var manifest = new List<string>();
        var expected = new List<(string File, RecordBatch Batch)>();
        for (int i = 0; i < 20; i++)
        {
            RecordBatch batch = Make(random, rows: 1 + i * 3);
            Add("csv", Write($"{i}.csv", writer => RowExport.WriteCsv([batch], writer), RowReader.OpenCsv), new()
            {
                ["i"] = "BIGINT",
                ["f"] = "DOUBLE",
                ["b"] = "BOOLEAN",
                ["d"] = "DATE",
                ["t"] = "TIME",
                ["s"] = "TIMESTAMP_MS",
                ["u"] = "TIMESTAMPTZ",
                ["x"] = "VARCHAR",
            });
            RecordBatch plain = Nested(random, batch);
            Add("json", Write($"{i}.jsonl", writer => RowExport.WriteJsonLines([plain], writer), RowReader.OpenJsonLines), new()
            {
                ["i"] = "BIGINT",
                ["b"] = "BOOLEAN",
                ["l"] = "BIGINT[]",
                ["o"] = "STRUCT(p DOUBLE, q VARCHAR)",
            });
        }

        string list = Path.Combine(_folder, "duck.jsonl");
        File.WriteAllLines(list, manifest);
        PeerResult result = PeerProcess.Node("interop/node/check-rows.mjs", list);
        Assert.True(result.ExitCode == 0, result.ToString());
        foreach ((string file, RecordBatch batch) in expected)
        {
            RecordBatch found = Assert.Single(ParquetFile.Read(File.ReadAllBytes($"{file}.parquet")));
            Assert.True(Text(batch) == Text(found), $"seed {seed}, {file}: {Text(batch)} and {Text(found)}");
            if (file.EndsWith(".csv", StringComparison.Ordinal))
                Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(found));
        }

        void Add(string format, (string File, RecordBatch Batch) written, Dictionary<string, string> columns)
        {
            manifest.Add(JsonSerializer.Serialize(new { file = written.File, format, columns }));
            expected.Add(written);
        }
    }

    private static string Text(RecordBatch batch)
    {
        using var text = new StringWriter();
        BatchText.WriteJsonLines(batch, text);
        return text.ToString();
    }

    /// <summary>Writes a file of one batch, and reads it with inferred types.</summary>
    private (string File, RecordBatch Batch) Write(
        string name, Action<TextWriter> write, Func<Stream, RowReadOptions?, RowReader> open)
    {
        string file = Path.Combine(_folder, name);
        using (var writer = new StreamWriter(file)) write(writer);
        using RowReader reader = open(File.OpenRead(file), null);
        return (file, reader.ReadView()!);
    }

    /// <summary>Columns whose types CSV tells.</summary>
    private static RecordBatch Make(Random random, int rows)
    {
        var whole = new FixedBuilder<long>();
        var floats = new FixedBuilder<double>();
        var flags = new FixedBuilder<bool>();
        var days = new FixedBuilder<int>(ArrowType.Date32);
        var times = new FixedBuilder<long>(TimeType.TimeOfDay(TimeUnit.Microsecond));
        var stamps = new FixedBuilder<long>(new TimestampType(TimeUnit.Millisecond));
        var instants = new FixedBuilder<long>(new TimestampType(TimeUnit.Microsecond, "UTC"));
        var texts = new BytesBuilder();
        for (int i = 0; i < rows; i++)
        {
            bool IsHere() => i == 0 || random.Next(4) > 0;
            whole.Append(IsHere() ? random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(60) : null);
            // Larger ones are written as whole numbers, which infer to no float.
            floats.Append(IsHere() ? (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 15)) : null);
            flags.Append(IsHere() ? random.Next(2) == 0 : null);
            days.Append(IsHere() ? random.Next(-700_000, 2_900_000) : null);
            times.Append(IsHere() ? random.NextInt64(86_400_000_000) : null);
            stamps.Append(IsHere() ? random.NextInt64(-60_000_000_000_000, 200_000_000_000_000) : null);
            instants.Append(IsHere() ? random.NextInt64(-10_000_000_000_000_000, 20_000_000_000_000_000) : null);
            texts.Append(i == 0 ? "x" : IsHere() ? s_texts[random.Next(s_texts.Length)] : null);
        }

        return RecordBatch.Of(("i", whole.Build()), ("f", floats.Build()), ("b", flags.Build()), ("d", days.Build()),
            ("t", times.Build()), ("s", stamps.Build()), ("u", instants.Build()), ("x", texts.Build()));
    }

    /// <summary>Columns whose types both readers of JSON infer alike: pyarrow takes no dates and no times for such, and
    /// timestamps to the second for every unit.</summary>
    private static RecordBatch Nested(Random random, RecordBatch flat)
    {
        var lists = new ListBuilder(new FixedBuilder<long>());
        for (int i = 0; i < flat.Length; i++)
        {
            for (int j = i == 0 ? 1 : random.Next(3); j > 0; j--) ((FixedBuilder<long>)lists.Items).Append(random.Next());
            lists.Append();
        }

        var type = new StructType(new Field("p", ArrowType.Float64), new Field("q", ArrowType.Utf8));
        var structs = new ArrowArray(type, flat.Length, [default], [flat.Column("f"), flat.Column("x")]);
        return RecordBatch.Of(("i", flat.Column("i")), ("b", flat.Column("b")), ("l", lists.Build()), ("o", structs));
    }
}
