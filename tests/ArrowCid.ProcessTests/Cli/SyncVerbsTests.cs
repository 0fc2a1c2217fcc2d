using System.Diagnostics;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>sync</c>, <c>mirror</c> and <c>serve --follow</c>.</summary>
public sealed class SyncVerbsTests
{
    private const string V1 = "vectors/v1.arrows", V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Other = "vectors/more/nan.arrows";

    [Fact]
    public void Two_stores_come_into_step()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other");
        Put(one, V1, "--name", "mine", "--tag", "a=b");
        Put(other, Other, "--name", "theirs");
        string tried = Command.Run("sync", one, other, "--dry-run").Exits(0).Text;
        Assert.Contains("names       1 in, 1 out", tried, StringComparison.Ordinal);
        Assert.Contains($"out         {V1Cid}  520", tried, StringComparison.Ordinal);
        string done = Command.Run("sync", one, other).Exits(0).Text;
        Assert.StartsWith($"in step     {other}", done, StringComparison.Ordinal);
        Assert.Contains("names       1 in, 1 out", done, StringComparison.Ordinal);
        JsonElement again = Assert.Single(Command.Run("sync", one, other, "--json").Exits(0).Json);
        Assert.Equal(("cursor", true, 0), (again.GetProperty("way").GetString(), again.GetProperty("isInStep").GetBoolean(),
            again.GetProperty("blocksPulled").GetInt32()));
        Assert.Contains("a = b", Command.Run("info", "@mine", "--store", other).Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_in_conflict_is_listed_and_stays()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other");
        Put(one, V1, "--name", "latest");
        Put(other, Other, "--name", "latest");
        string before = Command.Run("name", "--store", other).Exits(0).Text;
        string listed = Command.Run("sync", one, other).Exits(5).Text;
        Assert.Contains("1 in conflict (latest)", listed, StringComparison.Ordinal);
        Assert.Contains($"conflict    latest  here {V1Cid}", listed, StringComparison.Ordinal);
        Assert.Equal(before, Command.Run("name", "--store", other).Exits(0).Text);
        Command.Run("sync", one, other, "--merge-names").Exits(0);
        Assert.Equal(Command.Run("name", "--store", one).Exits(0).Text,
            Command.Run("name", "--store", other).Exits(0).Text);
    }

