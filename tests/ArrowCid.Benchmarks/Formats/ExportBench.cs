using ArrowCid.Cli.Demo;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Benchmarks;

/// <summary>
/// What it costs to leave and to come back: Parquet against pyarrow, one thread each and files in memory, and CAR
/// against SHA-256 of the same bytes.
/// </summary>
/// <param name="isQuick">Whether shape matters more than figures.</param>
/// <param name="rounds">The rounds.</param>
internal sealed class ExportBench(bool isQuick, Rounds rounds) : IBench
{
    private const double SpeedGoal = 0.6, TextWriteGoal = 0.8, SizeGoal = 1 / 1.05;
    private const string Cars = "car";

    private static readonly (string Name, Func<bool, RecordBatch[]> Make)[] s_tables =
    [
        ("flights", Flights),
        ("wide", isQuick => [BenchBatches.Wide(isQuick ? 1 << 20 : 64 << 20)]),
        ("strings", isQuick => [BenchBatches.Strings(isQuick ? 1 << 20 : 64 << 20)]),
        ("nested", isQuick => [BenchBatches.Nested(isQuick ? 1 << 20 : 64 << 20)]),
    ];

    private static readonly ParquetCompression[] s_codecs = [ParquetCompression.Snappy, ParquetCompression.Zstd];

    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");
    private readonly PyArrowCompetitor? _pyarrow = PyArrowCompetitor.TryStart();
    private readonly ParquetCompetitor[] _libraries = ParquetCompetitor.All();

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => s_tables.Select(table => table.Name).Append(Cars);

    public Rounds Rounds => rounds;

    public string? MissingCompetitors => _pyarrow is null ? "pyarrow" : null;

    /// <summary>What one part of a run measures for each of the other libraries.</summary>
    private delegate double Timing(ParquetCompetitor competitor);

    public IEnumerable<Measurement> Run(string[] only)
    {
        foreach ((string name, Func<bool, RecordBatch[]> make) in s_tables)
        {
            if (only.Length > 0 && !only.Contains(name)) continue;
            foreach (Measurement figure in Parquet(name, make(isQuick))) yield return figure;
        }

        if (only.Length > 0 && !only.Contains(Cars)) yield break;
        foreach (Measurement figure in CarBench.Run(rounds, _place, isQuick)) yield return figure;
    }

    public void Dispose()
    {
        _pyarrow?.Dispose();
        _place.Dispose();
    }

    /// <summary>The flights of the sample, over and over, in row groups of a million.</summary>
    private static RecordBatch[] Flights(bool isQuick)
    {
        const int full = 50, rowsPerGroup = 1_000_000;
        using var reader = ArrowReader.Open(File.OpenRead(DemoVerb.FindSample()));
        var batches = new List<RecordBatch>();
        while (reader.ReadView() is { } batch) batches.Add(batch);
        return [.. BatchCut.EveryRows(
            Enumerable.Repeat(batches, isQuick ? 1 : full).SelectMany(each => each), rowsPerGroup)];
    }

    private IEnumerable<Measurement> Parquet(string table, RecordBatch[] batches)
    {
        string stream = _place.PathOf("table.arrows");
        using (FileStream target = File.Create(stream))
        using (var writer = new ArrowWriter(target, batches[0].Schema))
        {
            foreach (RecordBatch batch in batches) writer.Write(batch);
        }

        _pyarrow?.Load(stream);
        foreach (ParquetCompetitor library in _libraries) library.Load(stream);
        double megabytes = batches.Sum(batch => CanonicalBlock.Address(batch).ByteLength) / 1e6;
        string mine = _place.PathOf("ours.parquet"), theirs = _place.PathOf("theirs.parquet");
        foreach (ParquetCompression codec in s_codecs)
        {
            string word = codec.ToString().ToLowerInvariant(), what = $"Parquet of {table}, {word}";
            double?[] seconds = rounds.AllInTurn(
                () => Rounds.Seconds(() => Write(mine, batches, codec)),
                _pyarrow is null ? null : () => _pyarrow.WriteParquet(theirs, word),
                () => Rounds.Seconds(() => Name(batches)));
            string other = _place.PathOf("competitor.parquet");
            foreach (Measurement figure in Against($"{what}: write", megabytes,
                () => Rounds.Seconds(() => Write(mine, batches, codec)),
                competitor => competitor.WriteParquet(other, word)))
            {
                yield return figure;
            }

            yield return new Measurement($"{what}: write", megabytes / seconds[0], megabytes / seconds[1], "MB/s",
                "pyarrow", table == "strings" ? TextWriteGoal : SpeedGoal)
            {
                Note = $"{seconds[2] / seconds[0]:P0} of it gives the batches their CIDs, which pyarrow does not",
            };
            double?[] own = Reading(mine);
            yield return new Measurement($"{what}: read ours", megabytes / own[0], megabytes / own[1], "MB/s",
                "pyarrow, the same file", SpeedGoal);
            foreach (Measurement figure in Against($"{what}: read ours", megabytes,
                () => Rounds.Seconds(() => Read(mine)), competitor => competitor.ReadParquet(mine)))
            {
                yield return figure;
            }

            if (_pyarrow is not null)
            {
                double?[] foreign = Reading(theirs);
                yield return new Measurement($"{what}: read pyarrow's", megabytes / foreign[0], megabytes / foreign[1],
                    "MB/s", "pyarrow, the same file", SpeedGoal);
            }

            double? size = _pyarrow is null ? null : new FileInfo(theirs).Length / 1e6;
            yield return new Measurement($"{what}: size", new FileInfo(mine).Length / 1e6, size, "MB", "pyarrow",
                SizeGoal)
            {
                IsLessBetter = true,
            };
        }
    }

    /// <summary>Our time against that of each other library, all in turn. What one of them cannot do has no figure.
    /// </summary>
    private IEnumerable<Measurement> Against(string what, double megabytes, Func<double> ours, Timing theirs)
    {
        double?[] seconds = rounds.AllInTurn(
            [ours, .. _libraries.Select(competitor => (Func<double>)(() => theirs(competitor)))]);
        for (int i = 0; i < _libraries.Length; i++)
        {
            double? other = double.IsNaN(seconds[i + 1] ?? double.NaN) ? null : megabytes / seconds[i + 1];
            yield return new Measurement(what, megabytes / seconds[0], other, "MB/s", _libraries[i].Name, null)
            {
                Note = other is null ? $"{_libraries[i].Name} cannot do this" : null,
            };
        }
    }

    private double?[] Reading(string file) => rounds.AllInTurn(
        () => Rounds.Seconds(() => Read(file)), _pyarrow is null ? null : () => _pyarrow.ReadParquet(file));

    private static void Write(string file, RecordBatch[] batches, ParquetCompression codec)
    {
        using FileStream target = File.Create(file);
        using var writer = new ParquetWriter(target, batches[0].Schema,
            new ParquetWriteOptions { Compression = codec });
        foreach (RecordBatch batch in batches) _ = writer.Write(batch);
        writer.Finish();
    }

    private static void Read(string file)
    {
        using var reader = ParquetReader.Open(File.OpenRead(file));
        while (reader.ReadView() is not null)
        {
        }
    }

    private static void Name(RecordBatch[] batches)
    {
        foreach (RecordBatch batch in batches) _ = CanonicalBlock.CidOf(batch);
    }
}
