using System.Diagnostics;
using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace ArrowCid.Benchmarks;

/// <summary>Another .NET library for Parquet, timed in this process.</summary>
/// <param name="name">The library's name.</param>
/// <param name="library">The library.</param>
internal sealed class ParquetCompetitor(string name, IParquetLibrary library)
{
    private List<RecordBatch> _batches = [];

    /// <summary>All libraries that are measured.</summary>
    public static ParquetCompetitor[] All() =>
        [new("ParquetSharp", new ParquetSharpLibrary()), new("Parquet.Net", new ParquetNetLibrary())];

    /// <summary>The library's name.</summary>
    public string Name { get; } = name;

    /// <summary>Loads the batches of an IPC stream; later runs use them.</summary>
    public void Load(string path)
    {
        foreach (RecordBatch batch in _batches) batch.Dispose();
        _batches = [];
        using var reader = new ArrowStreamReader(File.ReadAllBytes(path));
        while (reader.ReadNextRecordBatch() is { } batch) _batches.Add(batch);
    }

    /// <summary>Writes the batches as a Parquet file, one row group per batch.</summary>
    /// <returns>Seconds, or NaN where the library cannot do it.</returns>
    public double WriteParquet(string path, string codec) => Seconds(() => library.Write(_batches, path, codec));

    /// <summary>Reads a Parquet file.</summary>
    /// <returns>Seconds, or NaN where the library cannot do it.</returns>
    public double ReadParquet(string path) => Seconds(() => library.Read(path));

    private static double Seconds(Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            work().GetAwaiter().GetResult();
        }
        catch (NotSupportedException)
        {
            return double.NaN;
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
