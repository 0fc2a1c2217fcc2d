using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Faults of the list (tests/README.md) between processes that no other class has.</summary>
public sealed class FaultProcessTests
{
    private const int Killed = 137;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_put_killed_before_it_wakes_anybody_is_found_by_who_sleeps()
    {
        using var folder = new StoreFolder();
        BlockStore.Open(folder.Path, StoreWorker.Settings(64)).Dispose();
        // A reader has no tick that would take the dead one's lane over and wake.
        using BlockStore store = BlockStore.Open(folder.Path, new StoreSettings { ReadOnly = true });
        using LogReader tail = store.Tail(Cursor.Now);
        Task<Digest256> waiter = Task.Run(() => WaitForOne(store, tail));
        Assert.True(SpinWait.SpinUntil(() => folder.WaitWord(64) == 1, s_patience), "nobody sleeps");
        using Process writer = Worker.Start("P6:1", "put", folder.Path, "0", "9", "100", "64");
        await Ended(writer, Killed);
        Assert.Equal(Sha256.Hash(StoreWorker.Bytes(0, 100)), await waiter.WaitAsync(s_patience));
    }

    [Fact]
    public async Task A_waiter_killed_asleep_costs_at_most_one_wake()
    {
        using var folder = new StoreFolder();
        using BlockStore store = BlockStore.Open(folder.Path, StoreWorker.Settings(64));
        _ = StoreWorker.Put(store, 900, 100);
        using (Process watcher = Worker.Start(null, "watch", folder.Path, "1000000", "100"))
        {
            Assert.Equal("ready", await watcher.StandardOutput.ReadLineAsync());
            Assert.True(SpinWait.SpinUntil(() => folder.WaitWord(64) == 1, s_patience), "it does not sleep");
            watcher.Kill();
            await watcher.WaitForExitAsync();
        }

        ulong before = folder.WaitWord(0);
        for (int i = 0; i < 30; i++) _ = StoreWorker.Put(store, i, 100);
        Assert.InRange(folder.WaitWord(0) - before, 0ul, 1ul);
        Assert.Equal(0ul, folder.WaitWord(64));
    }

    [Fact]
    public async Task Processes_that_put_the_same_blocks_at_once_all_succeed_and_readers_get_the_right_bytes()
    {
        const int Count = 3000, Length = 200;
        using var folder = new StoreFolder();
        using BlockStore store = BlockStore.Open(folder.Path, StoreWorker.Settings(4096));
        Process[] writers = [.. Enumerable.Range(0, 3).Select(_ =>
            Worker.Start(null, "put", folder.Path, "0", $"{Count}", $"{Length}", "4096"))];
        Task<string>[] acknowledged = Array.ConvertAll(writers, writer => writer.StandardOutput.ReadToEndAsync());
        var random = new Random(12);
        int found = 0;
        while (!Array.TrueForAll(acknowledged, task => task.IsCompleted))
        {
            byte[] bytes = StoreWorker.Bytes(random.Next(Count), Length);
            using RecordLease? lease = store.Find(Sha256.Hash(bytes));
            if (lease is null) continue;
            Assert.True(lease.Memory.Span.SequenceEqual(bytes));
            found++;
        }

        foreach (Process writer in writers)
        {
            await Ended(writer, 0);
            writer.Dispose();
        }

        foreach (Task<string> task in acknowledged)
            Assert.Equal(Count, (await task).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.True(found > 0);
        // One copy each, but where two looked before either had published; listed and found is one.
        List<Digest256> copies = [.. store.Listing.Log().Where(entry => entry.Header.RecordKind == RecordKind.Raw)
            .Select(entry => entry.Header.Digest)];
        HashSet<Digest256> blocks =
            [.. Enumerable.Range(0, Count).Select(n => Sha256.Hash(StoreWorker.Bytes(n, Length)))];
        Assert.Equal(blocks, copies.ToHashSet());
        Assert.True(copies.CountBy(digest => digest).All(pair => pair.Value <= 3));
        Assert.Equal(blocks.Count, store.Listing.List().Count());
        Assert.Empty(store.Examination.CheckLog());
    }

    [MemoryLimitFact]
    public async Task A_writer_that_the_kernel_kills_for_its_memory_loses_nothing_acknowledged()
    {
        const int Length = 1_000_000, Count = 140;
        using var folder = new StoreFolder("/dev/shm");
        BlockStore.Open(folder.Path, StoreWorker.Settings(1024) with { Capacity = 256 << 20 }).Dispose();
        var acknowledged = new List<int>();
        using (MemoryLimit limit = MemoryLimit.TryMake(48 << 20)!)
        using (Process writer = Worker.Start(null, "put", folder.Path, "0", $"{Count}", $"{Length}", "1024"))
        {
            limit.Add(writer.Id);
            while (await writer.StandardOutput.ReadLineAsync() is { Length: > 0 } line)
                acknowledged.Add(int.Parse(line, CultureInfo.InvariantCulture));
            await Ended(writer, Killed);
        }

        Assert.InRange(acknowledged.Count, 1, Count - 1);
        using BlockStore store = BlockStore.Open(folder.Path, StoreWorker.Settings(1024));
        foreach (int number in acknowledged)
        {
            byte[] bytes = StoreWorker.Bytes(number, Length);
            using RecordLease? lease = store.Find(Sha256.Hash(bytes));
            Assert.True(lease is not null, $"block {number} is gone");
            Assert.True(lease.Memory.Span.SequenceEqual(bytes));
        }

        for (int number = 0; number < Count; number++) _ = StoreWorker.Put(store, number, Length);
        Assert.Empty(store.Examination.CheckLog());
    }

    private static Digest256 WaitForOne(BlockStore store, LogReader tail)
    {
        var pause = new LogPause(store.Signal);
        while (true)
        {
            if (tail.TryNext(out LogEvent found)) return found.Record.Digest;
            if (!pause.LooksAgain()) pause.Sleep(TimeSpan.MaxValue);
        }
    }

    private static async Task Ended(Process worker, int code)
    {
        string errors = await worker.StandardError.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode == code, $"exit code {worker.ExitCode}, not {code}: {errors}");
    }

    private sealed class StoreFolder(string? parent = null) : IDisposable
    {
        public string Path { get; } = parent is null
            ? Directory.CreateTempSubdirectory("arrowcid-test-").FullName
            : Make(System.IO.Path.Combine(parent, $"arrowcid-test-{Guid.NewGuid():N}"));

        /// <summary>A word of the page that waiters sleep on.</summary>
        public ulong WaitWord(int at)
        {
            using var file = new FileStream(System.IO.Path.Combine(Path, StoreLayout.WaitName), FileMode.Open,
                FileAccess.Read, FileShare.ReadWrite);
            Span<byte> bytes = stackalloc byte[8];
            file.Position = at;
            file.ReadExactly(bytes);
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);

        private static string Make(string path)
        {
            Assert.Equal(0, FileDescriptor.TryMakeDirectory(path));
            return path;
        }
    }
}
