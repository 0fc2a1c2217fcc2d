using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Server.Access;

namespace ArrowCid.ProcessTests;

/// <summary>Puts with an expiry by a caller with the scope <c>put</c>, whose process is killed.</summary>
public sealed class ExpiringPutTests
{
    private const int Killed = 137;

    // The first block that is put is the schema, and the second the batch.
    [Theory]
    [InlineData("P3:2")]
    [InlineData("P4:1")]
    [InlineData("P4:2")]
    [InlineData("P5:2")]
    [InlineData("P6:2")]
    [InlineData("P7:1")]
    [InlineData("P7:2")]
    [InlineData("F4:1")]
    [InlineData("F6:1")]
    public async Task Put_that_is_killed_leaves_no_block_without_its_expiry(string step)
    {
        using var folder = new TemporaryFolder();
        CidStore.Open(folder.Store).Dispose();
        using Process worker = Worker.Start(step, "put-expiring", folder.Store);
        string said = await worker.StandardOutput.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode is Killed or 0, await worker.StandardError.ReadToEndAsync());
        using CidStore store = CidStore.Open(folder.Store);
        StoredBlock[] blocks = [.. store.List()];
        Assert.All(blocks, block => Assert.NotNull(store.Metadata.Get(block.Address.Cid)!.Expires));
        if (said.Length > 0) Assert.Equal(said.Trim(), $"{Assert.Single(blocks).Address.Cid}");
    }

    /// <summary>put-expiring DIRECTORY: puts a batch that expires after a day, and prints its CID.</summary>
    public static int Put(string[] arguments)
    {
        using CidStore store = CidStore.Open(arguments[0]);
        var rights = new CallerRights(store, AccessScope.Put, () => Console.Error.WriteLine("refused"));
        RecordBatch batch = RecordBatch.Of(("n", ArrowArray.From<long>(new long[50])));
        Console.WriteLine(rights.Put(batch, default, new PutOptions { ExpiresAfter = TimeSpan.FromDays(1) }).Cid);
        return 0;
    }
}
