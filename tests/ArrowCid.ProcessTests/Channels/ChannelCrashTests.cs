using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests;

/// <summary>Channels when processes that publish, consume and exchange are killed.</summary>
public sealed class ChannelCrashTests(ITestOutputHelper log)
{
    private const int Killed = 137;

    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    /// <summary>The steps of a put with its facts, and those around it.</summary>
    public static TheoryData<string> Publishing => Steps(["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "F4", "F6", "L1", "L2"],
        "L2:3", "P5:4");

    /// <summary>The steps of what is received, and of a put.</summary>
    public static TheoryData<string> Receiving => Steps(["P0", "P3", "P4", "P5", "P6", "P7", "F4", "F6", "L3"], "L3:5");

    /// <summary>The steps of the position of a consumer.</summary>
    public static TheoryData<string> Acknowledging => Steps(["P3", "P5", "P6", "F4", "F6", "L4", "L5"], "L4:2");

    [Theory]
    [MemberData(nameof(Publishing))]
    public async Task Message_that_was_published_stays_wherever_its_process_is_killed(string crashAt)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        Create(folder.Store);
        (_, string[] first) = await Run(crashAt, "channel-publish", folder.Store, "8");
        Check(folder.Store, first, most: first.Length + 1);
        (int exit, string[] second) = await Run(null, "channel-publish", folder.Store, "3");
        Assert.Equal(0, exit);
        Check(folder.Store, [.. first, .. second], most: first.Length + 4);
    }

    [Theory]
    [MemberData(nameof(Receiving))]
    public async Task Exchange_that_was_killed_goes_on_where_it_was(string crashAt)
    {
        using TemporaryFolder folder = new(isMemory: true), other = new(isMemory: true);
        Create(folder.Store);
        using (CidStore store = ChannelWorker.Open(folder.Store), second = ChannelWorker.Open(other.Store))
        {
            using var channel = MessageChannel.Open(store, ChannelWorker.Name);
            using MessageChannel theirs = MessageChannel.Join(second, store.Reading.ReadBlock(channel.Cid)!);
            for (int i = 0; i < 10; i++) _ = (i % 3 == 0 ? theirs : channel).PublishBytes(new byte[] { (byte)i });
        }

        _ = await Run(crashAt, "channel-exchange", folder.Store, other.Store);
        Check(folder.Store, [], most: 10);
        Check(other.Store, [], most: 10);
        (int exit, _) = await Run(null, "channel-exchange", folder.Store, other.Store);
        Assert.Equal(0, exit);
        string[] log = Check(folder.Store, [], most: 10);
        Assert.Equal(10, log.Length);
        Assert.Equal(log, Check(other.Store, [], most: 10));
    }

