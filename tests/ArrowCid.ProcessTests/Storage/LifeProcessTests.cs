using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>What processes hold, evict and reclaim, and what is left of those that are killed.</summary>
public sealed class LifeProcessTests
{
    private const int Killed = 137;
    private const int BlockBytes = 60_000;

    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    [Fact]
    public async Task A_full_ring_names_the_process_that_holds_it_and_goes_on_once_that_is_gone()
    {
        using var folder = new TemporaryFolder();
        using BlockStore store = BlockStore.Open(folder.Store,
            LifeWorker.Settings(isRing: true) with { Capacity = 8 << 20, Timeout = TimeSpan.FromMilliseconds(50) });
        Process? holder = null;
        int number = 0;
        try
        {
            ArrowCidException? refused = null;
            for (; number < 500 && refused is null; number++)
            {
                if (number == 150)
                {
                    // Everything that is there; the ring is full.
                    int first = 1 + Enumerable.Range(0, 150).Last(n =>
                        !store.Contains(Sha256.Hash(StoreWorker.Bytes(n, BlockBytes))));
                    holder = Worker.Start(null, "hold", folder.Store, $"{first}", $"{150 - first}", $"{BlockBytes}");
                    Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
                }

                try
                {
                    _ = StoreWorker.Put(store, number, BlockBytes);
                }
                catch (ArrowCidException e)
                {
                    refused = e;
                }
            }

            Assert.Equal(ErrorCode.StoreFull, refused?.Code);
            Assert.Contains($"process {holder!.Id} (", refused!.Message, StringComparison.Ordinal);
            // The kernel takes the leases of the dead back.
            holder.Kill();
            await holder.WaitForExitAsync();
            for (int more = 0; more < 100; more++, number++) _ = StoreWorker.Put(store, number, BlockBytes);
        }
        finally
        {
            holder?.Dispose();
        }
    }

