using System.Diagnostics;
using System.Globalization;
using System.Text;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Transactions of processes that are killed, beside processes that read.</summary>
public sealed class TransactionProcessTests
{
    private static readonly string[] s_days = ["a\n1\n", "a\n2\n", "a\n3\n"];

    /// <summary>The command is killed at each of its steps. Before and after the next owner took its lane over, the
    /// batches, the dataset, the tag and the name are all there or none is.</summary>
    [Theory]
    [InlineData("P0:1", false)]
    [InlineData("P1:2", false)]
    [InlineData("F4:1", false)]
    [InlineData("F4:5", false)]
    [InlineData("P4:1", false)]
    [InlineData("P4:3", false)]
    [InlineData("P4:4", null)]
    [InlineData("P5:1", null)]
    [InlineData("P5:3", null)]
    [InlineData("F6:1", null)]
    [InlineData("P6:1", true)]
    [InlineData("P7:1", true)]
    public void Put_all_or_nothing_is_there_whole_or_not_at_all_wherever_it_is_killed(string step, bool? isThere)
    {
        foreach (bool isMemory in new[] { true, false })
        {
            using var folder = new TemporaryFolder(isMemory);
            string[] files = Files(folder);
            // The store is there, and what is adopted is nothing but the transaction.
            Command.Run(["put", files[0]], null, folder.Store).Succeeds();
            CommandResult killed = Command.Shell($"ARROWCID_CRASH_AT={step} \"$@\" put --all-or-nothing {files[0]} " +
                $"{files[1]} {files[2]} --dataset days --tag t=x", folder.Store);
            Assert.True(killed.ExitCode == 137, $"{killed.ExitCode}: {killed.Errors}");
            bool before;
            using (CidStore reader = CidStore.Open(folder.Store, new CidStoreOptions { ReadOnly = true }))
                before = IsThere(reader, $"{step}, before");
            if (isThere is { } known && step[0] == 'P' && known) Assert.True(before);
            bool after;
            using (CidStore owner = CidStore.Open(folder.Store))
            {
                owner.Flush();
                _ = owner.PutRaw(new byte[] { 1 });
                after = IsThere(owner, $"{step}, after");
                Assert.DoesNotContain(owner.Blocks.Examination.CheckLog(),
                    one => one.Severity == FindingSeverity.Error);
            }

            Assert.True(after || !before, "what was seen is gone");
            if (isThere is { } expected) Assert.Equal(expected, after);
            // Every header was written: the next owner completes it.
            else Assert.True(after, step);
            Command.Run(["put", "--all-or-nothing", .. files, "--dataset", "days", "--tag", "t=x"], null, folder.Store)
                .Succeeds();
            using CidStore last = CidStore.Open(folder.Store);
            Assert.True(IsThere(last, "again"));
        }
    }

    [Theory]
    [InlineData("D1:1")]
    [InlineData("D2:1")]
    public void Put_all_or_nothing_on_a_disk_flushes_everything_before_a_block_is_found(string step)
    {
        using var folder = new TemporaryFolder();
        string[] files = Files(folder);
        Command.Run(["put", files[0]], null, folder.Store).Succeeds();
        CommandResult killed = Command.Shell($"ARROWCID_CRASH_AT={step} \"$@\" put --all-or-nothing {files[0]} " +
            $"{files[1]} {files[2]} --dataset days --tag t=x", folder.Store);
        Assert.True(killed.ExitCode == 137, $"{killed.ExitCode}: {killed.Errors}");
        using CidStore reader = CidStore.Open(folder.Store, new CidStoreOptions { ReadOnly = true });
        Assert.False(IsThere(reader, step));
        using CidStore owner = CidStore.Open(folder.Store);
        _ = owner.PutRaw(new byte[] { 1 });
        Assert.True(IsThere(owner, step));
    }

    [Fact]
    public async Task Readers_of_other_processes_see_transactions_whole_while_their_writers_are_killed()
    {
        const int Rounds = 12;
        using var folder = new TemporaryFolder(isMemory: true);
        using CidStore store = CidStore.Open(folder.Store, Options);
        using Process reader = Worker.Start(null, "transaction-read", folder.Store, $"{Rounds}");
        string[] steps = ["P4:30", "P5:40", "P6:20", "P7:17", "P5:61", "P4:91"];
        for (int round = 0; round < Rounds; round++)
        {
            string step = steps[round % steps.Length];
            using Process writer = Worker.Start(step, "transaction-write", folder.Store, $"{round}");
            await writer.WaitForExitAsync();
            Assert.Equal(137, writer.ExitCode);
        }

        reader.StandardInput.Close();
        string text = (await reader.StandardOutput.ReadToEndAsync()).Trim();
        await reader.WaitForExitAsync();
        Assert.True(reader.ExitCode == 0, await reader.StandardError.ReadToEndAsync());
        Assert.DoesNotContain("part", text, StringComparison.Ordinal);
        Assert.True(int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture) > 0, text);
    }

    internal static CidStoreOptions Options => new() { Capacity = 256 << 20, Timeout = TimeSpan.FromSeconds(30) };

    private static string[] Files(TemporaryFolder folder) => [.. s_days.Select((text, number) =>
        folder.Write($"{number}.csv", Encoding.UTF8.GetBytes(text)))];

    /// <summary>Whether everything is there; a part fails the test.</summary>
    private static bool IsThere(CidStore store, string when)
    {
        Cid? named = store.Names.Resolve("days");
        int batches = store.List().Count();
        int tagged = store.Query(includeMissing: true).Count(entry => entry.Tags.ContainsKey("t"));
        // The first batch was there before; the dataset has the tag as well.
        Assert.True((named is null, batches, tagged) is (true, 1, 0) or (false, 3, 4),
            $"{when}: named {named}, {batches} batches, {tagged} with the tag");
        if (named is { } cid) Assert.Equal(3, store.Datasets.TryGet(cid)!.Count);
        return named is not null;
    }
}
