using System.Diagnostics;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Interop;
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

    [ProgramFact(Programs.Postgres)]
    public void Database_that_is_lost_is_rebuilt_from_a_store_and_the_last_snapshot()
    {
        using var folder = new TemporaryFolder();
        var pool = new PoolOfTest(folder.PathOf("objects"));
        pool.Run(null, "create").Succeeds();
        string a = folder.PathOf("a");
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1", "--tag", "day=2026-11-20"], null, a).Succeeds();
        pool.Run(a, "push", "@v1", "--name", "quotes/latest").Succeeds();
        JsonElement snapshot = pool.Run(a, "snapshot", "--json").Succeeds().Json[0];
        Assert.Equal((1, true), (snapshot.GetProperty("files").GetInt32(), snapshot.GetProperty("rows").GetInt32() >= 3));
        Assert.Matches("^baf[a-z0-9]+  [0-9]+ rows  [0-9]+ new  [0-9]+ bytes$", pool.Run(a, "snapshot").Succeeds().Text.Trim());
        // Another database, and the same objects.
        PoolOfTest other = new(folder.PathOf("objects"));
        other.Run(null, "create").Exits(5);
        Assert.StartsWith("restored ", other.Run(null, "rebuild", "--from", a).Succeeds().Lines[0], StringComparison.Ordinal);
        Assert.Equal("quotes/latest", Assert.Single(other.Run(null, "ls", "tag.day = \"2026-11-20\"", "--json").Succeeds().Json)
            .GetProperty("names")[0].GetString());
        Assert.EndsWith(" 0 findings", other.Run(null, "verify").Succeeds().Lines[^1], StringComparison.Ordinal);
        other.Run(folder.PathOf("b"), "get", "@quotes/latest").Succeeds();
    }

    [MountFact(Programs.Postgres)]
    public void Full_disk_of_the_objects_fails_a_push_and_the_next_one_completes_it()
    {
        using var folder = new TemporaryFolder();
        string disk = Directory.CreateDirectory(folder.PathOf("disk")).FullName, a = folder.PathOf("a");
        var pool = new PoolOfTest($"{disk}/objects");
        Command.Run(["put", "vectors/v1.arrows", "--name", "v1"], null, a).Succeeds();
        string options = string.Join(' ', pool.Options);
        CommandResult result = Command.Shell($"unshare -m sh -c 'mount -t tmpfs -o size=8k tmpfs {disk} && " +
            $"{{ \"$@\" pool create {options} >/dev/null; \"$@\" pool push @v1 --name n {options} >/dev/null; echo code $?; " +
            $"mount -o remount,size=1m {disk}; \"$@\" pool push @v1 --name n {options} >/dev/null; echo code $?; " +
            $"\"$@\" pool gc --older-than 0s --keep-dead 0s {options}; \"$@\" pool verify {options}; }}' sh \"$@\"", a).Exits(0);
        Assert.Equal("code 6", result.Lines[0]);
        Assert.Equal("code 0", result.Lines[1]);
        Assert.EndsWith(" 0 findings", result.Lines[^1], StringComparison.Ordinal);
        Assert.Contains("No space left on device", result.Errors, StringComparison.Ordinal);
    }

    [ProgramFact(Programs.Postgres)]
    public void Processes_that_are_killed_lose_nothing_acknowledged()
    {
        int rounds = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 100 : 3, seed = Random.Shared.Next(), killed = 0;
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        var pool = new PoolOfTest(folder.PathOf("objects"));
        pool.Run(null, "create").Succeeds();
        string a = folder.PathOf("a");
        var acknowledged = new Dictionary<string, string>();
        for (int i = 0; i < rounds; i++)
        {
            File.WriteAllText(folder.PathOf("row.csv"), $"n\n{i}\n");
            string cid = Command.Run(["put", folder.PathOf("row.csv")], null, a).Succeeds().Text.Trim().Split(' ')[0], name = $"n{i % 7}";
            using Process push = Command.Begin(["pool", "push", cid, "--name", name, .. pool.Options], a),
                collection = Command.Begin(["pool", "gc", "--older-than", "0s", "--keep-dead", "0s", .. pool.Options]);
            foreach (Process process in new[] { push, collection })
            {
                if (process.WaitForExit(random.Next(300, 1500))) continue;
                process.Kill();
                process.WaitForExit();
                killed++;
            }

            if (push.ExitCode == 0) acknowledged[name] = cid;
            else _ = acknowledged.Remove(name);
        }

        pool.Run(null, "gc", "--older-than", "0s", "--keep-dead", "0s").Succeeds();
        Assert.True(pool.Run(null, "verify").Succeeds().Text.EndsWith(" 0 findings\n", StringComparison.Ordinal), $"seed {seed}, {killed} killed");
        foreach ((string name, string cid) in acknowledged)
            Assert.Equal(cid, pool.Run(folder.PathOf("b"), "get", $"@{name}").Succeeds().Text.Trim());
    }

    [CLibraryFact(Programs.Postgres, Programs.PyArrow)]
    public void Python_joins_a_pool_with_two_stores()
    {
        using var folder = new TemporaryFolder();
        var pool = new PoolOfTest(folder.PathOf("objects"));
        pool.Run(null, "create").Succeeds();
        CommandResult result = CLibrary.Run("/bin/sh", ["-c", $"ARROWCID_REGISTRY='{pool.Options[1]}' ARROWCID_BLOCKS='{pool.Options[3]}' " +
            $"ARROWCID_COMMAND='dotnet {Command.Dll}' exec sh '{CLibrary.PathOf("peers/python")}' '{CLibrary.PathOf("python/check_pool.py")}' '{folder.PathOf("stores")}'"]);
        Assert.Equal("ok", result.Exits(0).Lines[^1]);
    }

    private sealed class PoolOfTest(string blocks)
    {
        public string[] Options { get; } =
            ["--registry", PostgresServer.Shared.UrlOf($"t{Guid.NewGuid():n}"), "--blocks", blocks];

        public CommandResult Run(string? store, string verb, params string[] arguments) =>
            Command.Run(["pool", verb, .. arguments, .. Options], null, store);
    }
}