    [Theory]
    [MemberData(nameof(Acknowledging))]
    public async Task Message_comes_again_until_it_is_acknowledged_wherever_its_consumer_is_killed(string crashAt)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        Create(folder.Store);
        (_, string[] sent) = await Run(null, "channel-publish", folder.Store, "6");
        (_, string[] first) = await Run(crashAt, "channel-consume", folder.Store);
        (int exit, string[] second) = await Run(null, "channel-consume", folder.Store);
        Assert.Equal(0, exit);
        HashSet<string> acked = [.. first.Where(line => line.StartsWith("acked ", StringComparison.Ordinal)).Select(line => line[6..])];
        Assert.DoesNotContain(second, line => line.StartsWith("got ", StringComparison.Ordinal) && acked.Contains(line[4..]));
        HashSet<string> got = [.. first.Concat(second).Where(line => line.StartsWith("got ", StringComparison.Ordinal)).Select(line => line[4..])];
        Assert.Equal(sent.ToHashSet(), got);
        (_, string[] third) = await Run(null, "channel-consume", folder.Store);
        Assert.Empty(third);
    }

    [Fact]
    public async Task Writers_readers_and_exchanges_that_are_killed_at_random_lose_and_double_nothing()
    {
        int rounds = IsLong ? 150 : 1, seed = Environment.TickCount;
        log.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using TemporaryFolder folder = new(isMemory: true), other = new(isMemory: true);
        Create(folder.Store);
        using (CidStore store = ChannelWorker.Open(folder.Store), second = ChannelWorker.Open(other.Store))
        {
            using var channel = MessageChannel.Open(store, ChannelWorker.Name);
            MessageChannel.Join(second, store.Reading.ReadBlock(channel.Cid)!).Dispose();
        }

        HashSet<string> acked = [], sent = [], got = [];
        for (int round = 0; round < rounds; round++)
        {
            (string Directory, Process Process)[] workers =
            [
                (folder.Store, Worker.Start(null, "channel-publish", folder.Store, "40")),
                (other.Store, Worker.Start(null, "channel-publish", other.Store, "40")),
                (folder.Store, Worker.Start(null, "channel-exchange", folder.Store, other.Store)),
                (folder.Store, Worker.Start(null, "channel-consume", folder.Store)),
            ];
            Task<string>[] outputs = [.. workers.Select(worker => worker.Process.StandardOutput.ReadToEndAsync())];
            // Each dies after a number of milliseconds that only says where it is likely to be; what is asserted holds anywhere.
            foreach ((_, Process process) in workers)
            {
                if (random.Next(4) != 0) _ = process.WaitForExit(random.Next(600));
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }

            string[][] lines = [.. (await Task.WhenAll(outputs)).Select(text => text.Split('\n')[..^1])];
            sent.UnionWith(lines[0]);
            sent.UnionWith(lines[1]);
            foreach (string line in lines[3])
            {
                if (line.StartsWith("got ", StringComparison.Ordinal)) Assert.DoesNotContain(line[4..], acked);
                if (line.StartsWith("acked ", StringComparison.Ordinal)) acked.Add(line[6..]);
                if (line.StartsWith("got ", StringComparison.Ordinal)) got.Add(line[4..]);
            }

            Check(folder.Store, lines[0], most: int.MaxValue);
            Check(other.Store, lines[1], most: int.MaxValue);
        }

        (int exit, _) = await Run(null, "channel-exchange", folder.Store, other.Store);
        Assert.Equal(0, exit);
        string[] all = Check(folder.Store, [.. sent], most: int.MaxValue);
        Assert.Equal(all, Check(other.Store, [.. sent], most: int.MaxValue));
        (_, string[] rest) = await Run(null, "channel-consume", folder.Store);
        got.UnionWith(rest.Where(line => line.StartsWith("got ", StringComparison.Ordinal)).Select(line => line[4..]));
        Assert.DoesNotContain(rest, line => line.StartsWith("got ", StringComparison.Ordinal) && acked.Contains(line[4..]));
        Assert.Equal(all.ToHashSet(), got);
        log.WriteLine($"{rounds} rounds, {all.Length} messages");
    }

    private static TheoryData<string> Steps(string[] all, params string[] usual) =>
        IsLong ? new TheoryData<string>(all.SelectMany(step => (string[])[$"{step}:1", $"{step}:2", $"{step}:3", $"{step}:5"]).Concat(usual).Distinct())
            : new TheoryData<string>(usual);

    private static void Create(string directory)
    {
        using CidStore store = ChannelWorker.Open(directory);
        MessageChannel.Create(store, ChannelWorker.Name, new ChannelOptions { IsOpen = true }).Dispose();
    }

    /// <summary>The log is whole: nothing is missing or doubled, each message follows its parents, and those that were published are
    /// there.</summary>
    private static string[] Check(string directory, string[] published, int most)
    {
        using CidStore store = ChannelWorker.Open(directory);
        using var channel = MessageChannel.Open(store, ChannelWorker.Name);
        Assert.Empty(channel.Gaps);
        Assert.Equal(0, channel.Waiting);
        var seen = new HashSet<Cid>();
        var log = new List<string>();
        foreach (ChannelMessage message in channel.Log())
        {
            Assert.All(message.Parents, parent => Assert.Contains(parent, seen));
            Assert.True(seen.Add(message.Cid), $"{message.Cid} came twice");
            log.Add($"{message.Cid}");
        }

        Assert.Equal(channel.Count, log.Count);
        Assert.InRange(log.Count, published.Length, most);
        Assert.Superset(published.ToHashSet(), log.ToHashSet());
        Assert.Empty(store.Diagnostics.CheckFacts());
        return [.. log];
    }

    private static async Task<(int Exit, string[] Lines)> Run(string? crashAt, params string[] arguments)
    {
        using Process process = Worker.Start(crashAt, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode is 0 or Killed, await errors);
        return (process.ExitCode, (await output).Split('\n')[..^1]);
    }
}
