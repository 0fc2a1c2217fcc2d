using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

public sealed class StoreProcessTests
{
    private const int Killed = 137;

    [Fact]
    public async Task One_process_puts_200_000_blocks_while_others_look_them_up_and_none_is_wrong()
    {
        const int Count = 200_000, Length = 32;
        using var directory = new StoreDirectory();
        // Made here, so that the reader finds a store.
        using BlockStore store = BlockStore.Open(directory.Path, StoreWorker.Settings(1 << 16));
        using Process reader = Worker.Start(null, "look-up", directory.Path, $"{Count}", $"{Length}");
        using Process writer = Worker.Start(null, "put", directory.Path, "0", $"{Count}", $"{Length}", "65536");
        int acknowledged = -1;
        Task reading = Task.Run(async () =>
        {
            while (await writer.StandardOutput.ReadLineAsync() is { } line)
                Volatile.Write(ref acknowledged, int.Parse(line, CultureInfo.InvariantCulture));
        });
        var random = new Random(1);
        int wrong = 0, missing = 0, found = 0;
        while (!reading.IsCompleted)
        {
            int known = Volatile.Read(ref acknowledged);
            int number = random.Next(Count);
            byte[] bytes = StoreWorker.Bytes(number, Length);
            using RecordLease? lease = store.Find(Sha256.Hash(bytes));
            if (lease is null) missing += number <= known ? 1 : 0;
            else if (lease.Memory.Span.SequenceEqual(bytes)) found++;
            else wrong++;
        }

        await Ended(writer, 0);
        string others = await reader.StandardOutput.ReadToEndAsync();
        await Ended(reader, 0);
        Assert.Equal((0, 0, "0"), (wrong, missing, others.Trim()));
        Assert.True(found > 0);
        Assert.True(store.Examination.GetStatistics().IndexEntries > 1 << 16);
        Assert.Equal((Count / 3 * 2) + 2, store.Listing.List().Count());
    }

    [Fact]
    public async Task Many_short_lived_processes_fill_one_segment()
    {
        int count = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 1000 : 100;
        using var directory = new StoreDirectory();
        for (int i = 0; i < count; i++)
        {
            using Process worker = Worker.Start(null, "put", directory.Path, $"{i * 3}", "1", "100", "65536");
            await Ended(worker, 0);
        }

        using BlockStore store = BlockStore.Open(directory.Path, new StoreSettings { ReadOnly = true });
        Assert.Single(Directory.GetFiles(directory.Path, "seg-*"));
        Assert.Equal(count, store.Listing.List().Count());
    }

    [Theory]
    [InlineData("P0:1")]
    [InlineData("P1:5")]
    [InlineData("P2:5")]
    [InlineData("P3:3")]
    [InlineData("P3:5")]
    [InlineData("P4:1")]
    [InlineData("P4:9")]
    [InlineData("P5:1")]
    [InlineData("P5:9")]
    [InlineData("P6:2")]
    [InlineData("P6:9")]
    [InlineData("P7:9")]
    [InlineData("S0:1")]
    [InlineData("S1:1")]
    [InlineData("S2:1")]
    [InlineData("S3:1")]
    [InlineData("S4:1")]
    [InlineData("S5:1")]
    [InlineData("S0:2")]
    [InlineData("S1:2")]
    [InlineData("S2:2")]
    [InlineData("S3:2")]
    [InlineData("S4:2")]
    [InlineData("S5:2")]
    [InlineData("G1:1")]
    [InlineData("G2:1")]
    [InlineData("G3:1")]
    [InlineData("G4:1")]
    [InlineData("G5:1")]
    [InlineData("G6:1")]
    [InlineData("C0:1")]
    [InlineData("C1:1")]
    [InlineData("C2:1")]
    [InlineData("C3:1")]
    public async Task A_writer_killed_at_a_step_loses_nothing_acknowledged(string step)
    {
        using var directory = new StoreDirectory();
        List<int> acknowledged = await PutUntilKilled(directory, step, from: 0);
        CheckAll(directory, acknowledged, step);
    }

    [Theory]
    [InlineData("A0:1", "P5:9")]
    [InlineData("A1:1", "P5:9")]
    [InlineData("A2:1", "P5:9")]
    [InlineData("A2:1", "P4:9")]
    [InlineData("A3:1", "P5:9")]
    [InlineData("A3:1", "S2:2")]
    [InlineData("A4:1", "P4:9")]
    [InlineData("A4:1", "S4:2")]
    [InlineData("P5:1", "P4:9")]
    public async Task An_adopter_killed_at_a_step_leaves_it_to_the_next(string step, string before)
    {
        using var directory = new StoreDirectory();
        List<int> acknowledged = await PutUntilKilled(directory, before, from: 0);
        acknowledged.AddRange(await PutUntilKilled(directory, step, from: 300));
        CheckAll(directory, acknowledged, $"{before}, {step}");
    }

    /// <summary>Puts 60 blocks of 64 KiB: three segments' worth, and more than half of an index of 64.</summary>
    private static async Task<List<int>> PutUntilKilled(StoreDirectory directory, string step, int from)
    {
        using Process worker = Worker.Start(step, "put", directory.Path, $"{from}", "60", "65536", "64");
        var acknowledged = new List<int>();
        while (await worker.StandardOutput.ReadLineAsync() is { } line)
            acknowledged.Add(int.Parse(line, CultureInfo.InvariantCulture));
        await Ended(worker, Killed);
        return acknowledged;
    }

    private static void CheckAll(StoreDirectory directory, List<int> acknowledged, string steps)
    {
        using (BlockStore store = BlockStore.Open(directory.Path, StoreWorker.Settings(64)))
        {
            foreach (int number in acknowledged)
            {
                byte[] bytes = StoreWorker.Bytes(number, 65536);
                using RecordLease? lease = store.Find(Sha256.Hash(bytes));
                Assert.True(lease is not null, $"{steps}: block {number} was acknowledged and is not there");
                Assert.True(lease.Memory.Span.SequenceEqual(bytes), $"{steps}: block {number} has other bytes");
            }

            // The next writer adopts what was left; from then on nothing of the dead one is unfinished.
            for (int number = 900; number < 960; number++) _ = StoreWorker.Put(store, number, 65536);
            Assert.True(SpinWait.SpinUntil(() => !store.Examination.GetStatistics().IndexIsGrowing,
                TimeSpan.FromSeconds(60)), steps);
            List<BlockInfo> all = store.Listing.List().ToList();
            Assert.Equal(all.Count, all.Select(info => info.Digest).Distinct().Count());
            foreach (BlockInfo info in all)
            {
                using RecordLease? lease = store.Find(info.Digest);
                bool isWhole = lease is not null && Sha256.Hash(lease.Memory.Span) == info.Digest;
                Assert.True(isWhole, $"{steps}: a block is half there");
            }
        }

        using (BlockStore store = BlockStore.Open(directory.Path, StoreWorker.Settings(64)))
        {
            // While the writer was at work one may have been made ahead.
            Assert.Equal(0, store.Examination.GetStatistics().UnfinishedSegments);
            Assert.Empty(Directory.GetFiles(directory.Path, "*.tmp-*"));
            Assert.Single(Directory.GetFiles(directory.Path, "idx-*"));
        }
    }

    private static async Task Ended(Process worker, int code)
    {
        string errors = await worker.StandardError.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode == code, $"exit code {worker.ExitCode}, not {code}: {errors}");
    }

    private sealed class StoreDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
