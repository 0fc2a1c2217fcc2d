using System.Diagnostics;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Tests.Pools;

namespace ArrowCid.ProcessTests.Pools;

/// <summary>The verbs of pools, with stores of two machines.</summary>
public class PoolVerbsTests
{
    [ProgramFact(Programs.Postgres)]
    public void What_one_store_pushes_another_lists_reads_and_keeps()
    {
        using var folder = new TemporaryFolder();
        var pool = new PoolOfTest(folder.PathOf("objects"));
        Guid id = Guid.Parse(pool.Run(null, "create").Succeeds().Text.Trim());
        Assert.Equal(id, Guid.Parse(pool.Run(null, "create").Succeeds().Text.Trim()));
        string a = folder.PathOf("a"), b = folder.PathOf("b");
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1", "--tag", "day=2026-11-20"], null, a).Succeeds();
        JsonElement push = pool.Run(a, "push", "@v1", "--name", "quotes/latest", "--json").Succeeds().Json[0];
        Assert.Equal((2, 2), (push.GetProperty("blocks").GetInt32(), push.GetProperty("newBlocks").GetInt32()));
        pool.Run(a, "push", "@v1", "--name", "quotes/latest", "--expected", "none").Exits(5);
        string cid = pool.Run(b, "get", "@quotes/latest", "--after", push.GetProperty("token").GetString()!).Succeeds().Text.Trim();
        Assert.Equal(Command.Run(["cat", "@v1", "--format", "csv"], null, a).Succeeds().Text,
            Command.Run(["cat", "@quotes/latest", "--format", "csv"], null, b).Succeeds().Text);
        Assert.Equal("2026-11-20", Command.Run(["info", cid, "--json"], null, b).Succeeds().Json[0].GetProperty("tags").GetProperty("day").GetString());
        Assert.StartsWith($"{cid}  ", pool.Run(null, "ls", "tag.day = \"2026-11-20\"").Succeeds().Text, StringComparison.Ordinal);
        Assert.Empty(pool.Run(null, "ls", "tag.day = \"2026-11-21\"").Succeeds().Text);
        JsonElement why = Assert.Single(pool.Run(null, "why", "@quotes/latest", "--json").Succeeds().Json, each => each.GetProperty("kind").GetString() == "name");
        Assert.Equal(("quotes/latest", cid), (why.GetProperty("detail").GetString(), why.GetProperty("block").GetString()));
        Assert.Equal("dead 0  0 bytes  deleted 0  0 bytes", pool.Run(null, "gc", "--older-than", "0s", "--keep-dead", "0s").Succeeds().Lines[^1]);
        JsonElement status = pool.Run(null, "status", "--json").Succeeds().Json[0];
        Assert.Equal((2, 1, id), (status.GetProperty("blocks").GetInt32(), status.GetProperty("names").GetInt32(), status.GetProperty("id").GetGuid()));
        Assert.Contains("objects live", pool.Run(null, "status").Succeeds().Text, StringComparison.Ordinal);
        Assert.EndsWith(" words", pool.Run(null, "rebuild").Succeeds().Lines[^1], StringComparison.Ordinal);
        Assert.Equal("2 blocks  2 hashed  0 findings", pool.Run(null, "verify").Succeeds().Text.Trim());
        // An object is lost.
        File.Delete(Directory.EnumerateFiles(folder.PathOf("objects"), "*.*", SearchOption.AllDirectories).First(path => !path.EndsWith("pool.json", StringComparison.Ordinal)));
        Assert.Contains("missing  ", pool.Run(null, "verify").Exits(4).Text, StringComparison.Ordinal);
        pool.Run(null, "get", "@absent").Exits(3);
        Command.Run("pool", "status").Exits(2);
    }

    [ProgramFact(Programs.Postgres)]
    public void Store_that_is_served_as_a_member_reads_blocks_of_the_pool()
    {
        using var folder = new TemporaryFolder();
        var pool = new PoolOfTest(folder.PathOf("objects"));
        pool.Run(null, "create").Succeeds();
        string a = folder.PathOf("a"), b = folder.PathOf("b");
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1"], null, a).Succeeds();
        pool.Run(a, "push", "@v1", "--name", "quotes/latest").Succeeds();
        var start = new ProcessStartInfo("dotnet",
            [Command.Dll, "serve", "--store", b, "--flight", "none", "--http", "127.0.0.1:0", .. pool.Options])
        {
            RedirectStandardOutput = true,
        };
        using Process server = Process.Start(start)!;
        try
        {
            string? line;
            do line = server.StandardOutput.ReadLine();
            while (line is not null && !line.StartsWith("pool ", StringComparison.Ordinal));
            Assert.Contains("member", line, StringComparison.Ordinal);
            // The name came with the log; the block comes from the pool, which is a place of the store now.
            Assert.Equal(Command.Run(["cat", "@v1", "--format", "csv"], null, a).Succeeds().Text,
                Command.Run(["cat", "@quotes/latest", "--format", "csv"], null, b).Succeeds().Text);
            Assert.Contains("pool", Command.Run(["place", "ls"], null, b).Succeeds().Text, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    private sealed class PoolOfTest(string blocks)
    {
        public string[] Options { get; } =
            ["--registry", PostgresServer.Shared.UrlOf($"t{Guid.NewGuid():n}"), "--blocks", blocks];

        public CommandResult Run(string? store, string verb, params string[] arguments) =>
            Command.Run(["pool", verb, .. arguments, .. Options], null, store);
    }
}