    [Fact]
    public async Task Writers_of_a_ring_at_its_end_put_and_read_side_by_side_and_nothing_is_wrong()
    {
        using var folder = new TemporaryFolder();
        BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: true)).Dispose();
        int count = IsLong ? 20_000 : 1500;
        Process[] writers =
        [
            .. Enumerable.Range(0, 4).Select(i =>
                Worker.Start(null, "ring", folder.Store, $"{i * 100_002}", $"{count}", $"{BlockBytes}")),
        ];
        foreach (Process writer in writers)
        {
            string wrong = await writer.StandardOutput.ReadToEndAsync();
            await Ended(writer, 0);
            Assert.Equal("0", wrong.Trim());
            writer.Dispose();
        }

        using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: true));
        Assert.True(store.Examination.GetStatistics().BytesTaken <= 32 << 20);
        CheckList(store);
    }

    [Theory]
    [InlineData("E1:1")]
    [InlineData("E2:1")]
    [InlineData("E3:1")]
    [InlineData("E4:1")]
    [InlineData("E5:1")]
    [InlineData("E2:7")]
    [InlineData("E4:7")]
    public async Task An_evictor_killed_at_a_step_leaves_a_ring_that_goes_on(string step)
    {
        foreach (bool isMemory in (bool[])[true, false])
        {
            using var folder = new TemporaryFolder(isMemory);
            using (Process worker = Worker.Start(step, "ring", folder.Store, "0", "5000", $"{BlockBytes}"))
                await Ended(worker, Killed);
            // One that only reads, before anybody tidied up: a hit is whole, and nothing else is one.
            using (BlockStore reader = BlockStore.Open(folder.Store, new StoreSettings { ReadOnly = true }))
                CheckList(reader);
            using (Process worker = Worker.Start(null, "ring", folder.Store, "300000", "600", $"{BlockBytes}"))
            {
                Assert.Equal("0", (await worker.StandardOutput.ReadToEndAsync()).Trim());
                await Ended(worker, 0);
            }

            using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: true));
            _ = store.Reaper.Reap(dryRun: false);
            CheckNothingLeft(store, folder.Store);
            CheckList(store);
        }
    }

    [Theory]
    [InlineData("E1:1")]
    [InlineData("E2:1")]
    [InlineData("E3:1")]
    [InlineData("E4:1")]
    [InlineData("E5:1")]
    [InlineData("E1:3")]
    [InlineData("E3:3")]
    [InlineData("P4:5")]
    [InlineData("P5:5")]
    [InlineData("P6:5")]
    public async Task A_janitor_killed_at_a_step_loses_nothing_that_was_not_dropped(string step)
    {
        const int Count = 300;
        using var folder = new TemporaryFolder();
        using (BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false)))
        {
            for (int number = 0; number < Count; number++) _ = StoreWorker.Put(store, number, BlockBytes);
        }

        using (Process worker = Worker.Start(step, "drop", folder.Store, $"{Count}", $"{BlockBytes}"))
            await Ended(worker, Killed);
        CheckDropped(folder.Store, Count, mayBeThere: true);
        using (Process worker = Worker.Start(null, "drop", folder.Store, $"{Count}", $"{BlockBytes}"))
        {
            Assert.Equal("dropped", await worker.StandardOutput.ReadLineAsync());
            string freed = await worker.StandardOutput.ReadToEndAsync();
            await Ended(worker, 0);
            Assert.True(long.Parse(freed, CultureInfo.InvariantCulture) >= 0);
        }

        CheckDropped(folder.Store, Count, mayBeThere: false);
        using BlockStore last = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false));
        _ = last.Reaper.Reap(dryRun: false);
        CheckNothingLeft(last, folder.Store);
    }

    [Fact]
    public async Task Reclaim_never_takes_what_a_reader_holds_or_a_put_just_acknowledged()
    {
        const int Processes = 8, Universe = 400;
        using var folder = new TemporaryFolder(isMemory: true);
        BlockStore.Open(folder.Store, LifeWorker.ChurnSettings).Dispose();
        int milliseconds = IsLong ? 60_000 : 5000;
        Process[] workers =
        [
            .. Enumerable.Range(0, Processes).Select(i => Worker.Start(null, "churn", folder.Store, $"{i + 1}",
                $"{milliseconds}", $"{Universe}", "20000")),
        ];
        var put = new HashSet<int>();
        foreach (Process worker in workers)
        {
            string[] lines = (await worker.StandardOutput.ReadToEndAsync()).Split('\n',
                StringSplitOptions.RemoveEmptyEntries);
            await Ended(worker, 0);
            worker.Dispose();
            Assert.True(lines.Length == 2, string.Join('\n', lines));
            put.UnionWith(lines[1].Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
        }

        using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.ChurnSettings);
        var drops = new DropLog(store);
        drops.Refresh();
        foreach (int number in put)
        {
            byte[] bytes = StoreWorker.Bytes(number, 20_000);
            Digest256 digest = Sha256.Hash(bytes);
            using RecordLease? lease = store.Find(digest);
            bool isRight = lease is null ? drops.IsDead(in digest) : lease.Memory.Span.SequenceEqual(bytes);
            Assert.True(isRight, $"block {number} {(lease is null ? "is missing" : "has other bytes")}");
        }

        CheckNothingLeft(store, folder.Store);
    }

    [Fact]
    public async Task A_reader_keeps_its_bytes_when_the_directory_goes()
    {
        using var folder = new TemporaryFolder();
        using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false));
        _ = StoreWorker.Put(store, 1, BlockBytes);
        using Process holder = Worker.Start(null, "hold", folder.Store, "1", "1", $"{BlockBytes}");
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        Directory.Delete(folder.Store, recursive: true);
        holder.StandardInput.Close();
        await Ended(holder, 0);
    }

    [Fact]
    public async Task A_stopped_writer_keeps_its_lane_and_a_dead_one_does_not_even_as_a_zombie()
    {
        using var folder = new TemporaryFolder();
        using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false));
        using Process writer = Worker.Start(null, "stay", folder.Store);
        Assert.Equal("there", await writer.StandardOutput.ReadLineAsync());
        Signal(writer, "STOP");
        _ = StoreWorker.Put(store, 1, BlockBytes);
        Assert.Equal(2, store.Examination.GetStatistics().LanesInUse);
        Assert.Contains(store.Examination.Processes(), process => process.Process == writer.Id &&
            process.Lanes.SequenceEqual([0]));
        Assert.DoesNotContain(store.Reaper.Reap(dryRun: true), item => item.Kind == ReapedItemKind.Lane);
        // Killed and not yet waited for by its parent, this process, it is a zombie: its locks are free all the same.
        Signal(writer, "KILL");
        Assert.True(SpinWait.SpinUntil(() => store.Examination.GetStatistics().LanesInUse == 1,
            TimeSpan.FromSeconds(60)));
        await writer.WaitForExitAsync();
        // The tick of the living takes the lane over.
        Assert.True(SpinWait.SpinUntil(() => !store.Reaper.Reap(dryRun: true).Exists(item => item.Kind == ReapedItemKind.Lane),
            TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task What_a_writer_killed_before_its_announcement_left_is_announced_by_the_tick_of_another()
    {
        using var folder = new TemporaryFolder();
        using BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false));
        using LogReader tail = store.Tail(Cursor.Now);
        using (Process writer = Worker.Start("P5:3", "put", folder.Store, "0", "10", "1000", "64"))
            await Ended(writer, Killed);
        int seen = 0;
        Assert.True(SpinWait.SpinUntil(() =>
        {
            while (tail.TryNext(out LogEvent found)) seen += found.Gap is null ? 1 : 0;
            return seen >= 4;
        }, TimeSpan.FromSeconds(60)), $"{seen} announced");
    }

    /// <summary>Row 13 and 14 of the fault list: the file system is full where a segment is needed, and later is not;
    /// and it is filled by others when all that is mapped is reserved.</summary>
    [MountFact]
    public void A_file_system_without_room_refuses_and_one_with_room_again_goes_on()
    {
        CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=40m tmpfs /dev/shm && " +
            "export ARROWCID_STORE=/dev/shm/full && \"$@\" put \"" + Command.Data + "/vectors/v1.arrows\" && " +
            "{ cat /dev/zero > /dev/shm/filler 2>/dev/null; \"$@\" verify --all && " +
            "\"$@\" put --rows-per-block 5000 \"" + Command.Sample + "\"; echo code $?; rm /dev/shm/filler; } && " +
            "\"$@\" put --rows-per-block 5000 \"" + Command.Sample +
                "\" >/dev/null && \"$@\" verify --all | wc -l' sh \"$@\"").Exits(0);
        Assert.Contains("code 6", result.Text, StringComparison.Ordinal);
        Assert.Contains("does not fit", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("41\n", result.Text, StringComparison.Ordinal);
    }

    [MountFact]
    public void A_store_is_refused_where_there_is_no_room_for_one()
    {
        CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && " +
            "ARROWCID_STORE=/dev/shm/none \"$@\" put \"" + Command.Data + "/vectors/v1.arrows\"' sh \"$@\"").Exits(6);
        Assert.Contains("--shm-size", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shm_shows_who_holds_what_and_reap_what_the_dead_left()
    {
        using var folder = new TemporaryFolder();
        using (BlockStore store = BlockStore.Open(folder.Store, LifeWorker.Settings(isRing: false)))
            _ = StoreWorker.Put(store, 0, 100);
        using Process writer = Worker.Start(null, "stay", folder.Store);
        Assert.Equal("there", await writer.StandardOutput.ReadLineAsync());
        CommandResult shm = Command.Run("shm", "--store", folder.Store).Succeeds();
        Assert.Contains("lanes written", shm.Lines[0], StringComparison.Ordinal);
        Assert.Matches($@"^seg-0000-00000001  data  open  lane 0  .* held by {writer.Id}$", shm.Lines[1]);
        Assert.Matches($@"^process {writer.Id}  .*  for writing  writes lane 0  maps 1$", shm.Lines[2]);
        var json = Command.Run("shm", "--json", "--store", folder.Store).Succeeds().Json;
        Assert.Equal(["store", "segment", "process"], json.Select(line => line.GetProperty("type").GetString()));
        Assert.Equal(writer.Id, json[2].GetProperty("process").GetInt32());
        Assert.Equal("", Command.Run("reap", "--store", folder.Store).Succeeds().Text);
        writer.Kill();
        await writer.WaitForExitAsync();
        string[] left = Command.Run("reap", "--dry-run", "--store", folder.Store).Succeeds().Lines;
        // Its place among the participants is left too, unless who looks has taken it.
        Assert.Equal($"lane  0 of process {writer.Id}  0", left[0]);
        Assert.All(left.Skip(1), line => Assert.StartsWith("participant  ", line, StringComparison.Ordinal));
        // Its own tick may be at the lane by then, and be named.
        string taken = Command.Run("reap", "--store", folder.Store).Succeeds().Lines[0];
        Assert.StartsWith("lane  0 of process ", taken, StringComparison.Ordinal);
        Assert.Equal("", Command.Run("reap", "--dry-run", "--store", folder.Store).Succeeds().Text);
        Command.Run("reap", "--store", folder.PathOf("none")).Exits(5);
    }

    private static void CheckDropped(string directory, int count, bool mayBeThere)
    {
        using BlockStore store = BlockStore.Open(directory, LifeWorker.Settings(isRing: false));
        HashSet<int> dropped = [.. LifeWorker.Even(count)];
        for (int number = 0; number < count; number++)
        {
            byte[] bytes = StoreWorker.Bytes(number, BlockBytes);
            using RecordLease? lease = store.Find(Sha256.Hash(bytes));
            Assert.True(lease is null || lease.Memory.Span.SequenceEqual(bytes), $"block {number} has other bytes");
            if (!dropped.Contains(number)) Assert.True(lease is not null, $"block {number} is missing");
        }

        if (!mayBeThere) Assert.True(store.Examination.GetStatistics().BytesTaken < count * (long)BlockBytes);
    }

    /// <summary>Every block that is listed is whole.</summary>
    private static void CheckList(BlockStore store)
    {
        foreach (BlockInfo info in store.Listing.List())
        {
            using RecordLease? lease = store.Find(info.Digest);
            Assert.True(lease is null || Sha256.Hash(lease.Memory.Span) == info.Digest, $"{info.Digest} is not whole");
        }
    }

    /// <summary>The directory holds what the table names, and nothing else.</summary>
    private static void CheckNothingLeft(BlockStore store, string directory)
    {
        Assert.Equal([], store.Reaper.Reap(dryRun: true));
        HashSet<string> known = [.. store.Examination.Segments().Select(segment => segment.Name)];
        foreach (string path in Directory.GetFiles(directory, "seg-*"))
        {
            string name = Path.GetFileName(path);
            Assert.True(known.Contains(name) || name.EndsWith(".tmp-owner", StringComparison.Ordinal), name);
        }
    }

    private static void Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", ["-" + signal, $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static async Task Ended(Process worker, int code)
    {
        string errors = await worker.StandardError.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode == code, $"exit code {worker.ExitCode}, not {code}: {errors}");
    }
}
