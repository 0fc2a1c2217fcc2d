using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.ProcessTests;

/// <summary>Several processes that use one store as a cache, and what is left where one of them is killed.</summary>
public sealed class CacheProcessTests : IDisposable
{
    private const int Blocks = 300, BlockBytes = 10_000;

    private readonly TemporaryFolder _folder = new(isMemory: true);

    public void Dispose() => _folder.Dispose();

    private string Log => _folder.PathOf("fetches");

    private string[] Fetches => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    [Fact]
    public async Task Two_processes_that_lack_one_block_fetch_it_once()
    {
        Cid cid = PutElsewhere()[0];
        using Process first = Start("cache-read", _folder.Store, Log, cid.ToString(), "waits", "60000");
        Assert.Equal("fetching", await first.StandardOutput.ReadLineAsync());
        // The first one has the block's lock, however long the second one asks.
        Assert.Equal("waited", await Output(Start("cache-read", _folder.Store, Log, cid.ToString(), "-", "300")));
        Assert.Single(Fetches);
        using Process third = Start("cache-read", _folder.Store, Log, cid.ToString(), "-", "60000");
        await first.StandardInput.WriteLineAsync();
        Assert.Equal($"read {BlockBytes}", await Output(first));
        Assert.Equal($"read {BlockBytes}", await Output(third));
        Assert.Single(Fetches);
    }

    [Fact]
    public async Task Block_is_fetched_by_another_process_when_its_fetcher_is_killed()
    {
        Cid cid = PutElsewhere()[0];
        using Process first = Start("cache-read", _folder.Store, Log, cid.ToString(), "waits", "60000");
        Assert.Equal("fetching", await first.StandardOutput.ReadLineAsync());
        using Process second = Start("cache-read", _folder.Store, Log, cid.ToString(), "-", "60000");
        first.Kill();
        await first.WaitForExitAsync();
        Assert.Equal($"read {BlockBytes}", await Output(second));
        Assert.Equal(2, Fetches.Length);
        using CidStore store = CacheWorker.Open(_folder.Store, Log, waits: false);
        Assert.True(store.Contains(cid));
    }

    /// <summary>An eviction is killed at each of its steps: after the copies, before and after the drops, and while
    /// their space is freed. Every block is here or elsewhere, and the next eviction ends the work.</summary>
    [Theory]
    [InlineData("V1:1")]
    [InlineData("W1:1")]
    [InlineData("W2:1")]
    [InlineData("W3:1")]
    [InlineData("V2:1")]
    [InlineData("E2:1")]
    [InlineData("E3:1")]
    public async Task Evictor_that_is_killed_loses_no_block(string step)
    {
        Cid[] cids;
        using (CidStore store = OpenWithPlace()) cids = Put(store);
        using (Process killed = Worker.Start(step, "cache-evict", _folder.Store, Log, $"{10 * BlockBytes}"))
        {
            await killed.WaitForExitAsync();
            Assert.True(killed.ExitCode is 137, await killed.StandardError.ReadToEndAsync());
        }

        using (CidStore store = OpenWithPlace())
        {
            using BlockBackend cache = store.Places.Cache.AsBackend(keeps: false);
            foreach ((Cid cid, int number) in cids.Select((cid, i) => (cid, i)))
            {
                using BlockLease? block = cache.TryGet(cid);
                Assert.Equal(Bytes(number), block!.Bytes.ToArray());
                Assert.True(store.Contains(cid) || store.Places.Prove(cid, "cold"));
            }
        }

        _ = await Output(Start("cache-evict", _folder.Store, Log, $"{10 * BlockBytes}"));
        using CidStore after = OpenWithPlace();
        Assert.InRange(cids.Count(after.Contains), 8, 10);
        Assert.All(cids.Where(cid => !after.Contains(cid)), cid => Assert.True(after.Places.Prove(cid, "cold")));
        Assert.DoesNotContain(after.Blocks.Examination.CheckLog(), one => one.Severity == FindingSeverity.Error);
    }

    /// <summary>A fetch is killed with the block's lock, before it asks and after it has stored the block.</summary>
    [Theory]
    [InlineData("V3:1")]
    [InlineData("V4:1")]
    [InlineData("P4:1")]
    [InlineData("P6:1")]
    public async Task Fetch_that_is_killed_leaves_a_block_that_the_next_one_reads(string step)
    {
        Cid cid = PutElsewhere()[0];
        using (Process killed = Worker.Start(step, "cache-read", _folder.Store, Log, cid.ToString(), "-", "60000"))
        {
            await killed.WaitForExitAsync();
            Assert.True(killed.ExitCode is 137, await killed.StandardError.ReadToEndAsync());
        }

        Assert.Equal($"read {BlockBytes}", await Output(Start("cache-read", _folder.Store, Log, cid.ToString(), "-", "60000")));
        using CidStore store = OpenWithPlace();
        Assert.True(store.Contains(cid));
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(), one => one.Severity == FindingSeverity.Error);
    }

    private Cid[] PutElsewhere()
    {
        using CidStore store = OpenWithPlace();
        Cid[] cids = Put(store);
        _ = store.Places.Copy(cids, "cold");
        Assert.Equal(cids.Length, store.Places.Drop(cids).Removed.Count);
        File.Delete(Log);
        return cids;
    }

    private CidStore OpenWithPlace()
    {
        CidStore store = CacheWorker.Open(_folder.Store, Log, waits: false);
        if (store.Places.Find("cold") is null)
            store.Places.Add(new BlockPlace { Name = "cold", Location = _folder.PathOf("cold") + "/" });
        return store;
    }

    private static Cid[] Put(CidStore store) =>
        [.. Enumerable.Range(0, Blocks).Select(number => store.PutRaw(Bytes(number)).Cid)];

    private static byte[] Bytes(int number)
    {
        byte[] bytes = new byte[BlockBytes];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static Process Start(params string[] arguments) => Worker.Start(null, arguments);

    private static async Task<string> Output(Process process)
    {
        string text = await process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, errors);
        return text.Trim();
    }
}
