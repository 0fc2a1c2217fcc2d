using System.Diagnostics;
using System.Globalization;
using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace ArrowCid.Benchmarks;

/// <summary>
/// A competitor of <c>arrowcid bench export</c>: another Parquet library, which the command starts as a process. It
/// prints <c>ready</c> and then answers each line with one line, as <c>interop/python/bench_peer.py</c> does:
/// <c>load PATH</c> with <c>loaded</c>; <c>parquet PATH CODEC</c> and <c>read PATH</c> with seconds, or with
/// <c>NaN</c> where the library cannot do it.
/// </summary>
internal static class Program
{
    public static async Task Main(string[] args)
    {
        IParquetLibrary library = args is ["parquet.net"] ? new ParquetNetLibrary() : new ParquetSharpLibrary();
        List<RecordBatch> batches = [];
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "load")
            {
                batches = Load(words[1]);
                Console.WriteLine("loaded");
                continue;
            }

            Func<Task> work = words[0] == "parquet"
                ? () => library.Write(batches, words[1], words[2])
                : () => library.Read(words[1]);
            Console.WriteLine((await Seconds(work)).ToString("R", CultureInfo.InvariantCulture));
        }
    }

    private static List<RecordBatch> Load(string path)
    {
        var batches = new List<RecordBatch>();
        using var reader = new ArrowStreamReader(File.ReadAllBytes(path));
        while (reader.ReadNextRecordBatch() is { } batch) batches.Add(batch);
        return batches;
    }

    private static async Task<double> Seconds(Func<Task> work)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await work();
        }
        catch (NotSupportedException)
        {
            return double.NaN;
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
