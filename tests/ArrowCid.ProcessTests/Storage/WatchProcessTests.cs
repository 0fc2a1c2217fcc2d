using System.Diagnostics;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Watching what other processes put.</summary>
public sealed class WatchProcessTests
{
    private const int Killed = 137;

    [Fact]
    public async Task A_watcher_sees_200_000_puts_of_another_process_in_order_none_lost_and_none_twice()
    {
        const int Count = 200_000;
        using var directory = new TemporaryDirectory();
        using (BlockStore.Open(directory.Path, StoreWorker.Settings(1 << 16)))
        {
            // Made, so that the watcher finds a store.
        }

        using Process watcher = Worker.Start(null, "watch", directory.Path, $"{Count}", "32");
        Assert.Equal("ready", await watcher.StandardOutput.ReadLineAsync());
        using Process writer = Worker.Start(null, "put", directory.Path, "0", $"{Count}", "32", "65536");
        Task<string> acknowledged = writer.StandardOutput.ReadToEndAsync();
        string seen = await watcher.StandardOutput.ReadToEndAsync();
        await Ended(watcher, 0);
        Assert.Equal($"{Count} in order", seen.Trim());
        _ = await acknowledged;
        await Ended(writer, 0);
    }

    [Fact]
    public async Task A_put_killed_before_it_was_announced_is_announced_before_what_the_next_writer_puts()
    {
        using var directory = new TemporaryDirectory();
        using BlockStore store = BlockStore.Open(directory.Path, StoreWorker.Settings(64));
        using LogReader tail = store.Tail(Cursor.Now);
        // Blocks 0, 1 and 3; 2 is 1 again, and a REF has no entry in the index.
        using Process writer = Worker.Start("P5:3", "put", directory.Path, "0", "9", "100", "64");
        Assert.Equal(["0", "1", "2"],
            (await writer.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await Ended(writer, Killed);
        var heard = new List<Digest256>(Drain(tail));
        Assert.Equal([DigestOf(0), DigestOf(1), DigestOf(1)], heard.Take(3));
        using (RecordLease? lease = store.Find(DigestOf(3))) Assert.NotNull(lease);
        _ = StoreWorker.Put(store, 9, 100);
        // A handle that looks after the dead may announce it before, but never behind what came later.
        heard.AddRange(Drain(tail));
        Assert.Equal([DigestOf(3), DigestOf(9)], heard.Skip(3));
    }

    [Fact]
    public async Task The_command_prints_what_is_there_and_then_each_put_at_once()
    {
        using var directory = new TemporaryDirectory();
        using CidStore store = Open(directory);
        PutResult first = store.Put(Batch(1));
        using Process command = Command("watch", "--store", directory.Path, "--json", "--from", "oldest", "--count", "3");
        JsonElement one = Line(await command.StandardOutput.ReadLineAsync());
        Assert.Equal(("new", first.Cid.ToString(), 3), (Text(one, "kind"), Text(one, "cid"), one.GetProperty("rows").GetInt32()));
        // Only now is there a second one: the first line did not wait for it.
        PutResult second = store.Put(Batch(2));
        JsonElement two = Line(await command.StandardOutput.ReadLineAsync());
        Assert.Equal(("new", second.Cid.ToString()), (Text(two, "kind"), Text(two, "cid")));
        _ = store.Put(Batch(1));
        JsonElement three = Line(await command.StandardOutput.ReadLineAsync());
        Assert.Equal(("again", first.Cid.ToString()), (Text(three, "kind"), Text(three, "cid")));
        await Ended(command, 0);

        using Process resumed = Command("watch", "--store", directory.Path, "--from", Text(one, "cursor"), "--count", "2");
        string[] lines = (await resumed.StandardOutput.ReadToEndAsync()).TrimEnd('\n').Split('\n');
        Assert.Equal([$"{second.Cid}  3  {second.ByteLength}", $"{first.Cid}  3  {first.ByteLength}"],
            lines.Select(line => string.Join("  ", line.Split("  ").Take(3))));
        Assert.Equal(["new", "again"], lines.Select(line => line.Split("  ")[4]));
        await Ended(resumed, 0);
    }

    [Fact]
    public async Task The_command_says_a_gap_on_both_outputs_and_an_interrupt_ends_it_quietly()
    {
        using var directory = new TemporaryDirectory();
        using CidStore store = Open(directory);
        PutResult put = store.Put(Batch(1));
        const string Foreign = "c1.0f0e0d0c0b0a09080706050403020100.0-5-00000000";
        using Process command = Command("watch", "--store", directory.Path, "--json", "--from", Foreign);
        JsonElement gap = Line(await command.StandardOutput.ReadLineAsync());
        Assert.Equal(("gap", "otherStore"), (Text(gap, "kind"), Text(gap, "reason")));
        Assert.True(Cursor.TryParse(Text(gap, "cursor"), out _));
        Assert.Equal(put.Cid.ToString(), Text(Line(await command.StandardOutput.ReadLineAsync()), "cid"));
        Assert.Equal(0, Native.Kill(command.Id, 2));
        Assert.Equal("", await command.StandardOutput.ReadToEndAsync());
        string errors = await command.StandardError.ReadToEndAsync();
        await command.WaitForExitAsync();
        Assert.Equal(130, command.ExitCode);
        string only = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("arrowcid: gap: ", only, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_refuses_what_is_no_cursor()
    {
        using Process command = Command("watch", "--from", "yesterday");
        string errors = await command.StandardError.ReadToEndAsync();
        await command.WaitForExitAsync();
        Assert.Equal(2, command.ExitCode);
        Assert.Contains("--from", errors, StringComparison.Ordinal);
    }

    private static Process Command(params string[] arguments)
    {
        // A shell's background job ignores interrupts, and so would what it starts.
        var start = new ProcessStartInfo("env",
            ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "ArrowCid.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ARROWCID_STORE"] = "/nowhere/named/by/a/test";
        return Process.Start(start)!;
    }

    private static CidStore Open(TemporaryDirectory directory) => CidStore.Open(directory.Path,
        new CidStoreOptions { Capacity = 16 << 20, SegmentSize = 1 << 20 });

    private static RecordBatch Batch(int number) =>
        RecordBatch.Of(("n", ArrowArray.From<int>(new[] { number, number + 1, number + 2 })));

    private static JsonElement Line(string? line)
    {
        Assert.NotNull(line);
        return JsonSerializer.Deserialize<JsonElement>(line);
    }

    private static string Text(JsonElement line, string member) => line.GetProperty(member).GetString()!;

    private static Digest256 DigestOf(int number) => Sha256.Hash(StoreWorker.Bytes(number, 100));

    private static List<Digest256> Drain(LogReader tail)
    {
        var digests = new List<Digest256>();
        while (tail.TryNext(out LogEvent found)) digests.Add(found.Record.Digest);
        return digests;
    }

    private static async Task Ended(Process process, int code)
    {
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}, not {code}: {errors}");
    }

    private sealed class TemporaryDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
