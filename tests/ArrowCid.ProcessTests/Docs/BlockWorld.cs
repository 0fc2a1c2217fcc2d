using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using ArrowCid.Parquet;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Interop;
using ArrowCid.Tests.Transfer.S3;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>
/// What the documents take for granted: files of a reader's, a store with blocks and names, and a server. All of it is in
/// one folder, and each path and address that the documents name leads there.
/// </summary>
public sealed partial class BlockWorld : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new(isMemory: true);
    private readonly Lazy<ServedStore> _served;
    private readonly Cid _cid, _old;

    public BlockWorld()
    {
        _served = new Lazy<ServedStore>(Serve);
        foreach (string name in (string[])["shm", "srv", "mnt/backup/quotes", "etc/arrowcid", "work/in", "bin"])
            Directory.CreateDirectory(_folder.PathOf(name));
        using (CidStore store = CidStore.Open(Store))
        {
            _cid = store.Put(Trips(7)).Cid;
            _old = Fill(store);
        }

        using (CidStore backup = CidStore.Open(_folder.PathOf("mnt/backup/quotes-store"))) _ = backup.Put(Trips(7));
        WriteFiles();
        WriteProgram("arrowcid", $"exec dotnet '{Command.Dll}' \"$@\"");
        WriteProgram("python3", $"exec /bin/sh '{FlightPeers.PythonPath}' \"$@\"");
    }

    /// <summary>The folder in which the blocks run.</summary>
    public string Work => _folder.PathOf("work");

    /// <summary>The store that the command takes where none is named.</summary>
    public string Store => _folder.PathOf("shm/default");

    /// <summary>The server, which starts with the first call.</summary>
    internal ServedStore Served => _served.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_served.IsValueCreated) Served.Dispose();
        _folder.Dispose();
    }

    /// <summary>Writes a file into the folder in which the blocks run.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        string path = Path.Combine(Work, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Replaces what a document names by what is there in this run: paths, addresses, CIDs.</summary>
    public string Localize(string text)
    {
        if (HasAddress(text) || text.Contains("serve.token", StringComparison.Ordinal))
        {
            text = text.Replace("/dev/shm/arrowcid-$UID/default", Served.Directory, StringComparison.Ordinal)
                .Replace("grpc://127.0.0.1:8815", Served.Flight, StringComparison.Ordinal)
                .Replace("http://127.0.0.1:8816", Served.Http, StringComparison.Ordinal);
        }

        text = text.Replace("/dev/shm/arrowcid-$UID/default", Store, StringComparison.Ordinal)
            .Replace("/dev/shm/", _folder.PathOf("shm/"), StringComparison.Ordinal)
            .Replace("/srv/", _folder.PathOf("srv/"), StringComparison.Ordinal)
            .Replace("/etc/arrowcid/", _folder.PathOf("etc/arrowcid/"), StringComparison.Ordinal)
            .Replace("/mnt/", _folder.PathOf("mnt/"), StringComparison.Ordinal)
            .Replace("$PWD/.artifacts/", $"{Command.Root}/.artifacts/", StringComparison.Ordinal)
            .Replace("OLD-CID", $"{_old}", StringComparison.Ordinal);
        if (text.Contains("http://127.0.0.1:9000", StringComparison.Ordinal))
        {
            text = text.Replace("http://127.0.0.1:9000", $"{MotoServer.Url}".TrimEnd('/'), StringComparison.Ordinal)
                .Replace("s3://bucket/", $"s3://{MotoServer.Bucket}/{Guid.NewGuid():n}/", StringComparison.Ordinal);
        }

        const string Bucket = "s3://my-bucket/quotes?region=eu-central-1";
        if (text.Contains(Bucket, StringComparison.Ordinal))
            text = text.Replace(Bucket, MotoServer.NewFolder(), StringComparison.Ordinal);
        text = CidWord().Replace(text, $"{_cid}");
        return TreePath().Replace(text, match => $"{Command.Root}/{match.Value}");
    }

    /// <summary>Runs a program, and kills it where it does not end.</summary>
    /// <param name="until">A line of its output after which it is ended; null where it must end by itself.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    internal CommandResult Run(Regex? until, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Work,
        };
        start.Environment["PATH"] = $"{_folder.PathOf("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["PYTHONPATH"] = CLibrary.PathOf("python");
        start.Environment["PYTHONUNBUFFERED"] = "1";
        start.Environment["ARROWCID_STORE"] = Store;
        start.Environment["ARROWCID_FLIGHT"] = start.Environment["ARROWCID_HTTP"] = "127.0.0.1:0";
        // The system's loader is asked last, so that a build without the variable finds the library of this tree.
        start.Environment["ARROWCID_LIBRARY"] = CLibrary.File;
        start.Environment.Remove("ARROWCID_FROM");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        bool isFound = false;
        using var ended = new ManualResetEventSlim();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ended.Set();
                return;
            }

            output.Append(line.Data).Append('\n');
            if (isFound || until?.IsMatch(line.Data) != true) return;
            isFound = true;
            process.Kill(entireProcessTree: true);
        };
        process.BeginOutputReadLine();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        bool isInTime = process.WaitForExit(s_watchdog);
        if (!isInTime) process.Kill(entireProcessTree: true);
        isInTime &= ended.Wait(s_watchdog) && errors.Wait(s_watchdog);
        string what = $"{program} {string.Join(' ', arguments)}";
        Assert.True(isInTime, $"killed after {s_watchdog}: {what}\n{output}");
        Assert.True(isFound || until is null, $"ended without the line {until}: {what}\n{output}\n{errors.Result}");
        return new CommandResult(what, isFound ? 0 : process.ExitCode, Encoding.UTF8.GetBytes($"{output}"), errors.Result);
    }

    private static bool HasAddress(string text) =>
        text.Contains("127.0.0.1:8815", StringComparison.Ordinal) || text.Contains("127.0.0.1:8816", StringComparison.Ordinal);

    private static RecordBatch Trips(int seed) => new RecordBatch.Builder()
        .Append("id", true, column => column.Int32(id => id.AppendRange(Enumerable.Range(0, 1200))))
        .Append("fare", true, column => column.Double(fare => fare.AppendRange(Enumerable.Range(0, 1200).Select(i => (double)(i + seed)))))
        .Build();

    /// <summary>Puts the blocks and names that the guides speak of.</summary>
    /// <returns>The CID of <c>trips.arrow</c>.</returns>
    private static Cid Fill(CidStore store)
    {
        Cid old = store.Put(Trips(0)).Cid;
        _ = store.Datasets.Put([store.Put(Trips(1)).Cid, store.Put(Trips(2)).Cid], new PutOptions { Name = "prices" });
        _ = store.Put(Trips(3), new PutOptions { Name = "reports/daily" });
        return old;
    }

    private void WriteFiles()
    {
        WriteStream("trips.arrow", Trips(0));
        WriteStream("a.arrows", Trips(4));
        WriteStream("b.arrows", Trips(4));
        WriteParquet("trips.parquet", Trips(5));
        WriteParquet("flights.parquet", Trips(6));
        WriteParquet("report.parquet", Trips(7));
        WriteParquet("in/more/trips.parquet", Trips(8));
        Write("trips.csv", "at,qty,fare\n2026-11-20T12:00:00Z,3,101.5\n2026-11-20T13:00:00Z,4,99\n");
        Write("monday.csv", "id,fare\n1,10.5\n2,11\n");
        Write("tuesday.csv", "id,fare\n2,11\n1,10.5\n");
        Write("report.py", "print('id,fare')\nfor i in range(1200): print(f'{i},{i + 7}.0')\n");
        File.WriteAllText(_folder.PathOf("etc/arrowcid/tokens"), $"reader read sha256:{new string('a', 64)}\n");
        File.Copy(CLibrary.PathOf("c/samples/producer.c"), Path.Combine(Work, "program.c"));
    }

    private void WriteStream(string name, RecordBatch batch)
    {
        using FileStream file = File.Create(Path.Combine(Work, name));
        using var writer = new ArrowStreamWriter(file, batch.Schema);
        writer.WriteRecordBatch(batch);
        writer.WriteEnd();
    }

    private void WriteParquet(string name, RecordBatch batch)
    {
        using FileStream file = File.Create(Write(name, ""));
        using var writer = new ParquetWriter(file, batch.Schema);
        _ = writer.Write(batch);
        writer.Finish();
    }

    private ServedStore Serve()
    {
        ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        _ = store.Put(Trips(7));
        return served;
    }

    private void WriteProgram(string name, string line)
    {
        string path = _folder.PathOf($"bin/{name}");
        File.WriteAllText(path, $"#!/bin/sh\n{line}\n");
        _ = Command.Program("chmod", "+x", path).Exits(0);
    }

    [GeneratedRegex(@"\bCID\b")]
    private static partial Regex CidWord();

    [GeneratedRegex(@"(?<=^|\s|\()(samples|interop|src|\.artifacts)/(?=\w)", RegexOptions.Multiline)]
    private static partial Regex TreePath();
}
