using System.Diagnostics;
using System.Globalization;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Facts and blocks of writers that are killed, over both chains.</summary>
public sealed class FactProcessTests
{
    private const int Killed = 137;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("F4:1", Durability.Periodic)]
    [InlineData("F4:30", Durability.Periodic)]
    [InlineData("F6:1", Durability.Periodic)]
    [InlineData("F6:30", Durability.Periodic)]
    [InlineData("P4:30", Durability.Periodic)]
    [InlineData("P5:30", Durability.Periodic)]
    [InlineData("P6:30", Durability.Periodic)]
    [InlineData("P7:30", Durability.Periodic)]
    [InlineData("S2:3", Durability.Periodic)]
    [InlineData("S4:3", Durability.Periodic)]
    [InlineData("S5:3", Durability.Periodic)]
    [InlineData("D3:1", Durability.Periodic)]
    [InlineData("D4:1", Durability.Periodic)]
    [InlineData("D1:1", Durability.Always)]
    [InlineData("D1:30", Durability.Always)]
    [InlineData("D2:1", Durability.Always)]
    [InlineData("D2:30", Durability.Always)]
    [InlineData("F4:30", Durability.Always)]
    [InlineData("F6:30", Durability.Always)]
    [InlineData("P5:30", Durability.Always)]
    public async Task A_writer_killed_at_a_step_loses_neither_block_nor_fact(string step, Durability durability)
    {
        using var directory = new StoreDirectory();
        List<int> acknowledged = await PutUntilKilled(directory, step, 0, durability);
        CheckAll(directory, acknowledged, step);
    }

    [Theory]
    [InlineData("A1:1", "F4:30")]
    [InlineData("A2:1", "P4:30")]
    [InlineData("A2:2", "D1:8")]
    [InlineData("A3:1", "D2:8")]
    [InlineData("A4:1", "F6:30")]
    public async Task An_adopter_of_two_chains_killed_at_a_step_leaves_them_to_the_next(string step, string before)
    {
        using var directory = new StoreDirectory();
        List<int> acknowledged = await PutUntilKilled(directory, before, 0, Durability.Always);
        acknowledged.AddRange(await PutUntilKilled(directory, step, 400, Durability.Always));
        CheckAll(directory, acknowledged, $"{before}, {step}");
    }

    [Fact]
    public async Task A_name_is_locked_against_other_processes_and_freed_by_a_kill()
    {
        using var directory = new StoreDirectory();
        using BlockStore store = BlockStore.Open(directory.Path, FactWorker.Settings(Durability.None));
        using Process holder = Worker.Start(null, "hold-name", directory.Path, "7");
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() =>
            store.Coordination.LockName(7, TimeSpan.FromMilliseconds(30))).Code);
        store.Coordination.LockName(8, TimeSpan.Zero).Dispose();
        holder.Kill();
        store.Coordination.LockName(7, s_long).Dispose();
        await holder.WaitForExitAsync();
    }

    /// <summary>Puts up to 80 blocks with facts, over several segments of each kind.</summary>
    private static async Task<List<int>> PutUntilKilled(StoreDirectory directory, string step, int from,
        Durability durability)
    {
        using Process worker = Worker.Start(step, "facts", directory.Path, $"{from}", "80", $"{durability}");
        var acknowledged = new List<int>();
        while (await worker.StandardOutput.ReadLineAsync() is { } line)
            acknowledged.Add(int.Parse(line, CultureInfo.InvariantCulture));
        string errors = await worker.StandardError.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode == Killed, $"{step}: exit code {worker.ExitCode}: {errors}");
        return acknowledged;
    }

    private static void CheckAll(StoreDirectory directory, List<int> acknowledged, string steps)
    {
        using BlockStore store = BlockStore.Open(directory.Path, FactWorker.Settings(Durability.Periodic));
        // Before anything is adopted, the order holds: who sees a block sees its facts.
        CheckOrder(store, steps);
        using IDisposable held = store.Coordination.LockName(1, s_long);
        store.Adoption.CatchUp(s_long);
        HashSet<string> facts = CheckOrder(store, steps);
        ulong mark = store.Listing.Marks()[0];
        foreach (int number in acknowledged)
        {
            byte[] bytes = StoreWorker.Bytes(number, FactWorker.Length);
            using RecordLease? lease = store.Find(Sha256.Hash(bytes));
            Assert.True(lease is not null, $"{steps}: block {number} was acknowledged and is not there");
            Assert.True(lease.Memory.Span.SequenceEqual(bytes), $"{steps}: block {number} has other bytes");
            Assert.True(facts.Contains(FactWorker.TextOf(number)), $"{steps}: the fact of {number} is lost");
            if (number % 5 == 0) Assert.True(facts.Contains($"alone {number}"), $"{steps}: fact {number} is lost");
        }

        // The numbers go on where they ended, and the log stays whole.
        PutRequest request = FactWorker.Request(901);
        _ = store.Put(in request, out _);
        Assert.Equal(mark + 2, store.Listing.Marks()[0]);
        _ = CheckOrder(store, steps);
    }

    private static HashSet<string> CheckOrder(BlockStore store, string steps)
    {
        var facts = new HashSet<string>();
        var wanted = new Dictionary<Digest256, List<string>>();
        foreach (int number in Enumerable.Range(0, 80).Concat(Enumerable.Range(400, 80)).Append(901))
        {
            Digest256 digest = Sha256.Hash(StoreWorker.Bytes(number, FactWorker.Length));
            if (!wanted.TryGetValue(digest, out List<string>? texts)) wanted.Add(digest, texts = []);
            texts.Add(FactWorker.TextOf(number));
        }

        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        ulong last = 0;
        while (tail.TryNext(out LogEvent found))
        {
            Assert.True(found.Gap is null, $"{steps}: {found.Gap}");
            Assert.True(found.Record.Sequence > last, $"{steps}: {found.Record.Sequence} after {last}");
            last = found.Record.Sequence;
            if (found.Record.RecordKind == RecordKind.Fact) _ = facts.Add(Encoding.UTF8.GetString(found.Payload.Span));
            if (found.Record.RecordKind != RecordKind.Raw) continue;
            Assert.True(wanted[found.Record.Digest].Exists(facts.Contains), $"{steps}: block {last} before its fact");
        }

        return facts;
    }

    private sealed class StoreDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