    [Fact]
    public void Backup_is_a_side_and_two_others_are_none()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other"), stick = folder.PathOf("stick.car");
        Put(one, V1, "--name", "mine");
        Put(other, Other);
        Command.Run("backup", stick, "--store", one).Exits(0);
        Assert.Contains("names       1 in, 0 out", Command.Run("sync", other, stick).Exits(0).Text, StringComparison.Ordinal);
        Command.Run("get", "@mine", "--store", other, "-o", folder.PathOf("out.arrows")).Exits(0);
        Assert.Contains("another store", Command.Run("sync", other, stick, "--push").Exits(2).Errors, StringComparison.Ordinal);
        Command.Run("sync", stick, "http://127.0.0.1:1").Exits(2);
        Command.Run("sync", one, other, "--pull", "--push").Exits(2);
        Command.Run("sync", one, "http://127.0.0.1:1").Exits(7);
    }

    [Fact]
    public void Files_get_what_they_lack_and_a_plain_car_gives_its_blocks()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other"), stick = folder.PathOf("stick.car");
        Put(one, V1, "--name", "mine");
        string tried = Command.Run("sync", one, stick, "--push", "--dry-run").Exits(0).Text;
        Assert.Contains($"out         {V1Cid}  520", tried, StringComparison.Ordinal);
        Assert.False(File.Exists(stick));
        Assert.Contains("0 in, 2 out", Command.Run("sync", one, stick, "--push").Exits(0).Text, StringComparison.Ordinal);
        Put(one, Other);
        Command.Run("sync", stick, one, "--pull").Exits(0);
        Put(other, Other);
        Assert.Contains("names       1 in", Command.Run("sync", other, stick).Exits(0).Text, StringComparison.Ordinal);
        Directory.CreateDirectory(folder.PathOf("increments"));
        Command.Run("backup", folder.PathOf("increments/"), "--store", one).Exits(0);
        Put(one, "vectors/more/child-names.arrows");
        Command.Run("sync", one, folder.PathOf("increments"), "--push").Exits(0);
        Assert.Equal(2, Directory.GetFiles(folder.PathOf("increments")).Length);
        Command.Run("export", "car", V1Cid, "-o", folder.PathOf("plain.car"), "--store", one).Exits(0);
        using (CidStore.Open(folder.PathOf("third"), new CidStoreOptions { Capacity = 64 << 20 }))
        {
        }

        Command.Run("sync", folder.PathOf("third"), folder.PathOf("plain.car"), "--dry-run").Exits(2);
        Command.Run("sync", folder.PathOf("third"), folder.PathOf("plain.car")).Exits(0);
        Command.Run("get", V1Cid, "--store", folder.PathOf("third"), "-o", folder.PathOf("out.arrows")).Exits(0);
        Command.Run("sync", one, folder.PathOf("plain.car"), "--push").Exits(2);
        Command.Run("sync", one, stick, "--push", "--max-bytes", "1").Exits(2);
    }

    [Fact]
    public void Listed_blocks_come_at_a_rate_with_their_names_under_a_prefix()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other"), list = folder.PathOf("list");
        Put(one, V1, "--name", "latest");
        Put(other, Other, "--name", "latest");
        File.WriteAllText(list, $"# what is wanted\n{V1Cid}\n");
        string done = Command.Run("sync", other, one, "--pull", "--cids", list, "--as", "one", "--rate", "1G").Exits(0).Text;
        Assert.Contains("names       1 in, 0 out", done, StringComparison.Ordinal);
        Assert.Contains("one/latest", Command.Run("name", "--store", other).Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(2, Command.Run("ls", "--store", other).Exits(0).Lines.Length);
        Command.Run("sync", other, one, "--rate", "1000").Exits(2);
        Command.Run("sync", other, one, "--as", "x/").Exits(2);
    }

    [Theory]
    [InlineData("Z1:1")]
    [InlineData("Z2:1")]
    [InlineData("Z3:1")]
    [InlineData("Z4:1")]
    public void Sync_that_is_killed_is_run_again(string step)
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), other = folder.PathOf("other");
        Put(one, V1, "--name", "mine", "--tag", "a=b");
        Put(other, Other, "--name", "theirs");
        CommandResult killed = Command.Shell($"ARROWCID_CRASH_AT={step} \"$@\" sync {one} {other}");
        Assert.Equal(137, killed.ExitCode);
        Assert.StartsWith("0 errors", Command.Run("log", "check", "--store", one).Exits(0).Errors, StringComparison.Ordinal);
        foreach (string store in new[] { one, other })
        {
            foreach (JsonElement name in Command.Run("name", "--store", store, "--json").Exits(0).Json)
                Command.Run("get", name.GetProperty("cid").GetString()!, "--store", store, "-o", folder.PathOf("out")).Exits(0);
        }

        Command.Run("sync", one, other).Exits(0);
        JsonElement last = Assert.Single(Command.Run("sync", one, other, "--full", "--json").Exits(0).Json);
        Assert.Equal("sum", last.GetProperty("way").GetString());
        Assert.Equal(Command.Run("name", "--store", one).Exits(0).Text,
            Command.Run("name", "--store", other).Exits(0).Text);
    }

    [Fact]
    public void Mirror_follows_with_removals()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), copy = folder.PathOf("copy");
        Put(one, V1);
        Put(one, Other);
        Command.Run("mirror", one, copy, "--once", "--capacity", "64M").Exits(0);
        Command.Run("rm", V1Cid, "--store", one).Exits(0);
        Assert.Contains($"deleted     {V1Cid}", Command.Run("mirror", one, copy, "--once", "--delete").Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(Command.Run("ls", "--store", one).Exits(0).Lines.Length, Command.Run("ls", "--store", copy).Exits(0).Lines.Length);
    }

    [Fact]
    public void Server_follows_another_store()
    {
        using var folder = new TemporaryFolder();
        string one = folder.PathOf("one"), copy = folder.PathOf("copy");
        Put(one, Other);
        using (CidStore.Open(copy, new CidStoreOptions { Capacity = 64 << 20 }))
        {
        }

        Process server = Command.Begin(["serve", "--store", copy, "--flight", "none", "--http", "127.0.0.1:0", "--follow", one,
            "--follow-every", "20ms"]);
        try
        {
            Put(one, V1);
            using var store = CidStore.Open(copy);
            IEnumerable<StoreEvent> puts = store.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.FromSeconds(60) });
            Assert.Contains(puts, put => put.Cid.ToString() == V1Cid);
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }
    }

    private static void Put(string store, params string[] arguments) =>
        Command.Run(["put", .. arguments], null, store).Succeeds();
}
