using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;

namespace ArrowCid.Cli.Demo;

/// <summary><c>demo</c>: one process publishes real batches, another finds them by CID and reads them where they
/// lie.</summary>
internal static class DemoVerb
{
    private const int RowsPerBlock = 10_000;
    private const string SampleName = "flights-200k.arrow";

    // Small enough for a container's /dev/shm of 64 MB, with space for several runs.
    private const long Capacity = 16 << 20;
    private const long SegmentSize = 1 << 20;

    public static Command Make()
    {
        var store = new Option<string?>("--store")
        {
            HelpName = "DIR",
            Description = "An empty or new directory for the store. Default: a new one in /dev/shm.",
        };
        var verb = new Verb("demo",
            "Show two processes that share batches without a copy. One publishes 20 batches of 200,000 real " +
            "flights, the other finds them by CID and reads them in place. The store stays; the output says how to " +
            "delete it.",
            "arrowcid demo")
        {
            store,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store)));
        return verb;
    }

    private static int Run(string? named)
    {
        string directory = named is null ? ChooseDirectory() : Path.GetFullPath(named);
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{directory} is not empty, and the demo makes a store of its own; name a new directory");
        }

        string sample = FindSample();
        var report = new DemoReport(directory);
        long started = Stopwatch.GetTimestamp();
        using var store = CidStore.Open(directory,
            new CidStoreOptions { Capacity = Capacity, SegmentSize = SegmentSize });
        double open = Stopwatch.GetElapsedTime(started).TotalMilliseconds;

        started = Stopwatch.GetTimestamp();
        RecordBatch[] batches = [.. BatchCut.EveryRows(Input.Batches(sample, null), RowsPerBlock)];
        double load = Stopwatch.GetElapsedTime(started).TotalMilliseconds;

        started = Stopwatch.GetTimestamp();
        PutResult[] puts = Array.ConvertAll(batches, store.Put);
        double put = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        report.Published(sample, puts, open, load, put);

        started = Stopwatch.GetTimestamp();
        DemoReading reading = AskSecondProcess(directory, puts);
        report.Read(puts, reading, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        report.Next(puts, batches.Count(batch => !store.Put(batch).IsNew));
        return 0;
    }

    private static DemoReading AskSecondProcess(string directory, PutResult[] puts)
    {
        ProcessStartInfo start = OwnProgram.With(DemoReaderVerb.Name, "--store", directory);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        using Process second = Process.Start(start) ??
            throw new ArrowCidException(ErrorCode.Io, "the second process could not be started");
        foreach (PutResult put in puts) second.StandardInput.WriteLine(put.Cid.ToString());
        second.StandardInput.Close();
        string answer = second.StandardOutput.ReadToEnd();
        second.WaitForExit();
        if (second.ExitCode != 0)
            throw new ArrowCidException(ErrorCode.Io, $"the second process ended with exit code {second.ExitCode}");
        return JsonSerializer.Deserialize(answer, DemoJson.Default.DemoReading) ??
            throw new ArrowCidException(ErrorCode.Internal, "the second process said nothing");
    }

    /// <summary>The file of flights that comes with the command.</summary>
    public static string FindSample()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, "samples", SampleName);
        return File.Exists(beside)
            ? beside
            : throw new ArrowCidException(ErrorCode.Io,
                $"the sample {beside} is missing; build or install the command again");
    }

    /// <summary>Shared memory if it has the space, otherwise a directory on a disk.</summary>
    private static string ChooseDirectory()
    {
        string name = $"demo-{Environment.ProcessId}-{Random.Shared.Next():x8}";
        var shared = new DriveInfo("/dev/shm");
        if (shared.IsReady && shared.AvailableFreeSpace >= Capacity) return CidStore.SharedDirectory(name);
        string other = Path.Combine(Path.GetTempPath(), $"arrowcid-{name}");
        CommandError.Say($"/dev/shm has not {Capacity >> 20} MiB to spare; the store goes to {other} instead");
        return other;
    }
}
